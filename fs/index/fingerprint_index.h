// Fingerprint -> places where the chunk may lie. All of it in RAM, about 9 bytes an entry, or,
// above a budget, a sample in RAM and the whole on disk. An answer is a hint: the caller compares
// the full fingerprint in the pack's footer. Design and figures: docs/format/index.md.
#ifndef OCA_FS_INDEX_FINGERPRINT_INDEX_H_
#define OCA_FS_INDEX_FINGERPRINT_INDEX_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/ids.h"
#include "lib/io/file_system.h"

namespace oca::index {

// Where a chunk may lie: a pack, and within it one of the 16 ordinals from ordinal_block*16.
struct Location {
  PackId pack;                 // 1 to 2^30 - 2
  uint32_t ordinal_block = 0;  // ordinal / 16, < 2^10
  friend bool operator==(const Location&, const Location&) = default;
};

// Candidates of one fingerprint in a batch lookup. `more` = there were others; ask LookupInRam.
struct Candidates {
  uint8_t count = 0;
  bool more = false;
  Location at[2];
};

struct IndexStats {
  uint32_t one_in = 1;        // of the fingerprints is in RAM; 1: all
  uint64_t entries = 0;       // when sampled: close to
  uint64_t memory_bytes = 0;  // allocated
  uint64_t budget_bytes = 0;
  uint64_t stored_bytes = 0;  // of runs on disk
  uint32_t runs = 0;
  uint64_t stored_lookups = 0;  // that had to ask the runs, since the start
  uint64_t disk_reads = 0;      // of pages, by them
};

// Thread-safe. Never fails for want of memory: what does not fit is looked up on disk.
//
// Load or Save ties the index to a snapshot: a main file and runs beside it. From then on entries
// that no run holds yet are kept in RAM too, until the next Save.
class FingerprintIndex {
 public:
  FingerprintIndex();
  ~FingerprintIndex();
  FingerprintIndex(const FingerprintIndex&) = delete;
  FingerprintIndex& operator=(const FingerprintIndex&) = delete;

  // Adds an entry; adding one that is there already (same tag, same location) does nothing. A
  // location that does not fit (pack 0 or above 2^30 - 2, block above 2^10 - 1) is left out: its
  // chunk is never found as a duplicate. `pinned`: it stays in RAM when the index is sampled.
  void Insert(const Fingerprint& fp, Location at, bool pinned = false);
  // Removes the entry; false when there was none in RAM.
  bool Erase(const Fingerprint& fp, Location at);

  // Candidates in RAM of each of `fps`, prefetched in batches. out.size() == fps.size().
  void LookupMany(std::span<const Fingerprint> fps, std::span<Candidates> out) const;
  // All candidates of one fingerprint in RAM.
  std::vector<Location> LookupInRam(const Fingerprint& fp) const;
  // All candidates of one fingerprint. Reads pages of runs when the index is sampled. An error
  // means that the snapshot is damaged or cannot be read: Clear, and Insert all entries again.
  absl::StatusOr<std::vector<Location>> LookupAll(const Fingerprint& fp) const;

  // Whether RAM holds only a part of the entries.
  bool sampled() const;
  // True when the index is sampled and what `pack` holds would be news; then tell it by AddNearby.
  bool WantsNearby(PackId pack) const;
  // Takes the chunks of a pack that is in use, by ordinal, into RAM for a while: what a stream
  // needs next lies beside what it needed last. A chunk that must not be found has an empty
  // optional.
  void AddNearby(PackId pack, std::span<const std::optional<Fingerprint>> chunks);

  // Removes all entries of these packs, whose ids are never used again.
  void DropPacks(std::vector<PackId> packs);
  // The pack was given to DropPacks, and entries of it would not last: it takes a Clear, and
  // inserting all entries again, before its own count.
  bool IsDropped(PackId pack) const;
  // Removes all entries.
  void Clear();

  // Bytes that memory_bytes() shall stay below. Save makes it so, by sampling; at least 8 MiB.
  void SetBudget(uint64_t bytes);
  // Tells that a Save would free memory, or could bring more into it.
  bool NeedsSave() const;

  uint64_t size() const;          // entries; when sampled: close to
  uint64_t memory_bytes() const;  // allocated by the table
  IndexStats stats() const;

  // Makes the index durable at `path` and beside it, with `meta` (opaque: what the entries cover),
  // replacing what was there atomically. Writes what is new since the last Save to the same place,
  // merges runs now and then, and keeps to the budget. Entries inserted or erased while it runs may
  // or may not be in it. After an error the snapshot on disk is the old or the new one.
  absl::Status Save(io::FileSystem& fs, const std::string& path, std::string_view meta);
  // Replaces the contents by the snapshot at `path`; returns its meta. kDataLoss when it is
  // damaged, ENOENT when missing; after any failure the contents are empty. Changes made while it
  // runs may be lost. `fs` must outlive the index or the next Load or Save.
  absl::StatusOr<std::string> Load(io::FileSystem& fs, const std::string& path);
  // Removes the snapshot at `path` durably; OK when there is none.
  static absl::Status RemoveSnapshot(io::FileSystem& fs, const std::string& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oca::index

#endif  // OCA_FS_INDEX_FINGERPRINT_INDEX_H_
