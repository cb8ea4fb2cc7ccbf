#include "lib/daemon/stop_signal.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "lib/base/bell.h"
#include "lib/base/status.h"

namespace oca::daemon {
namespace {

constexpr absl::Duration kLongest = absl::Hours(24);  // that poll() can count in milliseconds

}  // namespace

absl::StatusOr<std::unique_ptr<StopSignal>> StopSignal::Create() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    return PosixError(error, "blocking SIGTERM and SIGINT");
  }
  int signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
  if (signal_fd < 0) return PosixError(errno, "signalfd");
  int event_fd = eventfd(0, EFD_CLOEXEC);
  if (event_fd < 0) {
    int error = errno;
    close(signal_fd);
    return PosixError(error, "eventfd");
  }
  return std::unique_ptr<StopSignal>(new StopSignal(signal_fd, event_fd));
}

StopSignal::~StopSignal() {
  close(signal_fd_);
  close(event_fd_);
}

int StopSignal::Wait() {
  for (;;) {
    if (std::optional<int> signal = WaitFor(kLongest)) return *signal;
  }
}

std::optional<int> StopSignal::WaitFor(absl::Duration timeout) {
  const absl::Time deadline = MonotonicNow() + std::min(timeout, kLongest);
  for (;;) {
    const absl::Duration left = std::max(deadline - MonotonicNow(), absl::ZeroDuration());
    pollfd fds[2] = {{signal_fd_, POLLIN, 0}, {event_fd_, POLLIN, 0}};
    const int ready = poll(fds, 2, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready > 0 && fds[0].revents & POLLIN) {
      signalfd_siginfo info;
      if (read(signal_fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        return static_cast<int>(info.ssi_signo);
      }
    }
    if (ready > 0 && fds[1].revents & POLLIN) return 0;
    // Less than 0: EINTR, or ENOMEM that may pass.
    if (ready <= 0 && left == absl::ZeroDuration()) return std::nullopt;
  }
}

void StopSignal::Trigger() {
  uint64_t one = 1;
  // Fails only when the counter is full, that is when Wait returns anyway.
  [[maybe_unused]] ssize_t written = write(event_fd_, &one, sizeof one);
}

}  // namespace oca::daemon
