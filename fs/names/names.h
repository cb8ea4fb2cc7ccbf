// Names: storage groups, containers, inodes, directories, extended attributes and counters, in
// RocksDB. Byte maps in docs/format/names.md.
//
// Order and durability. Every mutation is one atomic batch. Mutations are visible at once; they
// become durable in the order in which they were made, all up to the call, when Commit returns OK
// (or earlier). So after a crash the names are always those of one moment of the past, at or after
// the last Commit. Before any byte of them reaches the disk, Options::write_barrier is called: it
// makes durable what the names refer to (pack data), so a durable name never points at data that is
// not.
//
// Permissions are the kernel's work (mount option default_permissions); this module keeps the
// structural rules of POSIX and gives the exact errno (lib/base/status.h).
#ifndef OCA_FS_NAMES_NAMES_H_
#define OCA_FS_NAMES_NAMES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/names/records.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/io/file_system.h"

namespace oca::names {

inline constexpr InodeNo kRootInode{1};
inline constexpr size_t kMaxNameBytes = 255;
inline constexpr size_t kMaxXattrValueBytes = 65536;

struct Options {
  io::FileSystem* fs = nullptr;
  Clock* clock = nullptr;
  std::string dir = {};  // RocksDB's folder; created when missing
  // Called before names bytes are written to a log or table file. May block; must not call Names.
  // An error stops the write.
  std::function<absl::Status()> write_barrier;
  // Called under the writer's mutex, so in the order of the mutations, when a regular file's
  // content was replaced or (`after` null) its inode deleted for good. Must not call Names.
  std::function<void(const Inode& before, const Inode* after)> content_changed;
  uint64_t block_cache_bytes = 64u << 20;
  uint64_t write_buffer_bytes = 64u << 20;
  // A database that is missing or empty is kDataLoss, not made anew.
  bool must_exist = false;
  // Owner of the mount's root directory and of new containers' root directories.
  uint32_t root_uid = 0;
  uint32_t root_gid = 0;
};

// What to make. `mode` carries the file type; permission bits are reduced by `umask` (unless the
// parent has a default ACL).
struct NewInode {
  uint32_t mode = 0;
  uint32_t umask = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;  // a setgid parent overrides it
  uint64_t rdev = 0;
  std::string symlink_target = {};
};

// Fields to change; empty = leave. ctime becomes now unless given. Setting `mode` (permission bits)
// adapts an access ACL. Size is not here: it belongs to content.
struct AttrChange {
  std::optional<uint32_t> mode = {};
  std::optional<uint32_t> uid = {};
  std::optional<uint32_t> gid = {};
  std::optional<int64_t> atime_ns = {};
  std::optional<int64_t> mtime_ns = {};
  std::optional<int64_t> ctime_ns = {};
};

struct Content {
  std::string recipe = {};  // fs/tree EncodeRoot
  uint64_t size = 0;
  uint64_t data_bytes = 0;
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;
};

struct DirEntry {
  std::string name = {};
  InodeNo ino = {};
  uint32_t type = 0;    // S_IF* bits
  uint64_t cookie = 0;  // stable; entries come in ascending cookie order = order of creation; > 16
};

// What a container's retention is and holds.
struct RetentionStatus {
  RetentionPolicy policy = {};
  int64_t trusted_now_ns = 0;   // the clock that locks are measured in, since the epoch
  uint64_t locked_files = 0;    // now
  int64_t first_unlock_ns = 0;  // when the first of them is free; 0 when none is locked
  int64_t last_unlock_ns = 0;   // when the last one is
};

// What a container's recycle bin is and holds.
struct RecycleStatus {
  RecyclePolicy policy = {};
  int64_t trusted_now_ns = 0;  // the clock that the days are measured in
  uint64_t inodes = 0;
  uint64_t files = 0;
  uint64_t bytes = 0;
  int64_t first_expiry_ns = 0;  // of the oldest version, by that clock; 0 when the bin is empty
};

// A place in the order of a bin: after what was deleted at that trusted time.
struct RecyclePlace {
  int64_t recycled_ns = 0;
  InodeNo ino = {};
};

// One inode in a bin.
struct RecycledVersion {
  RecyclePlace place = {};
  std::string path = {};  // from the container's top, without a leading slash
  uint32_t mode = 0;
  uint64_t size = 0;
  int64_t deleted_ns = 0;  // by the wall clock
  int64_t expires_ns = 0;  // by the trusted clock
};

// Where to put back what was in a bin.
struct NewName {
  InodeNo parent = {};
  std::string name = {};
};

struct RestoreResult {
  Inode inode;
  std::vector<NewName> named;  // of each inode that is back: folders on the way, then its own
};

struct RenameResult {
  Inode moved;
  std::optional<Inode>
      replaced;  // what lost its name, after the change (nlink may be 0); not set for exchange
  std::optional<Inode> exchanged;  // the other one, for RENAME_EXCHANGE
};

// Thread-safe.
class Names {
 public:
  struct Impl;  // this folder's own

  // Opens or creates. After a crash the state is as described above; orphans (unlinked while open)
  // are still there: the owner calls ListOrphans and DeleteOrphan.
  static absl::StatusOr<std::unique_ptr<Names>> Open(Options options);
  ~Names();

  // --- Storage groups and containers. Names: 1-64 of [A-Za-z0-9._-], not starting with '.' or '-'.
  // ---
  absl::StatusOr<StorageGroup> AddGroup(
      const StorageGroup& group);                       // group.id 0 = choose; else must be unused
  absl::Status UpdateGroup(const StorageGroup& group);  // by id; chunk size cannot change
  absl::Status DeleteGroup(GroupId id);                 // ENOTEMPTY while it holds containers
  std::vector<StorageGroup> ListGroups() const;
  absl::Status SetMarker(ContainerId id, ContainerMarker marker);
  absl::StatusOr<Container> AddContainer(
      const Container& container);  // id 0 = choose; makes its root directory
  // Takes the container out of the mount's root and marks it deleting. ENOTEMPTY when it holds
  // files and !with_files.
  absl::Status StartDeleteContainer(ContainerId id, bool with_files);
  // Deletes up to `budget` inodes of a deleting container, its record last; true = nothing is left.
  // Calls `deleted` for each inode.
  absl::StatusOr<bool> DeleteContainerStep(ContainerId id, int budget,
                                           const std::function<void(const Inode&)>& deleted);
  std::vector<Container> ListContainers() const;  // deleting ones too
  ContainerCounters Counters(ContainerId id) const;

  // --- When the cleaner may work without giving way ---
  absl::StatusOr<CleanerSchedule> GetCleanerSchedule() const;
  // Of one day (0 is Monday), or of each when it is not set. EINVAL for a window that is none.
  absl::StatusOr<CleanerSchedule> SetCleanerWindow(std::optional<int> day,
                                                   const CleanerWindow& window);

  // --- Retention: files that cannot be changed or removed until a time. docs/protocols/posix.md
  // tells what locks a file, and what EPERM then forbids. ---
  // EINVAL: periods that make no sense. EPERM: a weaker mode than compliance, or none while files
  // are locked.
  absl::StatusOr<Container> SetRetention(ContainerId id, const RetentionPolicy& policy);
  absl::StatusOr<RetentionStatus> GetRetention(ContainerId id) const;
  // Ends a lock early. EPERM unless the container's mode is governance; EINVAL: it is not locked.
  absl::StatusOr<Inode> ReleaseLock(InodeNo ino);
  // Locks a file of a container with auto_lock_seconds as if its last write permission was taken
  // away, when it still is as it was at `ctime_ns`; EAGAIN when not.
  absl::StatusOr<Inode> LockUnchanged(InodeNo ino, int64_t ctime_ns);
  bool IsLocked(const Inode& inode) const;
  // Whether a container has, or ever had, a policy.
  bool RetentionInUse() const;
  int64_t TrustedNowNs() const;

  // --- Recycle bins: what lost its last name in a container whose bin is on. It has no name, but
  // is as alive as what has one, until its days are over. docs/decisions/0021. --- EINVAL: not
  // kMinRecycleDays to kMaxRecycleDays.
  absl::StatusOr<Container> SetRecycleBin(ContainerId id, const RecyclePolicy& policy);
  absl::StatusOr<RecycleStatus> GetRecycleBin(ContainerId id) const;
  // At most `limit` versions after `after`, the oldest deletion first. A path whose folder is gone
  // for good begins with "?".
  absl::StatusOr<std::vector<RecycledVersion>> ListRecycled(ContainerId id,
                                                            const RecyclePlace& after,
                                                            size_t limit) const;
  // Gives an inode of the bin its name back, or `to`, and puts folders back that it needs; one
  // whose name was taken by another folder gives way to that. Where its folder is gone for good it
  // goes to the container's top. ENOENT: not in the bin. EEXIST: the name is taken.
  absl::StatusOr<RestoreResult> RestoreRecycled(ContainerId id, InodeNo ino,
                                                const std::optional<NewName>& to);
  // Each makes orphans, which it returns: up to `limit` whose days are over; up to `limit` that
  // were deleted until a time (of the wall clock), up to the first one that was not; one (EISDIR
  // for a directory, which others may need).
  absl::StatusOr<std::vector<Inode>> ExpireRecycled(ContainerId id, size_t limit);
  absl::StatusOr<std::vector<Inode>> PurgeRecycled(ContainerId id, int64_t deleted_until_ns,
                                                   size_t limit);
  absl::StatusOr<Inode> PurgeOneRecycled(ContainerId id, InodeNo ino);

  // --- Inodes and directories ---
  absl::StatusOr<Inode> GetInode(InodeNo ino) const;  // ENOENT
  absl::StatusOr<Inode> Lookup(InodeNo parent, std::string_view name) const;
  // Regular file, directory, symlink, fifo, socket or device. EPERM in the mount's root.
  absl::StatusOr<Inode> Create(InodeNo parent, std::string_view name, const NewInode& what);
  absl::StatusOr<Inode> Link(InodeNo ino, InodeNo new_parent, std::string_view new_name);
  // What lost the name, after the change. nlink 0: it is an orphan now, kept until DeleteOrphan.
  absl::StatusOr<Inode> Unlink(InodeNo parent, std::string_view name);
  absl::StatusOr<Inode> Rmdir(InodeNo parent, std::string_view name);
  // flags: 0, RENAME_NOREPLACE or RENAME_EXCHANGE (<linux/fs.h>); others EINVAL. EXDEV between
  // containers.
  absl::StatusOr<RenameResult> Rename(InodeNo parent, std::string_view name, InodeNo new_parent,
                                      std::string_view new_name, uint32_t flags);
  absl::StatusOr<Inode> SetAttr(InodeNo ino, const AttrChange& change);
  absl::StatusOr<Inode> SetContent(InodeNo ino, const Content& content);
  // Writes `recipe` for `expected`, which says the same in another form; nothing else changes.
  // False when the inode has other content by now.
  absl::StatusOr<bool> ReplaceRecipe(InodeNo ino, std::string_view expected,
                                     std::string_view recipe);
  // Calls fn for entries with cookie > after, until it returns false or the directory ends.
  absl::Status ReadDir(InodeNo dir, uint64_t after,
                       const std::function<bool(const DirEntry&)>& fn) const;

  absl::StatusOr<std::vector<InodeNo>> ListOrphans() const;
  // Removes an orphan for good with its xattrs. Not an orphan: ENOENT.
  absl::Status DeleteOrphan(InodeNo ino);

  // --- Extended attributes. Posix ACLs are the names system.posix_acl_access and _default:
  // checked, and kept in step with mode. ---
  absl::StatusOr<std::string> GetXattr(InodeNo ino, std::string_view name) const;  // ENODATA
  absl::Status SetXattr(InodeNo ino, std::string_view name, std::string_view value,
                        int flags);  // XATTR_CREATE, XATTR_REPLACE
  absl::Status RemoveXattr(InodeNo ino, std::string_view name);
  absl::StatusOr<std::vector<std::string>> ListXattrs(InodeNo ino) const;

  // Which state of which database this is: as of the last Commit, and as it was when this was
  // opened. Equal ones mean that nothing changed between.
  std::string state() const;
  std::string opened_state() const;

  // --- Whole-repository walks ---
  // Calls fn for each inode (orphans too) of one consistent moment, ascending, until it returns an
  // error.
  // `at_moment` is called at that moment, under the writer's mutex.
  absl::Status ForEachInode(const std::function<absl::Status(const Inode&)>& fn,
                            const std::function<void()>& at_moment = nullptr) const;
  // At most `limit` inodes from `first` on, ascending, as they are now.
  absl::StatusOr<std::vector<Inode>> ListInodes(InodeNo first, size_t limit) const;
  // Every path ("/container/folder/name") of each of `inodes` that has a name. Walks all entries.
  // While names change, a path may be missing.
  absl::StatusOr<absl::flat_hash_map<InodeNo, std::vector<std::string>>> PathsOf(
      const absl::flat_hash_set<InodeNo>& inodes) const;
  // Checks every relation between inodes, entries, parents, link counts and counters; one line per
  // fault found, empty = sound. `progress` gets the number of inodes seen so far; returning false
  // stops the check (kCancelled).
  absl::StatusOr<std::vector<std::string>> Verify(
      const std::function<bool(uint64_t)>& progress) const;

  // --- Durability ---
  absl::Status Commit();
  // After a write error (disk full) RocksDB refuses mutations; this tries to make it well again. OK
  // when it is.
  absl::Status Resume();
  // Commits, then writes every table anew: values that were replaced or deleted are in no file any
  // more, but for what a walk under way still reads.
  absl::Status ForgetOldValues();
  // Bytes of the database's files.
  uint64_t DiskBytes() const;

 private:
  explicit Names(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oca::names

#endif  // OCA_FS_NAMES_NAMES_H_
