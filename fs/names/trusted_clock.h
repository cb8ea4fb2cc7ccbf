// The time that locks on files are measured in. Nobody who can set the machine's clock can end a
// lock with it; docs/decisions/0011-a-clock-that-cannot-be-set.md says why it is as it is.
#ifndef OCA_FS_NAMES_TRUSTED_CLOCK_H_
#define OCA_FS_NAMES_TRUSTED_CLOCK_H_

#include <cstdint>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/base/clock.h"

namespace oca::names {

// Before Start it shows the wall clock. Then it runs by itself, with the monotonic clock: setting
// the wall clock does not move it. Where the wall clock is ahead, because the appliance was off or
// somebody set it, it runs faster by one part in kCatchUp until it has caught up. It never goes
// back. Thread-safe.
class TrustedClock {
 public:
  static constexpr int64_t kCatchUp = 48;  // half an hour a day

  explicit TrustedClock(Clock* clock) : clock_(clock) {}

  // Nanoseconds since the epoch.
  int64_t NowNs() ABSL_LOCKS_EXCLUDED(mu_);
  // From now on it runs by itself: from `from_ns`, what was stored of it, or from the wall clock.
  void Start(std::optional<int64_t> from_ns) ABSL_LOCKS_EXCLUDED(mu_);
  bool started() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  int64_t WallNs() const { return absl::ToUnixNanos(clock_->Now()); }

  Clock* const clock_;
  mutable absl::Mutex mu_;
  bool started_ ABSL_GUARDED_BY(mu_) = false;
  int64_t now_ns_ ABSL_GUARDED_BY(mu_) = 0;        // as of monotonic_ns_
  int64_t monotonic_ns_ ABSL_GUARDED_BY(mu_) = 0;  // of the last look
  int64_t credit_ns_ ABSL_GUARDED_BY(mu_) = 0;     // run time that no catching up was counted for
};

}  // namespace oca::names

#endif  // OCA_FS_NAMES_TRUSTED_CLOCK_H_
