// The files that cartridges and libraries stand in. lib/io's interface cut down to what tapes need
// and free of Abseil; the durability model is that of lib/io/file_system.h:
//   * File contents are durable after StorageFile::Sync returns ok.
//   * A directory entry is durable after SyncDir of its directory returns ok.
//   * What was not synced may be lost, kept, or torn in any combination by a power cut.
// Tests put lib/io's fault-injecting file system behind it (t/support/vtape_storage.h).
#ifndef OCA_LIB_VTAPE_STORAGE_H_
#define OCA_LIB_VTAPE_STORAGE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/vtape/status.h"

namespace oca::vtape {

class StorageFile {
 public:
  virtual ~StorageFile() = default;
  // Returns how many bytes were read, fewer than out.size() only at the end of the file.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<char> out) = 0;
  // As ReadAt, for bytes that nobody reads again soon: they need no place in the machine's memory
  // but `out`, which is best aligned to pages.
  virtual Result<size_t> ReadOnce(uint64_t offset, std::span<char> out) {
    return ReadAt(offset, out);
  }
  // After an error any part may have been written.
  virtual Status WriteAt(uint64_t offset, std::string_view data) = 0;
  // As WriteAt, with what ReadOnce says of memory.
  virtual Status WriteOnce(uint64_t offset, std::string_view data) { return WriteAt(offset, data); }
  // After an error what was written since the last success may never become durable: stop.
  virtual Status Sync() = 0;
  virtual Result<uint64_t> Size() = 0;
  virtual Status Truncate(uint64_t size) = 0;
};

// Held while it lives; dropped when the process dies.
class StorageLock {
 public:
  virtual ~StorageLock() = default;
};

// Thread-safe. Paths are absolute.
class Storage {
 public:
  enum class Mode { kReadWrite, kTruncate };  // kTruncate creates or empties
  virtual ~Storage() = default;
  virtual Result<std::unique_ptr<StorageFile>> Open(const std::string& path, Mode mode) = 0;
  // ok when it exists already.
  virtual Status CreateDir(const std::string& path) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status RemoveFile(const std::string& path) = 0;
  virtual Status RemoveDir(const std::string& path) = 0;
  virtual Status SyncDir(const std::string& dir) = 0;
  // Creates `path` when missing; kBusy when another holder exists.
  virtual Result<std::unique_ptr<StorageLock>> Lock(const std::string& path) = 0;
  // The same, but waits for the other holder. For locks that are held for moments.
  virtual Result<std::unique_ptr<StorageLock>> LockAndWait(const std::string& path) = 0;
};

// The machine's files; lives for ever.
Storage& PosixStorage();

// The file's whole contents; kDamaged when it is longer than `limit_bytes`.
Result<std::string> ReadWhole(Storage& storage, const std::string& path, uint64_t limit_bytes);
// Replaces `path` with `data` atomically and durably by way of `path`.tmp. After an error the old
// contents stand, or (only the last sync failed) the new ones without durability.
Status WriteAtomically(Storage& storage, const std::string& path, std::string_view data);
// "a/b" -> "a".
std::string ParentOf(const std::string& path);

}  // namespace oca::vtape

#endif  // OCA_LIB_VTAPE_STORAGE_H_
