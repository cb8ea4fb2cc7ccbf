#include "lib/http/rate_limit.h"

#include <algorithm>

namespace oca::http {

// The generic cell rate algorithm: a bucket is the time at which it will be full.
absl::Duration RateLimit::Take(std::string_view key) {
  absl::MutexLock lock(&mu_);
  const absl::Time now = now_();
  if (full_at_.size() >= kMostKeys) {
    std::erase_if(full_at_, [&](const auto& entry) { return entry.second <= now; });
    if (full_at_.size() >= kMostKeys) {
      full_at_.erase(std::min_element(full_at_.begin(), full_at_.end(),
                                      [](auto& a, auto& b) { return a.second < b.second; }));
    }
  }
  absl::Time& full_at = full_at_.try_emplace(std::string(key), now).first->second;
  const absl::Time next = std::max(full_at, now) + pause_;
  const absl::Duration beyond = next - now - pause_ * burst_;
  if (beyond > absl::ZeroDuration()) return beyond;
  full_at = next;
  return absl::ZeroDuration();
}

}  // namespace oca::http
