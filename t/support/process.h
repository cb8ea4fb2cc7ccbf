// Child processes of a test.
#ifndef OCA_T_SUPPORT_PROCESS_H_
#define OCA_T_SUPPORT_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace oca::support {

// One process. It is killed (SIGKILL) by the destructor, and by the kernel when the test's main
// thread ends. Not thread-safe.
class Process {
 public:
  // Starts `command` (argv; the program by path or from $PATH) with stdout and stderr appended to
  // `log_path`. Aborts the test program when that fails.
  Process(const std::vector<std::string>& command, const std::string& log_path);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // Waits up to `timeout`; true when it has ended.
  bool WaitForEnd(absl::Duration timeout);
  // As a shell tells it: 128 + signal when it was killed. Only after WaitForEnd was true.
  int exit_code() const { return exit_code_; }

 private:
  pid_t pid_ = -1;
  int pid_fd_ = -1;
  bool ended_ = false;
  int exit_code_ = -1;
};

// Runs `command` to its end, for at most a minute. The exit code; its output is appended to
// `log_path`.
int RunCommand(const std::vector<std::string>& command, const std::string& log_path);

// The whole file, empty when it cannot be read.
std::string ReadText(const std::string& path);

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_PROCESS_H_
