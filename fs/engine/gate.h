// A gate that calls pass and a background task can wait at: Quiesce returns when every call that
// had entered before has left. Calls that enter meanwhile are not held up, so that nobody in the
// foreground ever waits for another's long call.
#ifndef OCA_FS_ENGINE_GATE_H_
#define OCA_FS_ENGINE_GATE_H_

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace oca::engine {

// Thread-safe. Calls may nest.
class ABSL_LOCKABLE Gate {
 public:
  // Returns the turn, which Leave takes back.
  int Enter() ABSL_SHARED_LOCK_FUNCTION() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    if (!mu_.TryLock()) {
      const auto begin = std::chrono::steady_clock::now();
      mu_.Lock();
      longest_wait_ns_ = std::max<int64_t>(
          longest_wait_ns_,
          std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count());
    }
    const int turn = turn_;
    ++inside_[turn];
    ++entries_;
    mu_.Unlock();
    return turn;
  }
  void Leave(int turn) ABSL_UNLOCK_FUNCTION() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    absl::MutexLock lock(&mu_);
    --inside_[turn];
  }

  // The caller is not inside.
  void Quiesce() ABSL_LOCKS_EXCLUDED(one_mu_, mu_) {
    absl::MutexLock one(&one_mu_);  // else a second one would take the first one's turn back
    absl::MutexLock lock(&mu_);
    const int old = turn_;
    turn_ = 1 - old;  // nobody is left of the turn before: the last Quiesce waited for them
    auto left = [this, old]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return inside_[old] == 0; };
    mu_.Await(absl::Condition(&left));
  }

  // How often somebody entered; tells whether the foreground is busy.
  uint64_t entries() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return entries_;
  }
  // The longest that Enter took since the last call.
  absl::Duration TakeLongestWait() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    const absl::Duration wait = absl::Nanoseconds(longest_wait_ns_);
    longest_wait_ns_ = 0;
    return wait;
  }

 private:
  absl::Mutex one_mu_;  // held by the one call that waits
  absl::Mutex mu_;
  int turn_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t inside_[2] ABSL_GUARDED_BY(mu_) = {0, 0};
  uint64_t entries_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t longest_wait_ns_ ABSL_GUARDED_BY(mu_) = 0;
};

// Inside of the gate from its making to its end.
class ABSL_SCOPED_LOCKABLE GatePass {
 public:
  explicit GatePass(Gate* gate) ABSL_SHARED_LOCK_FUNCTION(gate)
      : gate_(gate), turn_(gate->Enter()) {}
  ~GatePass() ABSL_UNLOCK_FUNCTION() { gate_->Leave(turn_); }
  GatePass(const GatePass&) = delete;
  GatePass& operator=(const GatePass&) = delete;

 private:
  Gate* const gate_;
  const int turn_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_GATE_H_
