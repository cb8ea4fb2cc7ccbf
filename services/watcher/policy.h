// When a process that ended is started again, and when one that still runs has to be ended.
#ifndef OCA_SERVICES_WATCHER_POLICY_H_
#define OCA_SERVICES_WATCHER_POLICY_H_

#include "absl/time/time.h"
#include "lib/base/bell.h"

namespace oca::watcher {

// Pauses before each new start: short, then 1 s, then twice as long each time. A process that has
// run long enough begins anew. Not thread-safe.
class RestartPolicy {
 public:
  static constexpr absl::Duration kFirstPause = absl::Milliseconds(100);
  static constexpr absl::Duration kLongestPause = absl::Seconds(30);
  // Who has run so long was not in a crash loop.
  static constexpr absl::Duration kStable = absl::Minutes(1);

  // give_up_after: so many ends in a row, none after kStable, are a crash loop.
  explicit RestartPolicy(int give_up_after) : give_up_after_(give_up_after) {}

  // When to start what was started at `started` and ended at `now`; InfiniteFuture = give up.
  absl::Time Ended(absl::Time started, absl::Time now);
  // Somebody asks for it: all is forgotten.
  void Reset() { ends_ = 0; }
  int ends() const { return ends_; }

 private:
  const int give_up_after_;
  int ends_ = 0;  // in a row
};

// Judges a process by its heartbeat (it lives) and by a probe (it serves). Not thread-safe.
class Health {
 public:
  // silence: how long both may be missing; while only the probe fails, the process is busy rather
  // than dead, and may be so for kBusyFactor times as long. has_probe: without one the heartbeat
  // alone decides.
  static constexpr int kBusyFactor = 4;
  Health(absl::Duration silence, bool has_probe) : silence_(silence), has_probe_(has_probe) {}

  // It has just been started or found.
  void Begin(absl::Time now);
  void Beat(absl::Time now) { last_beat_ = now; }
  void Answered(absl::Time now) { last_answer_ = now; }
  bool Hung(absl::Time now) const;

 private:
  absl::Duration silence_;
  bool has_probe_;
  absl::Time last_beat_;
  absl::Time last_answer_;
};

}  // namespace oca::watcher

#endif  // OCA_SERVICES_WATCHER_POLICY_H_
