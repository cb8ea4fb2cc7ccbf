#include "fs/names/trusted_clock.h"

#include <algorithm>

namespace oca::names {

int64_t TrustedClock::NowNs() {
  absl::MutexLock lock(&mu_);
  if (!started_) return WallNs();
  const int64_t monotonic = clock_->MonotonicNanos();
  const int64_t elapsed = std::max<int64_t>(monotonic - monotonic_ns_, 0);
  monotonic_ns_ = monotonic;
  now_ns_ += elapsed;
  // Looks come often: the parts of kCatchUp that one of them leaves over count for the next.
  credit_ns_ += elapsed;
  const int64_t most = credit_ns_ / kCatchUp;
  credit_ns_ %= kCatchUp;
  now_ns_ += std::clamp<int64_t>(WallNs() - now_ns_, 0, most);
  return now_ns_;
}

void TrustedClock::Start(std::optional<int64_t> from_ns) {
  absl::MutexLock lock(&mu_);
  started_ = true;
  now_ns_ = from_ns.value_or(WallNs());
  monotonic_ns_ = clock_->MonotonicNanos();
  credit_ns_ = 0;
}

bool TrustedClock::started() const {
  absl::MutexLock lock(&mu_);
  return started_;
}

}  // namespace oca::names
