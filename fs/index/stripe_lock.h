// Inside oca_index: the lock of a stripe.
#ifndef OCA_FS_INDEX_STRIPE_LOCK_H_
#define OCA_FS_INDEX_STRIPE_LOCK_H_

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"

namespace oca::index {

// A mutual-exclusion lock of four bytes whose uncontended path is two inlined atomic operations: a
// lookup holds it for a few nanoseconds, and absl::Mutex costs more than the rest of the lookup.
// Waiters sleep (futex). After U. Drepper, "Futexes Are Tricky", mutex 2.
class ABSL_LOCKABLE StripeLock {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() {
    uint32_t free = kFree;
    if (!state_.compare_exchange_strong(free, kHeld, std::memory_order_acquire)) LockSlow();
  }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    if (state_.exchange(kFree, std::memory_order_release) == kContended) state_.notify_one();
  }

 private:
  enum : uint32_t { kFree, kHeld, kContended };  // kContended: held, and there may be waiters

  void LockSlow() {
    while (state_.exchange(kContended, std::memory_order_acquire) != kFree) {
      state_.wait(kContended, std::memory_order_relaxed);
    }
  }

  std::atomic<uint32_t> state_{kFree};
};

class ABSL_SCOPED_LOCKABLE StripeLockHolder {
 public:
  explicit StripeLockHolder(StripeLock* lock) ABSL_EXCLUSIVE_LOCK_FUNCTION(lock) : lock_(lock) {
    lock_->Lock();
  }
  ~StripeLockHolder() ABSL_UNLOCK_FUNCTION() { lock_->Unlock(); }
  StripeLockHolder(const StripeLockHolder&) = delete;
  StripeLockHolder& operator=(const StripeLockHolder&) = delete;

 private:
  StripeLock* const lock_;
};

}  // namespace oca::index

#endif  // OCA_FS_INDEX_STRIPE_LOCK_H_
