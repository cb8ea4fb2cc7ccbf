// Samples on their way to PostgreSQL, few enough to be kept in memory while that is away.
#ifndef OCA_SERVICES_MONITOR_BACKLOG_H_
#define OCA_SERVICES_MONITOR_BACKLOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "services/monitor/sample.h"

namespace oca::monitor {

// An hour of samples, and some 20 MB of values at most.
inline constexpr size_t kMostWaiting = 240;
inline constexpr size_t kMostWaitingValues = 200'000;

// Thread-safe; one thread takes.
class Backlog {
 public:
  // Never waits: where there is no room the oldest are dropped. Returns how many.
  size_t Put(Sample sample) ABSL_LOCKS_EXCLUDED(mu_);

  // Waits until there are samples, and gives all of them, the oldest first; they stay until Done.
  // Nothing once it is stopped.
  std::vector<std::shared_ptr<const Sample>> Wait() ABSL_LOCKS_EXCLUDED(mu_);
  // Forgets these, as far as they are still there.
  void Done(const std::vector<std::shared_ptr<const Sample>>& samples) ABSL_LOCKS_EXCLUDED(mu_);
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

  size_t size() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  bool Ready() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stop_ || !samples_.empty(); }

  mutable absl::Mutex mu_;
  std::deque<std::shared_ptr<const Sample>> samples_ ABSL_GUARDED_BY(mu_);
  size_t values_ ABSL_GUARDED_BY(mu_) = 0;  // in all of them
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_BACKLOG_H_
