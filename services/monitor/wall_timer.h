// Waits for times of the wall clock, and notices when somebody sets that.
#ifndef OCA_SERVICES_MONITOR_WALL_TIMER_H_
#define OCA_SERVICES_MONITOR_WALL_TIMER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace oca::monitor {

enum class Woke { kDue, kClockSet, kStopped };

// One thread waits; Stop may come from any.
class WallTimer {
 public:
  static absl::StatusOr<std::unique_ptr<WallTimer>> Create();
  ~WallTimer();
  WallTimer(const WallTimer&) = delete;
  WallTimer& operator=(const WallTimer&) = delete;

  // Until the clock says `time`; or somebody has set it, or the machine has slept, since the last
  // call: then the caller looks at it anew.
  Woke WaitUntil(absl::Time time);
  // WaitUntil returns kStopped now and ever after.
  void Stop();

 private:
  WallTimer(int timer_fd, int stop_fd) : timer_fd_(timer_fd), stop_fd_(stop_fd) {}
  const int timer_fd_;
  const int stop_fd_;
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_WALL_TIMER_H_
