// A pack being written to a local file.
#ifndef OCA_FS_STORE_LOCAL_PACK_WRITER_H_
#define OCA_FS_STORE_LOCAL_PACK_WRITER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/format/pack.h"
#include "fs/store/pack_store.h"
#include "lib/io/file_system.h"

namespace oca::store {

// A disk sector or a page: what a power cut may tear as a whole. Bytes that are durable are never
// in one sector with bytes written later.
inline constexpr uint64_t kSectorBytes = 4096;
inline constexpr uint64_t AlignUp(uint64_t n) {
  return (n + kSectorBytes - 1) & ~(kSectorBytes - 1);
}

// Write order (docs/format/pack.md): groups are durable before a footer that lists them is written.
//
// A failed sync leaves it unknown what reached the disk, and the kernel may call lost pages clean.
// So the next Sync opens the file anew, reads back every group since the last good sync, checks it
// and writes it again.
class LocalPackWriter final : public PackWriter {
 public:
  // Creates `path` (its folder must exist) and writes the header. `keys` encrypts the footer.
  // `sync_entry` makes the file's
  // directory entry durable.
  static absl::StatusOr<std::unique_ptr<PackWriter>> Create(
      io::FileSystem& fs, const std::string& path, format::PackHeader header, const GroupKeys* keys,
      std::function<absl::Status()> sync_entry);

  absl::StatusOr<uint64_t> Append(std::string_view encoded_group) override;
  absl::Status Sync() override;
  absl::Status Seal(const format::PackFooter& footer) override;
  uint64_t size() const override;
  PackId id() const override { return header_.pack_id; }

 private:
  // A group that was written and is not known to be durable.
  struct Unsynced {
    uint64_t offset;
    uint64_t size;
    uint64_t generation;
    bool rewrite;  // written before a sync failed
  };

  LocalPackWriter(io::FileSystem& fs, std::string path, format::PackHeader header,
                  const GroupKeys* keys, std::shared_ptr<io::File> file,
                  std::function<absl::Status()> sync_entry)
      : fs_(fs),
        path_(std::move(path)),
        header_(header),
        keys_(keys),
        sync_entry_(std::move(sync_entry)),
        file_(std::move(file)) {}

  // A place for `size` bytes: a range that a failed Append left, else the end.
  uint64_t Reserve(uint64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Gives back the range of a failed Append.
  void Release(uint64_t offset, uint64_t size, uint64_t generation)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Shrinks the free ranges to whole sectors.
  void TrimFree() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckFooter(const format::PackFooter& footer) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status SyncLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mu_);
  // fdatasync; remembers a failure.
  absl::Status SyncFile(io::File& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mu_);
  // After a failed sync: a fresh handle, and all that is not durable marked to be written again.
  absl::Status Reopen() ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mu_);
  // Writes marked groups up to `generation` again.
  absl::Status RewriteMarked(uint64_t generation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(sync_mu_);
  std::shared_ptr<io::File> file() const;

  io::FileSystem& fs_;
  const std::string path_;
  const format::PackHeader header_;
  const GroupKeys* const keys_;  // null: no pack is encrypted
  const std::function<absl::Status()> sync_entry_;

  absl::Mutex sync_mu_ ABSL_ACQUIRED_BEFORE(mu_);  // one Sync or Seal at a time
  bool entry_durable_ ABSL_GUARDED_BY(sync_mu_) = false;
  bool sync_failed_ ABSL_GUARDED_BY(sync_mu_) = false;
  bool header_durable_ ABSL_GUARDED_BY(sync_mu_) = false;

  mutable absl::Mutex mu_;  // never held during I/O
  std::shared_ptr<io::File> file_ ABSL_GUARDED_BY(mu_);
  uint64_t end_ ABSL_GUARDED_BY(mu_) = format::kPackHeaderSize;
  uint64_t barrier_ ABSL_GUARDED_BY(mu_) =
      0;  // groups begin at or after it, but for those in free_
  std::map<uint64_t, uint64_t> free_
      ABSL_GUARDED_BY(mu_);  // offset -> size, before end_, not adjacent
  // Groups belong to the generation in which their Append began; each Sync begins a new one.
  uint64_t generation_ ABSL_GUARDED_BY(mu_) = 0;
  int in_flight_[2] ABSL_GUARDED_BY(mu_) = {0, 0};  // Appends by generation % 2
  uint64_t reopens_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<Unsynced> unsynced_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<uint64_t, uint64_t> groups_ ABSL_GUARDED_BY(mu_);  // appended: offset -> size
  uint64_t written_back_ ABSL_GUARDED_BY(mu_) = 0;
  bool sealing_ ABSL_GUARDED_BY(mu_) = false;
  bool sealed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace oca::store

#endif  // OCA_FS_STORE_LOCAL_PACK_WRITER_H_
