#include "lib/daemon/heartbeat.h"

#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/log/log.h"

namespace oca::daemon {
namespace {

constexpr absl::Duration kBeat = absl::Seconds(5);
constexpr absl::Duration kLook = absl::Seconds(1);  // while the keeper is missed
constexpr int kMissesToAct = 3;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Ours, but for the socket of a watcher: the keeper's own says where to tell.
std::vector<char*> KeepersEnvironment() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (std::strncmp(*variable, "NOTIFY_SOCKET=", 14) != 0) kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

}  // namespace

std::unique_ptr<Heartbeat> Heartbeat::Start(bool beats) {
  return std::unique_ptr<Heartbeat>(
      new Heartbeat(beats, Variable("OCA_HOME"), Variable("OCA_KEEPER")));
}

Heartbeat::Heartbeat(bool beats, std::string home, std::string keeper)
    : beats_(beats),
      home_(std::move(home)),
      keeper_(std::move(keeper)),
      stop_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Loop(); }) {}

Heartbeat::~Heartbeat() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(stop_fd_, &one, sizeof one);
  thread_.join();
  if (keeper_fd_ >= 0) close(keeper_fd_);
  close(stop_fd_);
}

void Heartbeat::Loop() {
  absl::Duration pause = kBeat;
  do {
    // A watcher that is being started again does not listen for a moment.
    if (beats_) (void)Notify("WATCHDOG=1");
    if (!keeper_.empty() && !home_.empty()) pause = MindKeeper();
  } while (Wait(pause));
}

bool Heartbeat::Wait(absl::Duration time) {
  // A keeper that is not there (-1) is left out.
  pollfd fds[] = {{stop_fd_, POLLIN, 0}, {keeper_fd_, POLLIN, 0}};
  // A signal that interrupts it does no harm.
  if (poll(fds, 2, static_cast<int>(absl::ToInt64Milliseconds(time))) <= 0) return true;
  if (fds[1].revents != 0) {
    close(keeper_fd_);
    keeper_fd_ = -1;
  }
  return fds[0].revents == 0;
}

absl::Duration Heartbeat::MindKeeper() {
  if (started_ != 0 && waitpid(started_, nullptr, WNOHANG) == started_) started_ = 0;
  if (std::optional<pid_t> keeper = HolderOf(home_ + "/run/watcher_spawn.pid")) {
    misses_ = 0;
    if (keeper_fd_ < 0) keeper_fd_ = static_cast<int>(syscall(SYS_pidfd_open, *keeper, 0));
    return keeper_fd_ < 0 ? kLook : kBeat;
  }
  if (++misses_ >= kMissesToAct) {
    misses_ = 0;
    StartKeeper();
  }
  return kLook;
}

void Heartbeat::StartKeeper() {
  std::vector<std::string> words = {keeper_, "--home", home_, "--unless_running"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  int error = posix_spawn(&started_, keeper_.c_str(), nullptr, &attributes, argv.data(),
                          KeepersEnvironment().data());
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    started_ = 0;
    log::Error("keeper_not_started", "program", keeper_, "error", std::strerror(error));
    return;
  }
  log::Warning("keeper_started", "program", keeper_, "pid", started_);
}

}  // namespace oca::daemon
