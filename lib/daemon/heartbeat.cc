#include "lib/daemon/heartbeat.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "lib/daemon/notify.h"
#include "lib/log/log.h"

namespace oca::daemon {
namespace {

constexpr absl::Duration kBeat = absl::Seconds(1);
constexpr int kMissesToAct = 3;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsHeld(const std::string& lock_file) {
  int fd = open(lock_file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  return held;
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
      thread_([this] { Loop(); }) {}

Heartbeat::~Heartbeat() {
  stop_.Ring();
  thread_.join();
}

void Heartbeat::Loop() {
  while (true) {
    // A watcher that is being started again does not listen for a moment.
    if (beats_) (void)Notify("WATCHDOG=1");
    if (!keeper_.empty() && !home_.empty()) MindKeeper();
    if (stop_.WaitFor(kBeat)) return;
  }
}

void Heartbeat::MindKeeper() {
  if (started_ != 0 && waitpid(started_, nullptr, WNOHANG) == started_) started_ = 0;
  misses_ = IsHeld(home_ + "/run/watcher_spawn.pid") ? 0 : misses_ + 1;
  if (misses_ < kMissesToAct) return;
  misses_ = 0;
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
