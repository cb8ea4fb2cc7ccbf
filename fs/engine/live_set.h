// The fingerprints that an epoch of the cleaner has found alive.
#ifndef OCA_FS_ENGINE_LIVE_SET_H_
#define OCA_FS_ENGINE_LIVE_SET_H_

#include <array>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "lib/base/ids.h"

namespace oca::engine {

// Keeps 64 bits of each fingerprint: two chunks that share them (one pair in 2^64) are both kept,
// which costs space, never data. Thread-safe.
class LiveSet {
 public:
  // True when it was not there before.
  bool Insert(const Fingerprint& fp) {
    Shard& shard = ShardOf(fp);
    absl::MutexLock lock(&shard.mu);
    return shard.prefixes.insert(fp.Prefix64()).second;
  }
  bool Contains(const Fingerprint& fp) const {
    const Shard& shard = ShardOf(fp);
    absl::MutexLock lock(&shard.mu);
    return shard.prefixes.contains(fp.Prefix64());
  }

 private:
  struct Shard {
    mutable absl::Mutex mu;
    absl::flat_hash_set<uint64_t> prefixes ABSL_GUARDED_BY(mu);
  };
  Shard& ShardOf(const Fingerprint& fp) { return shards_[fp.bytes[31] % kShards]; }
  const Shard& ShardOf(const Fingerprint& fp) const { return shards_[fp.bytes[31] % kShards]; }

  static constexpr size_t kShards = 16;
  std::array<Shard, kShards> shards_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_LIVE_SET_H_
