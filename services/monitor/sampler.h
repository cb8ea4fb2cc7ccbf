// Takes a sample each fifteen seconds.
#ifndef OCA_SERVICES_MONITOR_SAMPLER_H_
#define OCA_SERVICES_MONITOR_SAMPLER_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"
#include "services/monitor/backlog.h"
#include "services/monitor/board.h"
#include "services/monitor/machine.h"
#include "services/monitor/parts.h"
#include "services/monitor/rates.h"
#include "services/monitor/sample.h"
#include "services/monitor/wall_timer.h"

namespace oca::monitor {

// Storage paths whose disks are looked at.
inline constexpr size_t kMostPaths = 64;

// Not thread-safe: one thread runs it.
class Sampler {
 public:
  struct Sources {
    std::string home;  // the appliance's folder
    MachineSources machine;
    std::function<absl::StatusOr<FilesystemFigures>()> filesystem;
    std::function<absl::StatusOr<ConfigurationFigures>()> configuration;
  };
  // Borrows backlog, board and clock. wait: as WallTimer::WaitUntil.
  Sampler(Sources sources, Backlog& backlog, Board& board, Clock& clock,
          std::function<Woke(absl::Time)> wait);

  // A sample at each multiple of the interval, on the wall clock; returns when `wait` says so. What
  // has passed before the first one is where its rates begin. A part that is away has no values.
  void Run();

 private:
  Sample Look(absl::Time at);
  void Take(absl::Time at);

  const Sources sources_;
  Backlog& backlog_;
  Board& board_;
  Clock& clock_;
  const std::function<Woke(absl::Time)> wait_;
  Machine machine_;
  Rates rates_;
  std::vector<std::string> folders_;  // the home, and the storage paths as they were last told
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_SAMPLER_H_
