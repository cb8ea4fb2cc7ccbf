// How often something may be done: a token bucket for each key.
#ifndef OCA_LIB_HTTP_RATE_LIMIT_H_
#define OCA_LIB_HTTP_RATE_LIMIT_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace oca::http {

// Thread-safe.
class RateLimit {
 public:
  // `burst` at once, then one each `pause`. `now` may be called by several threads at once.
  RateLimit(int burst, absl::Duration pause, std::function<absl::Time()> now)
      : burst_(burst), pause_(pause), now_(std::move(now)) {}

  // Counts one for `key` and returns zero, or how long it has to wait and counts none.
  absl::Duration Take(std::string_view key);

 private:
  // At most so many keys are remembered; beyond that the oldest are forgotten.
  static constexpr size_t kMostKeys = 10000;

  const int burst_;
  const absl::Duration pause_;
  const std::function<absl::Time()> now_;
  absl::Mutex mu_;
  // When the bucket of a key is full again.
  std::map<std::string, absl::Time, std::less<>> full_at_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::http

#endif  // OCA_LIB_HTTP_RATE_LIMIT_H_
