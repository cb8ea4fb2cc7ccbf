// All that Oca's engine asks of an operating system's files. Implementations: posix (production),
// memory and fault-injecting (tests). Paths are absolute, '/'-separated. Errors carry their errno
// (lib/base/status.h): a missing file is ENOENT, a full disk ENOSPC.
//
// Durability model, which every implementation and every caller keeps to:
//   * File contents are durable after File::Sync returns OK.
//   * A directory entry (creation, rename, removal) is durable after SyncDir of its directory
//   returns OK.
//   * What was not synced may be lost, kept, or torn in any combination by a power cut.
#ifndef OCA_LIB_IO_FILE_SYSTEM_H_
#define OCA_LIB_IO_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace oca::io {

// An open file. Thread-safe: calls on different ranges may run at once. Closing happens in the
// destructor and promises nothing: call Sync first.
class File {
 public:
  virtual ~File() = default;
  // Reads up to out.size() bytes at `offset`; returns how many, fewer only at the end of the file.
  virtual absl::StatusOr<size_t> ReadAt(uint64_t offset, std::span<char> out) = 0;
  // Writes all of `data`, extending the file when needed. After an error any part may have been
  // written.
  virtual absl::Status WriteAt(uint64_t offset, std::string_view data) = 0;
  // Makes contents and length durable (fdatasync). After an error, what was written since the last
  // success may never become durable, and every later Sync of this File fails too: write the data
  // to another file, or stop.
  virtual absl::Status Sync() = 0;
  // Starts writing `length` dirty bytes at `offset` out without waiting. A hint: promises nothing,
  // never fails.
  virtual void StartWriteback(uint64_t offset, uint64_t length) = 0;
  // Starts bringing `length` bytes at `offset` into memory without waiting. A hint, as above.
  virtual void StartReadahead(uint64_t offset, uint64_t length) = 0;
  virtual absl::StatusOr<uint64_t> Size() = 0;
  virtual absl::Status Truncate(uint64_t size) = 0;
};

enum class OpenMode {
  kRead,          // must exist
  kReadWrite,     // must exist
  kCreateNew,     // must not exist; read and write
  kOpenOrCreate,  // read and write
  kTruncate,      // created or emptied; read and write
  // Must exist; reads go to the disk, past the kernel's cache. Offsets, lengths and addresses are
  // multiples of 4096. EINVAL where the file system cannot do that.
  kReadDirect,
};
constexpr bool ReadsOnly(OpenMode mode) {
  return mode == OpenMode::kRead || mode == OpenMode::kReadDirect;
}

struct FileInfo {
  uint64_t size_bytes = 0;
  bool is_directory = false;
  int64_t mtime_seconds = 0;
};

struct SpaceInfo {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;  // to an unprivileged writer
};

// Held while it lives; the operating system drops it when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Thread-safe.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) = 0;
  // The parent must exist; EEXIST when `path` exists.
  virtual absl::Status CreateDir(const std::string& path) = 0;
  // Replaces `to` atomically. Durable only after SyncDir of both directories.
  virtual absl::Status Rename(const std::string& from, const std::string& to) = 0;
  virtual absl::Status Link(const std::string& from, const std::string& to) = 0;
  virtual absl::Status RemoveFile(const std::string& path) = 0;
  virtual absl::Status RemoveDir(const std::string& path) = 0;
  // Names without "." and "..", in no order.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& dir) = 0;
  virtual absl::Status SyncDir(const std::string& dir) = 0;
  virtual absl::StatusOr<FileInfo> Stat(const std::string& path) = 0;
  virtual absl::StatusOr<SpaceInfo> Space(const std::string& path) = 0;
  // Creates `path` when missing and takes an exclusive lock on it; EAGAIN when another holder
  // exists (another process, or another lock object of this one).
  virtual absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

// The machine's files; lives for ever.
FileSystem& PosixFileSystem();

// --- Helpers on any FileSystem. ---

// "a/b" -> "a"; "/a" -> "/".
std::string DirName(const std::string& path);
std::string JoinPath(std::string_view dir, std::string_view name);
// The file's whole contents.
absl::StatusOr<std::string> ReadFile(FileSystem& fs, const std::string& path);
// Replaces `path` with `data` atomically and durably: temporary file `path`.tmp, Sync, Rename,
// SyncDir. One caller at a time for one path. After an error the old contents stand, or (only
// SyncDir failed) the new ones without durability.
absl::Status WriteFileAtomically(FileSystem& fs, const std::string& path, std::string_view data);
// Creates `path` and missing parents, each durable.
absl::Status CreateDirs(FileSystem& fs, const std::string& path);
// RemoveFile, then SyncDir.
absl::Status RemoveFileDurably(FileSystem& fs, const std::string& path);

}  // namespace oca::io

#endif  // OCA_LIB_IO_FILE_SYSTEM_H_
