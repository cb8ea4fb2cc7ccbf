#include "services/monitor/backlog.h"

#include <utility>

namespace oca::monitor {

size_t Backlog::Put(Sample sample) {
  auto shared = std::make_shared<const Sample>(std::move(sample));
  size_t dropped = 0;
  absl::MutexLock lock(&mu_);
  values_ += shared->values.size();
  samples_.push_back(std::move(shared));
  while (samples_.size() > kMostWaiting || (values_ > kMostWaitingValues && samples_.size() > 1)) {
    values_ -= samples_.front()->values.size();
    samples_.pop_front();
    ++dropped;
  }
  return dropped;
}

std::vector<std::shared_ptr<const Sample>> Backlog::Wait() {
  absl::MutexLock lock(&mu_);
  mu_.Await(absl::Condition(this, &Backlog::Ready));
  if (stop_) return {};
  return {samples_.begin(), samples_.end()};
}

void Backlog::Done(const std::vector<std::shared_ptr<const Sample>>& samples) {
  absl::MutexLock lock(&mu_);
  for (const std::shared_ptr<const Sample>& sample : samples) {
    // Only the oldest have gone meanwhile.
    if (samples_.empty() || samples_.front() != sample) continue;
    values_ -= sample->values.size();
    samples_.pop_front();
  }
}

void Backlog::Stop() {
  absl::MutexLock lock(&mu_);
  stop_ = true;
}

size_t Backlog::size() const {
  absl::MutexLock lock(&mu_);
  return samples_.size();
}

}  // namespace oca::monitor
