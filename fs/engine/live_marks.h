// What became live while an epoch of the cleaner runs: a bit for each chunk of the packs that a Put
// found a chunk in, or that a file holds on to.
#ifndef OCA_FS_ENGINE_LIVE_MARKS_H_
#define OCA_FS_ENGINE_LIVE_MARKS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "lib/base/ids.h"

namespace oca::engine {

// Takes memory for the packs that were marked in only: one bit a chunk. Thread-safe.
class LiveMarks {
 public:
  // True when it was not marked before.
  bool Mark(PackId pack, uint32_t ordinal) {
    Shard& shard = ShardOf(pack);
    absl::MutexLock lock(&shard.mu);
    std::vector<bool>& bits = shard.packs[pack];
    if (bits.size() <= ordinal) bits.resize(ordinal + 1);
    if (bits[ordinal]) return false;
    bits[ordinal] = true;
    return true;
  }
  bool Marked(PackId pack, uint32_t ordinal) const {
    const Shard& shard = ShardOf(pack);
    absl::MutexLock lock(&shard.mu);
    auto it = shard.packs.find(pack);
    return it != shard.packs.end() && ordinal < it->second.size() && it->second[ordinal];
  }
  void Clear() {
    for (Shard& shard : shards_) {
      absl::MutexLock lock(&shard.mu);
      shard.packs.clear();
    }
  }

 private:
  struct Shard {
    mutable absl::Mutex mu;
    absl::flat_hash_map<PackId, std::vector<bool>> packs ABSL_GUARDED_BY(mu);
  };
  Shard& ShardOf(PackId pack) { return shards_[pack.value % kShards]; }
  const Shard& ShardOf(PackId pack) const { return shards_[pack.value % kShards]; }

  static constexpr size_t kShards = 16;
  std::array<Shard, kShards> shards_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_LIVE_MARKS_H_
