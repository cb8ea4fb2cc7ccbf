// A clock that stands until the test moves it.
#ifndef OCA_T_SUPPORT_FAKE_CLOCK_H_
#define OCA_T_SUPPORT_FAKE_CLOCK_H_

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/base/clock.h"

namespace oca::support {

// Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000)) : now_(start) {}

  absl::Time Now() override {
    absl::MutexLock lock(&mu_);
    return now_;
  }
  int64_t MonotonicNanos() override {
    absl::MutexLock lock(&mu_);
    return monotonic_nanos_;
  }

  // Moves both times on; `by` is not negative.
  void Advance(absl::Duration by) {
    absl::MutexLock lock(&mu_);
    now_ += by;
    monotonic_nanos_ += absl::ToInt64Nanoseconds(by);
  }
  // Sets the wall time alone, as an administrator or NTP would.
  void SetWallTime(absl::Time now) {
    absl::MutexLock lock(&mu_);
    now_ = now;
  }

 private:
  absl::Mutex mu_;
  absl::Time now_ ABSL_GUARDED_BY(mu_);
  int64_t monotonic_nanos_ ABSL_GUARDED_BY(mu_) = 1;
};

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_FAKE_CLOCK_H_
