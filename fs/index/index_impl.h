// Inside oca_index: the state behind FingerprintIndex.
#ifndef OCA_FS_INDEX_INDEX_IMPL_H_
#define OCA_FS_INDEX_INDEX_IMPL_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "fs/index/entry.h"
#include "fs/index/fingerprint_index.h"
#include "fs/index/run_set.h"
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
  uint16_t global_shard() const { return static_cast<uint16_t>(stripe * kShardsPerStripe + shard); }
};
inline Key KeyOf(const Fingerprint& fp) {
  uint64_t prefix = fp.Prefix64();
  return {static_cast<uint32_t>(prefix >> 56), static_cast<uint32_t>(prefix >> 48 & 0xff),
          static_cast<uint32_t>(prefix >> 24 & 0xffffff)};
}

inline Location LocationOf(Slot slot) { return {PackId(PackOf(slot)), BlockOf(slot)}; }

// The least budget that is kept to.
inline constexpr uint64_t kMinBudget = 8u << 20;
// What an entry that no run holds yet takes beside its slot.
inline constexpr uint64_t kFreshBytes = 28;

using ShardArray = std::array<Shard, kShardsPerStripe>;

// Shards under one lock.
struct alignas(64) Stripe {
  mutable StripeLock mu;
  ShardArray shards ABSL_GUARDED_BY(mu);
  // Of a sampled index: what packs lately in use hold; the younger generation and the older.
  std::array<std::unique_ptr<ShardArray>, 2> nearby ABSL_GUARDED_BY(mu);
  // Changes that no run holds yet.
  using Fresh = absl::btree_set<Entry>;
  Fresh fresh ABSL_GUARDED_BY(mu);

  // Changed under mu.
  std::atomic<uint64_t> size{0};   // entries of `shards`
  std::atomic<uint64_t> bytes{0};  // of slots, those of `nearby` too
  std::atomic<uint64_t> fresh_size{0};
  std::atomic<int64_t> fresh_net{0};  // those inserted less those erased

  void Count(Shard::Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    size.fetch_add(static_cast<uint64_t>(change.size), std::memory_order_relaxed);
    CountNearby(change);
  }
  void CountNearby(Shard::Change change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    bytes.fetch_add(static_cast<uint64_t>(change.bytes), std::memory_order_relaxed);
  }
  void SetFresh(const Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  Fresh::iterator ForgetFresh(Fresh::iterator it) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void ClearFresh() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Brings the fresh entries of `shard` in among `entries` of the shard, which are older.
  void AddFresh(uint16_t shard, std::vector<Entry>* entries) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void DropNearby(size_t generation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

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

  // One Save, Load, Clear or DropPacks at a time; taken before any other lock.
  mutable absl::Mutex save_mu;
  io::FileSystem* fs ABSL_GUARDED_BY(save_mu) = nullptr;  // of the snapshot; null: none yet
  std::string path ABSL_GUARDED_BY(save_mu);
  uint64_t next_run ABSL_GUARDED_BY(save_mu) = 1;
  bool orphans ABSL_GUARDED_BY(save_mu) = false;  // there may be files of no use

  // Changed under save_mu. Entries are in RAM when their tag is sampled at `level`, or they are
  // pinned. `exact`: all are. `recording`: changes are kept in `fresh`.
  std::atomic<uint32_t> level{0};
  std::atomic<bool> exact{true};
  std::atomic<bool> recording{false};
  std::atomic<uint64_t> budget{UINT64_MAX};
  std::atomic<uint64_t> pinned{0};  // about how many, when sampled

  mutable absl::Mutex runs_mu;
  std::shared_ptr<const RunSet> runs ABSL_GUARDED_BY(runs_mu) = std::make_shared<RunSet>();

  mutable absl::Mutex nearby_mu;  // taken before a stripe's
  std::array<absl::flat_hash_set<PackId>, 2> nearby_packs ABSL_GUARDED_BY(nearby_mu);
  uint64_t nearby_bytes ABSL_GUARDED_BY(nearby_mu) = 0;  // of the younger generation

  mutable std::atomic<uint64_t> stored_lookups{0};
  mutable std::atomic<uint64_t> disk_reads{0};

  std::shared_ptr<const RunSet> Runs() const ABSL_LOCKS_EXCLUDED(runs_mu) {
    absl::MutexLock lock(&runs_mu);
    return runs;
  }
  void Publish(std::shared_ptr<const RunSet> fresh_set) ABSL_LOCKS_EXCLUDED(runs_mu) {
    absl::MutexLock lock(&runs_mu);
    runs = std::move(fresh_set);
  }
  uint64_t Size() const;
  uint64_t FreshSize() const;
  int64_t FreshNet() const;
  uint64_t MemoryBytes() const;
  void Clear() ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mu);

  // sampling.cc
  uint64_t FreshLimit() const;
  uint64_t NearbyLimit() const;  // bytes of a generation
  uint64_t Estimate(uint64_t entries, uint32_t level) const;
  // The level for so many entries, from the present one; hysteresis is in it.
  uint32_t WantedLevel(uint64_t entries) const;
  uint32_t LevelFor(uint64_t entries) const;
  // Lays RAM out anew for this level, by runs and fresh entries, on this many threads.
  absl::Status SetLevel(uint32_t level, int threads) ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mu);
  absl::Status Populate(uint32_t level, uint32_t first_shard, uint32_t end_shard);
  void ForgetNearby() ABSL_LOCKS_EXCLUDED(nearby_mu);

  // snapshot.cc
  absl::StatusOr<std::shared_ptr<const Run>> WriteFresh(io::FileSystem& to,
                                                        const std::string& to_path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mu);
  void StopRecording() ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mu);
  absl::Status ForgetFresh(const Run& run) ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mu);
  absl::Status Write(io::FileSystem& to, const std::string& to_path, std::string_view meta)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mu);
  absl::Status MergeRuns(std::string_view meta) ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mu);
  absl::Status Restore(std::string* meta) ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mu);
  void RemoveOrphans() ABSL_EXCLUSIVE_LOCKS_REQUIRED(save_mu);
};

}  // namespace oca::index

#endif  // OCA_FS_INDEX_INDEX_IMPL_H_
