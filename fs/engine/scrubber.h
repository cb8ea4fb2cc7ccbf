// The scrub: reads every pack again and again in the background, the longest unchecked first, no
// faster than it may, so that damage is found while there is still something to heal it with. What
// was checked when is kept with the packs: a restart goes on where it was.
#ifndef OCA_FS_ENGINE_SCRUBBER_H_
#define OCA_FS_ENGINE_SCRUBBER_H_

#include <atomic>
#include <cstdint>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "fs/engine/cleaner.h"
#include "lib/base/bell.h"
#include "lib/base/clock.h"

namespace oca::engine {

// Thread-safe.
class Scrubber {
 public:
  // bytes_per_second 0: never scrubs. `interval`: a pack is due when its last check is as long ago;
  // one that was never checked, after a thirtieth of it.
  Scrubber(CleanerHost* host, Clock* clock, uint64_t bytes_per_second, absl::Duration interval)
      : host_(host), clock_(clock), rate_(bytes_per_second), interval_(interval) {}
  ~Scrubber() { Stop(); }

  void Start();
  // Returns when no pack is being read any more.
  void Stop();
  // Returns when the pack that is being read has been; later ones are of groups that are there
  // then.
  void AwaitStep() ABSL_LOCKS_EXCLUDED(step_mu_) { absl::MutexLock lock(&step_mu_); }
  uint64_t bytes_per_second() const { return rate_; }

 private:
  void Loop() ABSL_LOCKS_EXCLUDED(step_mu_);
  // Checks one pack that is due. Returns its bytes; 0: none is due.
  uint64_t Step() ABSL_LOCKS_EXCLUDED(step_mu_);
  void SaveHealth() ABSL_LOCKS_EXCLUDED(step_mu_);

  CleanerHost* const host_;
  Clock* const clock_;
  const uint64_t rate_;
  const absl::Duration interval_;
  absl::Mutex step_mu_;                // held while a pack is read
  std::atomic<bool> stopping_{false};  // set once, before the bell is rung
  Bell bell_;
  std::thread thread_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_SCRUBBER_H_
