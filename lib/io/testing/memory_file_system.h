// A file system in memory, for tests: the semantics of a local Linux file system without its
// devices.
#ifndef OCA_LIB_IO_TESTING_MEMORY_FILE_SYSTEM_H_
#define OCA_LIB_IO_TESTING_MEMORY_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/base/clock.h"
#include "lib/io/file_system.h"
#include "lib/io/testing/file_contents.h"

namespace oca::io {

// Kinds of calls. The first group changes the disk.
enum class Op {
  kCreate,    // Open or Lock that creates a file, CreateDir
  kWrite,     // File::WriteAt of at least one byte
  kTruncate,  // File::Truncate, Open that empties an existing file
  kSync,      // File::Sync
  kRename,
  kLink,
  kRemove,  // RemoveFile, RemoveDir
  kSyncDir,

  kRead,    // File::ReadAt
  kLookup,  // Open or Lock of an existing file, Stat, Size, List, Space
};
constexpr bool Mutates(Op op) { return op < Op::kRead; }

struct MemoryNode;
using MemoryNodePtr = std::shared_ptr<MemoryNode>;

// A name of a file. Its id stays when the name is moved by Rename; each name of a file has one of
// its own.
struct MemoryLink {
  uint64_t id = 0;
  MemoryNodePtr node;
};
using MemoryEntries = std::map<std::string, MemoryLink, std::less<>>;

struct MemoryNode {
  MemoryNode(Quota* quota, bool is_dir) : is_directory(is_dir), contents(quota) {}

  const bool is_directory;
  int64_t mtime_seconds = 0;
  bool is_locked = false;
  FileContents contents;          // of a file
  MemoryEntries entries;          // of a directory
  MemoryEntries durable_entries;  // kept by FaultFileSystem alone
};

// One change of directories, atomic: `link` ceases to be `from` (when given) and becomes `to` (when
// given).
struct EntryOp {
  struct Place {
    MemoryNodePtr dir;
    std::string name;
  };
  MemoryLink link;
  std::optional<Place> from;
  std::optional<Place> to;
  bool replaces = false;      // Rename: what stood at `to` goes
  MemoryNodePtr removed_dir;  // the directory that goes, if any
};

// Thread-safe. Paths are absolute; "." and ".." mean nothing special. No symbolic links, no
// permissions. Must outlive the File and FileLock objects that it gave out.
class MemoryFileSystem : public FileSystem {
 public:
  explicit MemoryFileSystem(Clock& clock = SystemClock());
  ~MemoryFileSystem() override;
  MemoryFileSystem(const MemoryFileSystem&) = delete;
  MemoryFileSystem& operator=(const MemoryFileSystem&) = delete;

  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override;
  absl::Status CreateDir(const std::string& path) override;
  absl::Status Rename(const std::string& from, const std::string& to) override;
  absl::Status Link(const std::string& from, const std::string& to) override;
  absl::Status RemoveFile(const std::string& path) override;
  absl::Status RemoveDir(const std::string& path) override;
  absl::StatusOr<std::vector<std::string>> List(const std::string& dir) override;
  absl::Status SyncDir(const std::string& dir) override;
  absl::StatusOr<FileInfo> Stat(const std::string& path) override;
  absl::StatusOr<SpaceInfo> Space(const std::string& path) override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

  // The disk's size. File contents use it in pages of 4 KiB; a write that finds no page fails with
  // ENOSPC.
  void SetCapacity(uint64_t bytes);

 protected:
  // What becomes of a call that is otherwise about to succeed. With an error, a write is done to
  // the half, and everything else not at all, unless `carry_out`.
  struct Verdict {
    int error_number = 0;
    bool carry_out = false;
  };
  virtual Verdict Admit(Op op, std::string_view path, std::string_view second_path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return {};
  }
  virtual void OnEntryChange(EntryOp op) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {}
  virtual void OnSync(MemoryNode& node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {}
  virtual void OnSyncFailed(MemoryNode& node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {}
  virtual void OnSyncDir(const MemoryNodePtr& dir) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {}

  using MemoryNodes = std::vector<MemoryNodePtr>;
  // All that live or durable entries reach from `root`, which comes first; in an order that depends
  // on names alone.
  static MemoryNodes AllNodes(const MemoryNodePtr& root);
  // Empties the entries of a node that no name reaches any more: nodes must not keep each other
  // alive.
  static void Forget(MemoryNode& node);

  // EIO when the power is off.
  absl::Status CheckPower(std::string_view path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;
  bool powered_off_ ABSL_GUARDED_BY(mu_) = false;  // every call fails with EIO
  uint64_t generation_ ABSL_GUARDED_BY(mu_) = 0;   // Files and locks of an earlier one are dead
  Quota quota_ ABSL_GUARDED_BY(mu_);
  const MemoryNodePtr root_;

 private:
  class Handle;
  class HeldLock;
  // A path taken apart: the directory that holds its last name. The root has no last name.
  struct Spot {
    MemoryNodePtr dir;
    std::string name;
    MemoryLink link;  // what stands there; no node when nothing does
  };

  absl::StatusOr<Spot> Find(std::string_view path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // As Find, but ENOENT when nothing stands there.
  absl::StatusOr<Spot> FindExisting(std::string_view path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<MemoryNodePtr> FindDir(std::string_view path) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<MemoryNodePtr> OpenNode(const std::string& path, OpenMode mode)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<MemoryNodePtr> Create(const Spot& spot, const std::string& path, bool directory)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Remove(const std::string& path, bool directory);
  // Admits the call, and changes the entries when it shall happen.
  absl::Status Change(Op kind, EntryOp op, std::string_view path, std::string_view second_path = {})
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  int64_t NowSeconds() { return absl::ToUnixSeconds(clock_.Now()); }

  Clock& clock_;
  uint64_t last_link_id_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace oca::io

#endif  // OCA_LIB_IO_TESTING_MEMORY_FILE_SYSTEM_H_
