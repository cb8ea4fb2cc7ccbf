// A cartridge's index file: entries by object number, appended in batches.
#ifndef OCA_LIB_VTAPE_INDEX_FILE_H_
#define OCA_LIB_VTAPE_INDEX_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "lib/vtape/index_format.h"
#include "lib/vtape/storage.h"

namespace oca::vtape {

// Not thread-safe.
class IndexFile {
 public:
  // `objects`: how many of the file's entries count.
  IndexFile(std::unique_ptr<StorageFile> file, CartridgeId id) : file_(std::move(file)), id_(id) {}

  uint64_t objects() const { return written_ + pending_.size() / kEntryBytes; }
  // Entry of `object` < objects(). kDamaged when it is not what was written there.
  Result<Entry> Get(uint64_t object);
  // Whether Get of it does not ask the file.
  bool HasAtHand(uint64_t object) const;
  // Adds the next object's entry; it reaches the file by batches. After an error it is not added.
  Status Append(const Entry& entry);
  // Whether the next Append does not write to the file.
  bool AppendIsQuick() const;
  // Hands what Append gathered to the file.
  Status Flush();
  // Forgets the entries from `objects` on, and cuts the file there.
  Status Truncate(uint64_t objects);
  // Declares that the first `objects` entries of the file count.
  void SetObjects(uint64_t objects);
  Result<uint64_t> EntriesInFile();

  // The whole checkpoints of the two places, newest first. kDamaged when there is none.
  Result<std::vector<Checkpoint>> ReadCheckpoints();
  // Writes to the place that the one before it did not take; durable after Sync.
  Status WriteCheckpoint(const Checkpoint& checkpoint);
  // Takes that back, as far as the file can: for a checkpoint whose sync failed.
  void WithdrawCheckpoint(const Checkpoint& checkpoint);
  Status Sync() { return file_->Sync(); }

 private:
  std::unique_ptr<StorageFile> file_;
  const CartridgeId id_;
  uint64_t written_ = 0;       // entries in the file that count
  std::string pending_;        // encoded entries after those
  std::string window_;         // encoded entries as read last
  uint64_t window_first_ = 0;  // the object of its first entry
};

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_INDEX_FILE_H_
