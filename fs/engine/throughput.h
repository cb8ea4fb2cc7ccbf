// Bytes per second over the last few seconds.
#ifndef OCA_FS_ENGINE_THROUGHPUT_H_
#define OCA_FS_ENGINE_THROUGHPUT_H_

#include <array>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/base/clock.h"

namespace oca::engine {

// Thread-safe.
class Throughput {
 public:
  explicit Throughput(Clock* clock) : clock_(clock) {}

  void Add(uint64_t bytes) {
    int64_t second = clock_->MonotonicNanos() / 1'000'000'000;
    absl::MutexLock lock(&mu_);
    Slot& slot = slots_[static_cast<size_t>(second) % kSeconds];
    if (slot.second != second) slot = {second, 0};
    slot.bytes += bytes;
    total_bytes_ += bytes;
  }
  // All that was added.
  uint64_t total_bytes() const {
    absl::MutexLock lock(&mu_);
    return total_bytes_;
  }
  // MiB/s, averaged over the last kSeconds seconds.
  double MibPerSecond() const {
    int64_t now = clock_->MonotonicNanos() / 1'000'000'000;
    uint64_t bytes = 0;
    absl::MutexLock lock(&mu_);
    for (const Slot& slot : slots_) {
      if (slot.second > now - kSeconds) bytes += slot.bytes;
    }
    return static_cast<double>(bytes) / (1 << 20) / kSeconds;
  }

 private:
  static constexpr int kSeconds = 10;
  struct Slot {
    int64_t second = -kSeconds;
    uint64_t bytes = 0;
  };
  Clock* const clock_;
  mutable absl::Mutex mu_;
  std::array<Slot, kSeconds> slots_ ABSL_GUARDED_BY(mu_);
  uint64_t total_bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_THROUGHPUT_H_
