// SIGTERM and SIGINT as a value that main waits for.
#ifndef OCA_LIB_DAEMON_STOP_SIGNAL_H_
#define OCA_LIB_DAEMON_STOP_SIGNAL_H_

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace oca::daemon {

// Thread-safe but for Create.
class StopSignal {
 public:
  // Blocks SIGTERM and SIGINT in the calling thread and in those that it starts later, so call it
  // in main before any thread starts; ignores SIGPIPE. The signals stay blocked when the object is
  // gone: a process that is on its way out must not die half-way.
  static absl::StatusOr<std::unique_ptr<StopSignal>> Create();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Blocks until a signal arrives (returns its number) or Trigger was called (returns 0).
  int Wait();
  // The same for at most so long, of a clock that nobody sets; none: neither has come.
  std::optional<int> WaitFor(absl::Duration timeout);
  // As a signal, from inside the process. Async-signal-safe.
  void Trigger();

 private:
  StopSignal(int signal_fd, int event_fd) : signal_fd_(signal_fd), event_fd_(event_fd) {}
  const int signal_fd_;
  const int event_fd_;
};

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_STOP_SIGNAL_H_
