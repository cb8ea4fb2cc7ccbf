// What all storage groups together may keep in memory: bounded caches of what was read from packs
// (footers and decoded groups), and the measure of the buffers of files being written.
#ifndef OCA_FS_ENGINE_CACHES_H_
#define OCA_FS_ENGINE_CACHES_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/format/pack.h"
#include "lib/base/buffer.h"
#include "lib/base/ids.h"

namespace oca::engine {

// Names a cached unit: a pack's footer (part = kFooterPart) or one of its groups.
struct CacheKey {
  GroupId group;
  PackId pack;
  uint32_t part = 0;
  friend bool operator==(const CacheKey&, const CacheKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const CacheKey& key) {
    return H::combine(std::move(h), key.group, key.pack, key.part);
  }
};
inline constexpr uint32_t kFooterPart = UINT32_MAX;

// Least-recently-used values under a bound of bytes. Several threads that miss the same key load it
// once. Thread-safe.
template <typename Value>
class LruCache {
 public:
  using Pointer = std::shared_ptr<const Value>;
  struct Loaded {
    Pointer value;
    size_t bytes = 0;
  };
  using Loader = std::function<absl::StatusOr<Loaded>()>;

  explicit LruCache(uint64_t capacity_bytes) : shard_capacity_(capacity_bytes / kShards) {}

  // The cached value, or what `load` gives (called without any lock held). Errors are not cached.
  absl::StatusOr<Pointer> Get(const CacheKey& key, const Loader& load) {
    Shard& shard = ShardOf(key);
    {
      absl::MutexLock lock(&shard.mu);
      auto free = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu) {
        return !shard.loading.contains(key);
      };
      shard.mu.Await(absl::Condition(&free));
      if (Pointer hit = Touch(shard, key)) return hit;
      shard.loading.insert(key);
    }
    return Settle(key, load());
  }
  // True: neither cached nor being loaded, and the caller loads it. Until it calls Settle whoever
  // else wants it waits, so it must not wait for them. Does not wait itself.
  bool Claim(const CacheKey& key) {
    Shard& shard = ShardOf(key);
    absl::MutexLock lock(&shard.mu);
    return Touch(shard, key) == nullptr && shard.loading.insert(key).second;
  }
  // What came of a Claim.
  absl::StatusOr<Pointer> Settle(const CacheKey& key, absl::StatusOr<Loaded> loaded) {
    Shard& shard = ShardOf(key);
    absl::MutexLock lock(&shard.mu);
    shard.loading.erase(key);
    if (!loaded.ok()) return loaded.status();
    Insert(shard, key, loaded->value, loaded->bytes);
    return loaded->value;
  }
  // The value when it is cached, else null.
  Pointer Peek(const CacheKey& key) {
    Shard& shard = ShardOf(key);
    absl::MutexLock lock(&shard.mu);
    return Touch(shard, key);
  }
  void Put(const CacheKey& key, Pointer value, size_t bytes) {
    Shard& shard = ShardOf(key);
    absl::MutexLock lock(&shard.mu);
    Insert(shard, key, std::move(value), bytes);
  }
  void Erase(const CacheKey& key) {
    Shard& shard = ShardOf(key);
    absl::MutexLock lock(&shard.mu);
    auto it = shard.entries.find(key);
    if (it != shard.entries.end()) Remove(shard, it->second);
  }

 private:
  struct Entry {
    CacheKey key;
    Pointer value;
    size_t bytes;
  };
  using Order = std::list<Entry>;
  struct Shard {
    absl::Mutex mu;
    Order order ABSL_GUARDED_BY(mu);  // most recent first
    absl::flat_hash_map<CacheKey, typename Order::iterator> entries ABSL_GUARDED_BY(mu);
    absl::flat_hash_set<CacheKey> loading ABSL_GUARDED_BY(mu);
    uint64_t bytes ABSL_GUARDED_BY(mu) = 0;
  };

  Shard& ShardOf(const CacheKey& key) { return shards_[absl::Hash<CacheKey>()(key) % kShards]; }
  Pointer Touch(Shard& shard, const CacheKey& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu) {
    auto it = shard.entries.find(key);
    if (it == shard.entries.end()) return nullptr;
    shard.order.splice(shard.order.begin(), shard.order, it->second);
    return it->second->value;
  }
  void Insert(Shard& shard, const CacheKey& key, Pointer value, size_t bytes)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu) {
    auto it = shard.entries.find(key);
    if (it != shard.entries.end()) Remove(shard, it->second);
    shard.order.push_front({key, std::move(value), bytes});
    shard.entries[key] = shard.order.begin();
    shard.bytes += bytes;
    while (shard.bytes > shard_capacity_ && shard.order.size() > 1) {
      Remove(shard, std::prev(shard.order.end()));
    }
  }
  void Remove(Shard& shard, typename Order::iterator entry)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(shard.mu) {
    shard.bytes -= entry->bytes;
    shard.entries.erase(entry->key);
    shard.order.erase(entry);
  }

  static constexpr size_t kShards = 8;
  const uint64_t shard_capacity_;
  std::array<Shard, kShards> shards_;
};

// The plain bytes of one group, every chunk of it verified against its fingerprint.
using GroupBytes = Buffer;
using LoadedGroup = LruCache<GroupBytes>::Loaded;

struct Caches {
  Caches(uint64_t footer_bytes, uint64_t group_bytes, uint64_t stream_bytes = uint64_t{64} << 20)
      : footers(footer_bytes), groups(group_bytes), streams(stream_bytes) {}
  LruCache<format::PackFooter> footers;
  LruCache<GroupBytes> groups;

  // How much of a file one job chunks: less when many are written at once. A file takes at most
  // twelve times as much in buffers, but for what a job must at least have.
  size_t JobBytes() const {
    const uint64_t each = streams / (12 * static_cast<uint64_t>(std::max(writers.load(), 1)));
    return std::clamp<uint64_t>(each, uint64_t{64} << 10, uint64_t{1} << 20);
  }
  const uint64_t streams;       // bytes for the buffers of all files together
  std::atomic<int> writers{0};  // files that hold a lane
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_CACHES_H_
