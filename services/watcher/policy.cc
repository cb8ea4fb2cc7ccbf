#include "services/watcher/policy.h"

#include <algorithm>

namespace oca::watcher {

absl::Time RestartPolicy::Ended(absl::Time started, absl::Time now) {
  if (now - started >= kStable) ends_ = 0;
  ++ends_;
  if (ends_ >= give_up_after_) return absl::InfiniteFuture();
  if (ends_ == 1) return now + kFirstPause;
  absl::Duration pause = absl::Seconds(1);
  for (int i = 2; i < ends_ && pause < kLongestPause; ++i) pause *= 2;
  return now + std::min(pause, kLongestPause);
}

void Health::Begin(absl::Time now) {
  last_beat_ = now;
  last_answer_ = now;
}

bool Health::Hung(absl::Time now) const {
  const bool silent = now - last_beat_ > silence_;
  if (!has_probe_) return silent;
  return now - last_answer_ > silence_ * (silent ? 1 : kBusyFactor);
}

}  // namespace oca::watcher
