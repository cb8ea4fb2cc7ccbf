// What ocamonitor knows without asking anybody: the machine's last figures, and its own.
#ifndef OCA_SERVICES_MONITOR_BOARD_H_
#define OCA_SERVICES_MONITOR_BOARD_H_

#include <cstdint>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/api/statistics.pb.h"

namespace oca::monitor {

// Thread-safe.
class Board {
 public:
  // started: of the process.
  explicit Board(absl::Time started);

  void SetMachine(management::v1::MachineStats machine) ABSL_LOCKS_EXCLUDED(mu_);
  management::v1::MachineStats machine() const ABSL_LOCKS_EXCLUDED(mu_);

  // A sample was taken at this time.
  void Taken(absl::Time at, uint64_t values_left_out) ABSL_LOCKS_EXCLUDED(mu_);
  void Missed(uint64_t samples) ABSL_LOCKS_EXCLUDED(mu_);
  void Stored(uint64_t samples) ABSL_LOCKS_EXCLUDED(mu_);
  void Dropped(uint64_t samples) ABSL_LOCKS_EXCLUDED(mu_);
  // Why nothing is stored; empty: all is well. Returns whether that is news.
  bool SetProblem(std::string_view problem) ABSL_LOCKS_EXCLUDED(mu_);

  // All but what waits.
  management::v1::MonitorStatus status() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable absl::Mutex mu_;
  management::v1::MachineStats machine_ ABSL_GUARDED_BY(mu_);
  management::v1::MonitorStatus status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_BOARD_H_
