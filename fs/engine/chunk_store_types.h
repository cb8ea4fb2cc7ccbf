// What a ChunkStore is made of, and what it answers with.
#ifndef OCA_FS_ENGINE_CHUNK_STORE_TYPES_H_
#define OCA_FS_ENGINE_CHUNK_STORE_TYPES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "fs/engine/caches.h"
#include "fs/engine/work_queue.h"
#include "fs/store/codec.h"
#include "fs/store/group_keys.h"
#include "fs/store/storage_paths.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/io/file_system.h"

namespace oca::engine {

struct ChunkStoreOptions {
  io::FileSystem* fs = nullptr;
  Clock* clock = &SystemClock();
  std::string dir;  // holds packs/ and index.snapshot
  GroupId group;
  store::Compression compression = store::Compression::kFast;
  uint64_t pack_target_bytes = 8u << 20;
  WorkQueue* workers = nullptr;   // compress
  WorkQueue* decoders = nullptr;  // decode ahead of readers
  WorkQueue* sealers = nullptr;   // write footers
  Caches* caches = nullptr;
  const store::GroupKeys* keys = nullptr;       // of the group; null: it is never encrypted
  uint64_t index_budget_bytes = 64u << 20;      // see SetIndexBudget
  uint64_t count_budget_bytes = 16u << 20;      // see SetCountBudget
  uint64_t reduction_budget_bytes = 16u << 20;  // see SetReductionBudget
  std::string names_state;                      // as it is at Open; see Stop
  store::StoragePaths* paths = nullptr;         // null: packs lie in `dir` only
  bool performance_tier = false;                // packs belong in the paths of that tier
};

// Which group of which pack holds a chunk.
struct GroupPlace {
  PackId pack;
  uint32_t index = 0;
  friend bool operator==(const GroupPlace&, const GroupPlace&) = default;
};

// What the cleaner could do now. Bytes as they are stored, estimated from each pack's live share.
struct SweepPlan {
  struct Pack {
    PackId id;
    uint64_t live_bytes = 0;
    uint64_t dead_bytes = 0;
  };
  std::vector<Pack> packs;         // worth sweeping, in the order to do it
  uint64_t copied_bytes = 0;       // in them, live
  uint64_t freed_bytes = 0;        // in them, dead
  uint64_t reclaimable_bytes = 0;  // dead in all packs
};

struct SweepResult {
  uint64_t packs_removed = 0;
  uint64_t bytes_removed = 0;
  uint64_t bytes_copied = 0;    // as they are stored, estimated from the share of each group
  uint64_t bytes_saved = 0;     // by deltas
  uint64_t bases_released = 0;  // needed no more by deltas in packs that were removed
};

// How much of the packs was checked.
struct CheckProgress {
  uint64_t packs = 0;
  uint64_t verified = 0;                       // at their last check
  absl::Time oldest = absl::InfiniteFuture();  // last check of all
};

// How far the encryption of what was there is.
struct EncryptionProgress {
  uint64_t plain_bytes = 0;  // of pack files that are not encrypted
  uint64_t encrypted_bytes = 0;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_CHUNK_STORE_TYPES_H_
