// A process that is watched: started by us, or found running because an earlier watcher started it.
#ifndef OCA_SERVICES_WATCHER_PROCESS_H_
#define OCA_SERVICES_WATCHER_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace oca::watcher {

// What there is to know about one program.
struct Spec {
  std::string name;
  std::vector<std::string> command;
  // The number of the instance that runs, whoever started it; none when there is none.
  std::function<std::optional<pid_t>()> find;
  // Whether it serves; takes at most some seconds. Empty = its heartbeat alone tells.
  std::function<bool()> probe;
  // It serves once it says READY=1; else once the probe succeeds.
  bool tells_ready = true;
  absl::Duration silence = absl::Seconds(30);       // Health
  absl::Duration stop_timeout = absl::Seconds(60);  // from the stop signal to SIGKILL
  int stop_signal = 0;
};

// A handle on one running process, which cannot mean another one that got its number later.
// Not thread-safe.
class Process {
 public:
  // Starts `command` in a session of its own, its output appended to `log_path`, with `environment`
  // ("NAME=value") instead of ours.
  static absl::StatusOr<Process> Start(const std::vector<std::string>& command,
                                       const std::vector<std::string>& environment,
                                       const std::string& log_path);
  // One that runs already; none when it has ended.
  static std::optional<Process> Adopt(pid_t pid);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  // Readable once it has ended.
  int fd() const { return fd_; }
  void Signal(int signal) const;
  // Waits up to `timeout`; whether it has ended.
  bool Ended(absl::Duration timeout) const;
  // Lets the kernel forget it; says how it ended: "exit code 1", "signal 9 (Killed)"; "not known"
  // for one that was adopted. Only after it has ended.
  std::string Reap();

 private:
  Process(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  pid_t pid_ = -1;
  int fd_ = -1;
};

}  // namespace oca::watcher

#endif  // OCA_SERVICES_WATCHER_PROCESS_H_
