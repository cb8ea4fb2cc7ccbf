// Programs that ocavtl runs.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_CHILD_H_
#define OCA_GATEWAYS_VTL_OCAVTL_CHILD_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace oca::vtl {

// One child process. It dies with this one. Not thread-safe but for WatchForEnd.
class Child {
 public:
  // Starts `command` (argv; the program is looked for in $PATH) with `environment` ("NAME=value")
  // added to this process's, and its output appended to `output_path`.
  static absl::StatusOr<std::unique_ptr<Child>> Start(const std::vector<std::string>& command,
                                                      const std::vector<std::string>& environment,
                                                      const std::string& output_path);
  // Kills it (SIGKILL) when it still runs, and waits for that.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Waits for its end. False: it still runs after `timeout`.
  bool Wait(absl::Duration timeout);
  // Waits for its end, however long, and leaves the rest to Wait. Thread-safe.
  void WatchForEnd() const;
  void Kill();
  // Only after Wait returned true: 0 to 255, or 128 + the signal that killed it.
  int exit_code() const { return exit_code_; }
  pid_t pid() const { return pid_; }
  // Readable once it has ended.
  int end_fd() const { return pid_fd_; }

 private:
  Child(pid_t pid, int pid_fd) : pid_(pid), pid_fd_(pid_fd) {}
  const pid_t pid_;
  const int pid_fd_;
  bool ended_ = false;
  int exit_code_ = -1;
};

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_CHILD_H_
