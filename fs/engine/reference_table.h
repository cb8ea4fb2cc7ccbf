// How many references each chunk of a storage group has: from recipe roots in inodes, and from
// nodes that have references themselves. A byte a chunk. What a recipe's root adds and takes away
// is counted when it comes and goes, so the cleaner looks at what changed and at nothing else.
// Where memory is too small for that, a bit a chunk says whether there is any: a count of the
// moment, which is made anew for each run.
#ifndef OCA_FS_ENGINE_REFERENCE_TABLE_H_
#define OCA_FS_ENGINE_REFERENCE_TABLE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "fs/format/pack.h"
#include "fs/format/reference_counts.h"
#include "lib/base/ids.h"

namespace oca::engine {

// A chunk's place, exactly.
struct ChunkPlace {
  PackId pack;
  uint32_t ordinal = 0;
  uint32_t length = 0;
  bool is_delta = false;  // stored as one
};

struct PackLiveness {
  PackId pack;
  uint64_t plain_bytes = 0;  // of all chunks, recipe nodes too
  uint64_t dead_bytes = 0;   // of those without a reference
};

// Thread-safe.
class ReferenceTable {
 public:
  // Forgets everything; the count begins anew, with a bit a chunk when `compact`.
  void Reset(bool compact = false) ABSL_LOCKS_EXCLUDED(mu_);
  bool compact() const ABSL_LOCKS_EXCLUDED(mu_);
  // The count is whole (SetExact after Reset), or it cannot be relied on any more (Invalidate).
  void SetExact() ABSL_LOCKS_EXCLUDED(mu_);
  void Invalidate() ABSL_LOCKS_EXCLUDED(mu_);
  bool exact() const ABSL_LOCKS_EXCLUDED(mu_);

  // A sealed pack; keeps counts that it has from the time when it was open.
  void AddPack(const format::PackFooter& footer) ABSL_LOCKS_EXCLUDED(mu_);
  bool HasPack(PackId pack) const ABSL_LOCKS_EXCLUDED(mu_);
  void RemovePack(PackId pack) ABSL_LOCKS_EXCLUDED(mu_);

  uint32_t Count(PackId pack, uint32_t ordinal) const ABSL_LOCKS_EXCLUDED(mu_);
  // The chunk is, or was, the base of a delta: it never becomes one itself.
  void NoteBase(const ChunkPlace& place) ABSL_LOCKS_EXCLUDED(mu_);
  bool IsBase(PackId pack, uint32_t ordinal) const ABSL_LOCKS_EXCLUDED(mu_);
  // `references` more; returns how many there were.
  uint32_t Add(const ChunkPlace& place, uint32_t references) ABSL_LOCKS_EXCLUDED(mu_);
  // One less; returns how many are left. Without any the table is not exact any more.
  uint32_t Drop(const ChunkPlace& place) ABSL_LOCKS_EXCLUDED(mu_);

  // References to chunks that lie in no pack (a damaged file has such).
  uint32_t AddMissing(const Fingerprint& fp) ABSL_LOCKS_EXCLUDED(mu_);
  // False: none was counted as missing.
  bool DropMissing(const Fingerprint& fp, uint32_t* left) ABSL_LOCKS_EXCLUDED(mu_);
  bool IsMissing(const Fingerprint& fp) const ABSL_LOCKS_EXCLUDED(mu_);
  // All of them; they are the caller's to count again.
  std::vector<std::pair<Fingerprint, uint32_t>> TakeMissing() ABSL_LOCKS_EXCLUDED(mu_);

  // Of every sealed pack, ascending by id.
  std::vector<PackLiveness> Liveness() const ABSL_LOCKS_EXCLUDED(mu_);
  uint64_t memory_bytes() const ABSL_LOCKS_EXCLUDED(mu_);

  // Moves packs, many and missing out; the table is as after Reset. Not of a compact one.
  void Take(format::ReferenceCounts* out) ABSL_LOCKS_EXCLUDED(mu_);
  // Takes over what Take gave, into an empty table. The count is not exact before SetExact.
  void Put(format::ReferenceCounts in) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  static constexpr uint8_t kMany = format::kManyReferences;  // the number is in many_
  struct Pack {
    std::string counts;   // a byte a chunk, or a bit
    std::string bases;    // a bit a chunk, up to the last base
    uint32_t chunks = 0;  // that there is a count for
    bool sealed = false;
    uint64_t plain_bytes = 0;
    uint64_t dead_bytes = 0;
  };
  using Ordinal = std::pair<PackId, uint32_t>;

  void Forget() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Grow(Pack& pack, uint32_t chunks) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  uint32_t Get(PackId id, const Pack& pack, uint32_t ordinal) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Set(PackId id, Pack& pack, uint32_t ordinal, uint32_t references)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  mutable absl::Mutex mu_;
  bool compact_ ABSL_GUARDED_BY(mu_) = false;
  bool exact_ ABSL_GUARDED_BY(mu_) = false;
  std::map<PackId, Pack> packs_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<Ordinal, uint32_t> many_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<Fingerprint, uint32_t> missing_ ABSL_GUARDED_BY(mu_);
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_REFERENCE_TABLE_H_
