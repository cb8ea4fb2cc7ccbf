#include "services/watcher/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::watcher {
namespace {

// posix_spawn's two objects, destroyed together.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  // A session of its own, no signal blocked or ignored, input from nowhere, output to the log.
  int Prepare(const std::string& log_path) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    if (error == 0) {
      error = posix_spawn_file_actions_addopen(&actions_, 1, log_path.c_str(),
                                               O_WRONLY | O_CREAT | O_APPEND, 0644);
    }
    return error != 0 ? error : posix_spawn_file_actions_adddup2(&actions_, 1, 2);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

int OpenPidFd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

}  // namespace

absl::StatusOr<Process> Process::Start(const std::vector<std::string>& command,
                                       const std::vector<std::string>& environment,
                                       const std::string& log_path) {
  SpawnSettings settings;
  int error = settings.Prepare(log_path);
  pid_t pid = -1;
  if (error == 0) {
    error = posix_spawn(&pid, command[0].c_str(), settings.actions(), settings.attributes(),
                        Pointers(command).data(), Pointers(environment).data());
  }
  if (error != 0) return PosixError(error, fmt::format("start {}", command[0]));
  // Our child: its number is its own until we reap it.
  int fd = OpenPidFd(pid);
  if (fd < 0) return PosixError(errno, "pidfd_open");
  return Process(pid, fd);
}

std::optional<Process> Process::Adopt(pid_t pid) {
  int fd = OpenPidFd(pid);
  if (fd < 0) return std::nullopt;
  return Process(pid, fd);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), fd_(std::exchange(other.fd_, -1)) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(fd_, other.fd_);
  return *this;
}

Process::~Process() {
  if (fd_ >= 0) close(fd_);
}

void Process::Signal(int signal) const {
  // Fails when it has ended, which is as well.
  syscall(SYS_pidfd_send_signal, fd_, signal, nullptr, 0);
}

bool Process::Ended(absl::Duration timeout) const {
  pollfd end{fd_, POLLIN, 0};
  return poll(&end, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout))) > 0;
}

std::string Process::Reap() {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) {
    return "not known";
  }
  if (info.si_code == CLD_EXITED) return fmt::format("exit code {}", info.si_status);
  const char* description = sigdescr_np(info.si_status);
  return fmt::format("signal {} ({})", info.si_status, description == nullptr ? "?" : description);
}

}  // namespace oca::watcher
