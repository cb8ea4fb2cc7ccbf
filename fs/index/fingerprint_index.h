// Fingerprint -> places where the chunk may lie, in RAM. About 10 bytes an entry. An answer is a
// hint: the caller compares the full fingerprint in the pack's footer. Design and figures:
// docs/format/index.md.
#ifndef OCA_FS_INDEX_FINGERPRINT_INDEX_H_
#define OCA_FS_INDEX_FINGERPRINT_INDEX_H_

#include <cstdint>
#include <functional>
#include <memory>
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

// Candidates of one fingerprint in a batch lookup. `more` = there were others; ask LookupAll.
struct Candidates {
  uint8_t count = 0;
  bool more = false;
  Location at[2];
};

// Thread-safe.
class FingerprintIndex {
 public:
  FingerprintIndex();
  ~FingerprintIndex();
  FingerprintIndex(const FingerprintIndex&) = delete;
  FingerprintIndex& operator=(const FingerprintIndex&) = delete;

  // Adds an entry; adding one that is there already (same tag, same location) does nothing. A
  // location that does not fit (pack 0 or above 2^30 - 2, block above 2^10 - 1) is left out: its
  // chunk is never found as a duplicate.
  void Insert(const Fingerprint& fp, Location at);
  // Removes the entry; false when there was none.
  bool Erase(const Fingerprint& fp, Location at);
  // The candidates of each of `fps`, prefetched in batches. out.size() == fps.size().
  void LookupMany(std::span<const Fingerprint> fps, std::span<Candidates> out) const;
  // All candidates of one fingerprint.
  std::vector<Location> LookupAll(const Fingerprint& fp) const;
  // Removes each entry for which `drop(location)` is true; returns how many. Locks a small part of
  // the index at a time, also while it calls `drop`, which must not call the index.
  uint64_t EraseIf(const std::function<bool(Location)>& drop);

  uint64_t size() const;          // entries
  uint64_t memory_bytes() const;  // allocated by the table

  // Writes the whole index to `path` atomically and durably, with `meta` (opaque: what the entries
  // cover). Entries inserted or erased while it runs may or may not be in it.
  absl::Status Save(io::FileSystem& fs, const std::string& path, std::string_view meta) const;
  // Replaces the contents by the snapshot at `path`; returns its meta. kDataLoss when any byte of
  // it is damaged, ENOENT when missing; after any failure the contents are empty. Changes made
  // while it runs may be lost.
  absl::StatusOr<std::string> Load(io::FileSystem& fs, const std::string& path);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oca::index

#endif  // OCA_FS_INDEX_FINGERPRINT_INDEX_H_
