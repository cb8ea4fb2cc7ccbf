// Looks at the health of the node again and again, and sends events about what has changed.
#ifndef OCA_SERVICES_HEALTH_MONITOR_H_
#define OCA_SERVICES_HEALTH_MONITOR_H_

#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "lib/base/bell.h"
#include "lib/base/clock.h"
#include "lib/event/client.h"
#include "services/health/reading.h"
#include "services/health/recorder.h"

namespace oca::health {

// Tells of a wall clock that somebody moved. Not thread-safe.
class ClockWatch {
 public:
  explicit ClockWatch(Clock& clock) : clock_(clock) {}
  // By how much since the last call; zero at the first, and for less than five seconds.
  absl::Duration Jump();

 private:
  Clock& clock_;
  bool seen_ = false;
  absl::Time wall_;
  int64_t monotonic_nanos_ = 0;
};

// A thread: a round at its start and after each interval. Removes what is too old, too.
class Monitor {
 public:
  // Borrows recorder, sink and clock; `look` is called on the thread.
  Monitor(std::function<Reading()> look, Recorder& recorder, event::Sink& events, Clock& clock,
          absl::Duration interval);
  // Waits for the round that runs.
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

 private:
  void Loop();
  void Round();

  const std::function<Reading()> look_;
  Recorder& recorder_;
  event::Sink& events_;
  const absl::Duration interval_;
  // The rest but stop_ belongs to the thread.
  ClockWatch clock_watch_;
  std::vector<Recorder::Standing> standing_;  // as it was last known
  int rounds_ = 0;
  Bell stop_;
  std::thread thread_;
};

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_MONITOR_H_
