#include "gateways/vtl/ocavtl/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/status.h"

namespace oca::vtl {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> out;
  for (const std::string& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

// After fork, in a program with threads: async-signal-safe calls alone.
[[noreturn]] void Become(char* const* argv, char* const* environment, int output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execvpe(argv[0], argv, environment);
  ::_exit(127);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Child>> Child::Start(const std::vector<std::string>& command,
                                                    const std::vector<std::string>& environment,
                                                    const std::string& output_path) {
  std::vector<std::string> variables = environment;
  for (char** each = environ; *each != nullptr; ++each) variables.emplace_back(*each);
  std::vector<char*> argv = Pointers(command);
  std::vector<char*> envp = Pointers(variables);
  int output = ::open(output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) return PosixError(errno, output_path);
  pid_t parent = ::getpid();
  pid_t pid = ::fork();
  if (pid == 0) Become(argv.data(), envp.data(), output, parent);
  int error = errno;
  ::close(output);
  if (pid < 0) return PosixError(error, "fork");
  int pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pid_fd < 0) {
    error = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return PosixError(error, "pidfd_open");
  }
  return std::unique_ptr<Child>(new Child(pid, pid_fd));
}

Child::~Child() {
  if (!ended_) {
    Kill();
    Wait(absl::InfiniteDuration());
  }
  ::close(pid_fd_);
}

void Child::Kill() { ::syscall(SYS_pidfd_send_signal, pid_fd_, SIGKILL, nullptr, 0); }

void Child::WatchForEnd() const {
  pollfd end{pid_fd_, POLLIN, 0};
  while (::poll(&end, 1, -1) < 0 && errno == EINTR) {
  }
}

bool Child::Wait(absl::Duration timeout) {
  if (ended_) return true;
  if (timeout == absl::InfiniteDuration()) {
    WatchForEnd();
  } else {
    pollfd end{pid_fd_, POLLIN, 0};
    int ready = 0;
    do {
      ready = ::poll(&end, 1, static_cast<int>(absl::ToInt64Milliseconds(timeout)));
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) return false;
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  ended_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

}  // namespace oca::vtl
