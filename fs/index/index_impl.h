// Inside oca_index: the table behind FingerprintIndex.
#ifndef OCA_FS_INDEX_INDEX_IMPL_H_
#define OCA_FS_INDEX_INDEX_IMPL_H_

#include <array>
#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/index/fingerprint_index.h"
#include "fs/index/shard.h"
#include "fs/index/stripe_lock.h"

namespace oca::index {

inline constexpr uint32_t kStripes = 256;
inline constexpr uint32_t kShardsPerStripe = 256;

// The fingerprint's first five bytes: stripe, shard within it, and tag.
struct Key {
  uint32_t stripe;
  uint32_t shard;
  uint32_t tag;
};
inline Key KeyOf(const Fingerprint& fp) {
  uint64_t prefix = fp.Prefix64();
  return {static_cast<uint32_t>(prefix >> 56), static_cast<uint32_t>(prefix >> 48 & 0xff),
          static_cast<uint32_t>(prefix >> 24 & 0xffffff)};
}

// Shards under one lock.
struct alignas(64) Stripe {
  mutable StripeLock mu;
  std::array<Shard, kShardsPerStripe> shards ABSL_GUARDED_BY(mu);
  std::atomic<uint64_t> size{0};   // entries; changed under mu
  std::atomic<uint64_t> bytes{0};  // of slots; changed under mu

  void Count(Shard::Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    size.fetch_add(static_cast<uint64_t>(change.size), std::memory_order_relaxed);
    bytes.fetch_add(static_cast<uint64_t>(change.bytes), std::memory_order_relaxed);
  }
  // A guess, for the prefetcher alone.
  const Slot* Home(const Key& key) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return shards[key.shard].Home(key.tag);
  }
  const Shard* Header(const Key& key) const ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return &shards[key.shard];
  }
};

struct FingerprintIndex::Impl {
  std::array<Stripe, kStripes> stripes;
  mutable absl::Mutex save_mu;  // one Save at a time; taken before any stripe's

  void Clear();
};

}  // namespace oca::index

#endif  // OCA_FS_INDEX_INDEX_IMPL_H_
