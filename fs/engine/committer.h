// Group commit: callers that ask at the same time share one round.
#ifndef OCA_FS_ENGINE_COMMITTER_H_
#define OCA_FS_ENGINE_COMMITTER_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace oca::engine {

// Thread-safe.
class Committer {
 public:
  explicit Committer(std::function<absl::Status()> round) : round_(std::move(round)) {}

  // Returns the result of a round that began after the call.
  absl::Status Commit() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    const uint64_t wanted = started_ + 1;
    while (finished_ < wanted) {
      if (running_) {
        auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !running_; };
        mu_.Await(absl::Condition(&idle));
        continue;
      }
      running_ = true;
      const uint64_t number = ++started_;
      mu_.Unlock();
      absl::Status status = round_();
      mu_.Lock();
      running_ = false;
      finished_ = number;
      result_ = status;
    }
    return result_;
  }

 private:
  const std::function<absl::Status()> round_;
  absl::Mutex mu_;
  bool running_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t started_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t finished_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status result_ ABSL_GUARDED_BY(mu_);  // of the last finished round
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_COMMITTER_H_
