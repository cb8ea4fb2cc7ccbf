#include "t/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace oca::support {
namespace {

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::abort();
}

// After fork, in a program with threads: only async-signal-safe calls.
[[noreturn]] void RunChild(char* const* argv, int log, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::execvp(argv[0], argv);
  ::_exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const std::string& log_path) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) Die(log_path.c_str());
  pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) Die("fork");
  if (pid_ == 0) RunChild(argv.data(), log, parent);
  ::close(log);
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pid_fd_ < 0) Die("pidfd_open");
}

Process::~Process() {
  if (!ended_) {
    Signal(SIGKILL);
    WaitForEnd(absl::InfiniteDuration());
  }
  ::close(pid_fd_);
}

void Process::Signal(int signal) const {
  if (!ended_) ::kill(pid_, signal);
}

bool Process::WaitForEnd(absl::Duration timeout) {
  if (ended_) return true;
  pollfd end{pid_fd_, POLLIN, 0};
  int ms = timeout == absl::InfiniteDuration()
               ? -1
               : static_cast<int>(absl::ToInt64Milliseconds(timeout));
  int ready;
  do {
    ready = ::poll(&end, 1, ms);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) Die("waitpid");
  ended_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return true;
}

int RunCommand(const std::vector<std::string>& command, const std::string& log_path) {
  Process process(command, log_path);
  return process.WaitForEnd(absl::Minutes(1)) ? process.exit_code() : -1;
}

std::string ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace oca::support
