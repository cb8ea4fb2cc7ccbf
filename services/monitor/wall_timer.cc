#include "services/monitor/wall_timer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "lib/base/status.h"

namespace oca::monitor {

absl::StatusOr<std::unique_ptr<WallTimer>> WallTimer::Create() {
  const int timer_fd = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer_fd < 0) return PosixError(errno, "timerfd_create");
  const int stop_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_fd < 0) {
    const absl::Status status = PosixError(errno, "eventfd");
    ::close(timer_fd);
    return status;
  }
  return std::unique_ptr<WallTimer>(new WallTimer(timer_fd, stop_fd));
}

WallTimer::~WallTimer() {
  ::close(timer_fd_);
  ::close(stop_fd_);
}

Woke WallTimer::WaitUntil(absl::Time time) {
  itimerspec when{};
  when.it_value = absl::ToTimespec(time);
  if (::timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr) !=
      0) {
    return Woke::kClockSet;  // before it was armed: ECANCELED
  }
  for (;;) {
    pollfd fds[] = {{timer_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) continue;  // EINTR
    if (fds[1].revents != 0) return Woke::kStopped;
    uint64_t times = 0;
    if (::read(timer_fd_, &times, sizeof times) == sizeof times) return Woke::kDue;
    if (errno == ECANCELED) return Woke::kClockSet;
  }
}

void WallTimer::Stop() {
  const uint64_t one = 1;
  // Fails only when it was stopped very often.
  [[maybe_unused]] const ssize_t written = ::write(stop_fd_, &one, sizeof one);
}

}  // namespace oca::monitor
