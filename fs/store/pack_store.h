// Where the packs of one storage group lie. One interface; `local` (files) is the first
// implementation.
#ifndef OCA_FS_STORE_PACK_STORE_H_
#define OCA_FS_STORE_PACK_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/format/pack.h"
#include "fs/store/group_keys.h"
#include "lib/io/file_system.h"

namespace oca::store {

// A pack being written. Thread-safe: several threads may Append at once.
class PackWriter {
 public:
  virtual ~PackWriter() = default;
  // Puts an encoded group at the end; returns its offset. After an error nothing of the group
  // counts: the range is reused by the next Append (which rewrites it), so a failed Append may
  // simply be tried again.
  virtual absl::StatusOr<uint64_t> Append(std::string_view encoded_group) = 0;
  // Makes all groups appended before the call durable, and on the first call also the pack's
  // directory entry.
  virtual absl::Status Sync() = 0;
  // Writes footer and trailer after the last group and makes everything durable; the footer is
  // encrypted with its `key`, as its groups were by the caller. Once; then only
  // size() and id() may be called. May be tried again after an error.
  virtual absl::Status Seal(const format::PackFooter& footer) = 0;
  // Bytes in the file so far, header included.
  virtual uint64_t size() const = 0;
  virtual PackId id() const = 0;
  // The pack lies where it may go missing while it is filled: whoever fills it keeps what is not
  // durable yet, and stores that elsewhere when Append, Sync or Seal fails.
  virtual bool may_go_missing() const { return false; }
  // Then how far its disk is behind with what is kept so: it should be synced, or not be filled on.
  enum class Behind { kNot, kSyncSoon, kFillNoMore };
  virtual Behind behind() const { return Behind::kNot; }
};

struct PackInfo {
  PackId id;
  uint64_t size_bytes = 0;
};

// Thread-safe.
class PackStore {
 public:
  virtual ~PackStore() = default;
  // A new, empty pack with its header written; its id must never have been used.
  virtual absl::StatusOr<std::unique_ptr<PackWriter>> Create(PackId id) = 0;
  // Exactly `length` bytes at `offset` of the pack: kDataLoss when it ends before, ENOENT when
  // there is no such pack.
  virtual absl::StatusOr<std::string> Read(PackId id, uint64_t offset, size_t length) = 0;
  // Starts bringing a part of the pack into memory without waiting. A hint: promises nothing, never
  // fails.
  virtual void StartReadahead(PackId id, uint64_t offset, uint64_t length) = 0;
  // The footer of a sealed pack. kNotFound with ErrnoOf ENODATA when the pack has none (not sealed,
  // torn), ENOENT when there is no such pack, kDataLoss when trailer or footer are damaged.
  virtual absl::StatusOr<format::PackFooter> ReadFooter(PackId id) = 0;
  // Whether the file is there by its name and begins with this pack's header: ENOENT, or kDataLoss
  // when the header is damaged or another pack's.
  virtual absl::Status CheckHeader(PackId id) = 0;
  // Writes the header anew, durably. Not for a pack whose header is whole.
  virtual absl::Status RepairHeader(PackId id) = 0;
  virtual absl::StatusOr<std::vector<PackInfo>> List() = 0;
  // Unlinks the pack durably. Readers that hold it open finish undisturbed. ENOENT when there is
  // none (durably).
  virtual absl::Status Remove(PackId id) = 0;
  // For a pack without a good footer: scans its groups, keeps each whole one (CRC good, payload
  // decodes), recomputes fingerprints, drops a torn tail, then seals it with a footer. Damaged
  // groups in the middle are skipped by looking for the next group magic. Returns the footer; a
  // pack with no whole group is removed and gives ENOENT; one that had been sealed is set aside in
  // place of being removed.
  virtual absl::StatusOr<format::PackFooter> Recover(PackId id) = 0;
  // Deletes what was set aside; returns how many packs that were.
  virtual absl::StatusOr<uint64_t> RemoveSetAside() = 0;
};

// Packs as files `dir`/<xx>/<16 hex digits of the id>.pack, xx = the id's low byte in hex. Creates
// `dir` when missing. Keeps a bounded number of files open for reading. `fs` and `keys` must
// outlive it, and it its writers. `keys`: of the storage group; null: no pack is encrypted.
absl::StatusOr<std::unique_ptr<PackStore>> OpenLocalPackStore(io::FileSystem& fs,
                                                              const std::string& dir, GroupId group,
                                                              const GroupKeys* keys = nullptr);

}  // namespace oca::store

#endif  // OCA_FS_STORE_PACK_STORE_H_
