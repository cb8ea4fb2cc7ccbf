// The engine's face: what the mount (fs/fuse) and the daemon's RPC (fs/rpc) call. Joins names,
// recipes, index and packs into a POSIX filesystem with deduplicated contents. Thread-safe unless
// said otherwise.
//
// Durability (docs/durability.md): Fsync, Sync, and Stop promise that all that was acknowledged
// before the call is durable. Otherwise changes become durable together, in order, within
// commit_interval.
#ifndef OCA_FS_ENGINE_FILESYSTEM_H_
#define OCA_FS_ENGINE_FILESYSTEM_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/engine/read_result.h"
#include "fs/engine/stats.h"
#include "fs/names/names.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"
#include "lib/crypto/keys.h"
#include "lib/io/file_system.h"

namespace oca::engine {

using names::AttrChange;
using names::CleanerSchedule;
using names::CleanerWindow;
using names::Container;
using names::DirEntry;
using names::Inode;
using names::NewInode;
using names::RecycledVersion;
using names::RecyclePlace;
using names::RecyclePolicy;
using names::RecycleStatus;
using names::RetentionPolicy;
using names::RetentionStatus;
using names::StorageGroup;

// When the cleaner starts itself.
struct Cleaning {
  bool automatic = true;
  // Once so much of what is stored, in percent, may be dead; or less, when the disk is nearly full
  // or nobody has read or written for so long.
  int64_t start_percent = 5;
  absl::Duration idle_after = absl::Minutes(2);
  // Packs that shall lie elsewhere (in a storage path that is drained, or at home though they
  // belong in the performance tier) are moved in the background.
  bool moves = true;
};

struct Options {
  io::FileSystem* fs = nullptr;
  Clock* clock = nullptr;
  std::string dir;  // the repository; created when missing
  absl::Duration commit_interval = absl::Seconds(5);
  uint64_t memory_budget_bytes = 1ull << 30;  // of the whole process, see MemoryPlan
  int workers = 0;                            // compression and hashing threads; 0 = one per CPU
  uint64_t pack_target_bytes = 8u << 20;      // tests use small packs
  uint64_t reserve_bytes = 0;  // free disk space kept for deletes; 0 = choose by disk size
  Cleaning cleaning;
  // Packs are read again in the background, so many bytes a second; 0 = not. Each at least as often
  // as the interval says, when the rate allows it.
  uint64_t scrub_bytes_per_second = 0;
  absl::Duration scrub_interval = absl::Hours(24 * 30);
  uint32_t root_uid = 0;
  uint32_t root_gid = 0;
  // Asked at the start for the passphrase of a group that has one; kNotFound: the group stays
  // locked until UnlockGroup.
  std::function<absl::StatusOr<crypto::Secret>(const StorageGroup&)> passphrase_of;
  crypto::ScryptCost passphrase_cost;  // of passphrases set from now on; tests take less
};

// An open file description, made by Open and ended by Release.
class Handle;

struct StatFs {
  uint64_t block_size = 4096;
  uint64_t total_bytes = 0;  // quota of the container's group, or the disk
  uint64_t free_bytes = 0;
  uint64_t inodes = 0;  // in use
  uint64_t free_inodes = 0;
};

// What to put back from a recycle bin.
struct RestoreWish {
  std::optional<InodeNo> version = {};  // else all that were deleted in a time
  std::string to = {};                  // of one version: another path, from the container's top
  int64_t from_ns = 0;                  // of the time of deletion, by the wall clock
  int64_t until_ns = INT64_MAX;
};
struct RestoreOutcome {
  uint64_t restored = 0;  // inodes, folders too
  uint64_t skipped = 0;   // versions whose path is taken
};
struct PurgeOutcome {
  uint64_t inodes = 0;
  uint64_t bytes = 0;
};

class Filesystem {
 public:
  // Opens or creates the repository and recovers it. kDataLoss or EBUSY (another process holds it)
  // when it cannot be served.
  static absl::StatusOr<std::unique_ptr<Filesystem>> Open(Options options);
  // Stop() was called, or it behaves as a crash.
  virtual ~Filesystem() = default;
  // Commits everything, ends background work, closes. No other call may run or follow.
  virtual absl::Status Stop() = 0;

  // --- Names. As in fs/names, with open files' sizes and times up to date. ---
  virtual absl::StatusOr<Inode> GetAttr(InodeNo ino) = 0;
  virtual absl::StatusOr<Inode> Lookup(InodeNo parent, std::string_view name) = 0;
  virtual absl::StatusOr<Inode> Create(InodeNo parent, std::string_view name,
                                       const NewInode& what) = 0;
  virtual absl::StatusOr<Inode> Link(InodeNo ino, InodeNo new_parent,
                                     std::string_view new_name) = 0;
  virtual absl::Status Unlink(InodeNo parent, std::string_view name) = 0;
  virtual absl::Status Rmdir(InodeNo parent, std::string_view name) = 0;
  virtual absl::Status Rename(InodeNo parent, std::string_view name, InodeNo new_parent,
                              std::string_view new_name, uint32_t flags) = 0;
  virtual absl::StatusOr<Inode> SetAttr(InodeNo ino, const AttrChange& change) = 0;
  virtual absl::Status ReadDir(InodeNo dir, uint64_t after,
                               const std::function<bool(const DirEntry&)>& fn) = 0;
  virtual absl::StatusOr<std::string> GetXattr(InodeNo ino, std::string_view name) = 0;
  virtual absl::Status SetXattr(InodeNo ino, std::string_view name, std::string_view value,
                                int flags) = 0;
  virtual absl::Status RemoveXattr(InodeNo ino, std::string_view name) = 0;
  virtual absl::StatusOr<std::vector<std::string>> ListXattrs(InodeNo ino) = 0;

  // The mount's references to an inode: each answer that hands the inode to the kernel adds one,
  // FORGET takes some back. An inode without name, reference and handle is deleted.
  virtual void AddReference(InodeNo ino) = 0;
  virtual void DropReferences(InodeNo ino, uint64_t count) = 0;

  // --- Contents ---
  // EISDIR for a directory, EINVAL for what is no regular file. flags: O_TRUNC and the access mode
  // count.
  virtual absl::StatusOr<Handle*> Open(InodeNo ino, int flags) = 0;
  // End of one descriptor's use (close): what the handle wrote is handed on; reports an earlier
  // write-behind failure.
  virtual absl::Status Flush(Handle* handle) = 0;
  virtual void Release(Handle* handle) = 0;
  // At most `size` bytes, fewer only at the end of the file.
  virtual absl::StatusOr<ReadResult> Read(Handle* handle, uint64_t offset, size_t size) = 0;
  // All of `data`. append: at the end, whatever the offset.
  virtual absl::StatusOr<size_t> Write(Handle* handle, uint64_t offset, std::string_view data,
                                       bool append) = 0;
  // The disks that the file's data goes to are so far behind that its writer should wait, on a
  // thread that nobody else needs: AwaitDisks returns when he need not any more. A write that does
  // not wait is taken all the same.
  virtual bool MustAwaitDisks(Handle* handle) = 0;
  virtual void AwaitDisks(Handle* handle) = 0;
  virtual absl::Status Fsync(InodeNo ino) = 0;
  virtual absl::StatusOr<Inode> Truncate(InodeNo ino, uint64_t size) = 0;
  // mode: 0, FALLOC_FL_KEEP_SIZE, with PUNCH_HOLE or ZERO_RANGE; others EOPNOTSUPP.
  virtual absl::Status Allocate(Handle* handle, int mode, uint64_t offset, uint64_t length) = 0;
  // Shares the recipe between files of one storage group; moves no data where chunk borders allow.
  // Returns bytes copied.
  virtual absl::StatusOr<uint64_t> CopyRange(Handle* from, uint64_t from_offset, Handle* to,
                                             uint64_t to_offset, uint64_t length) = 0;
  // SEEK_DATA or SEEK_HOLE; ENXIO beyond the end.
  virtual absl::StatusOr<uint64_t> Seek(Handle* handle, uint64_t offset, int whence) = 0;
  virtual absl::StatusOr<StatFs> GetStatFs(InodeNo ino) = 0;
  virtual absl::Status Sync() = 0;

  // --- Administration ---
  virtual absl::StatusOr<StorageGroup> AddGroup(const StorageGroup& group) = 0;
  virtual absl::Status UpdateGroup(
      const StorageGroup& group) = 0;  // EINVAL: quota below what is used
  virtual absl::Status DeleteGroup(GroupId id) = 0;
  virtual std::vector<StorageGroup> ListGroups() = 0;
  virtual absl::StatusOr<Container> AddContainer(const Container& container) = 0;
  // For files opened from now on.
  virtual absl::Status SetMarker(ContainerId id, names::ContainerMarker marker) = 0;
  virtual absl::Status DeleteContainer(ContainerId id,
                                       bool with_files) = 0;  // EBUSY while files of it are open
  virtual std::vector<Container> ListContainers() = 0;
  virtual absl::StatusOr<GroupStats> StatsOfGroup(GroupId id) = 0;
  virtual absl::StatusOr<ContainerStats> StatsOfContainer(ContainerId id) = 0;

  // --- Encryption at rest, per storage group (docs/security.md) ---
  // Sets the group's first passphrase, or another one for the same keys. ENOKEY while it is locked,
  // EINVAL for a passphrase that is too short or no line of text.
  virtual absl::Status SetGroupPassphrase(GroupId id, std::string_view passphrase) = 0;
  // kPermissionDenied for a wrong passphrase; OK when it is unlocked already.
  virtual absl::Status UnlockGroup(GroupId id, std::string_view passphrase) = 0;
  // From now on new data is encrypted; what is there already follows in the background. Again:
  // other mode or interval. rotation_seconds: 7 days to 70 years for kInternal, else 0. There is no
  // way back.
  virtual absl::Status EncryptGroup(GroupId id, EncryptionMode mode, uint64_t rotation_seconds) = 0;
  virtual absl::StatusOr<EncryptionStatus> EncryptionOf(GroupId id) = 0;

  // Retention; as in fs/names. ReleaseLock: `path` names the file from the container's top.
  virtual absl::StatusOr<Container> SetRetention(ContainerId id, const RetentionPolicy& policy) = 0;
  virtual absl::StatusOr<RetentionStatus> GetRetention(ContainerId id) = 0;
  virtual absl::Status ReleaseLock(ContainerId id, std::string_view path) = 0;

  // Recycle bins; as in fs/names. ListRecycled: at most `limit` after `after`, the oldest first.
  virtual absl::StatusOr<Container> SetRecycleBin(ContainerId id, const RecyclePolicy& policy) = 0;
  virtual absl::StatusOr<RecycleStatus> GetRecycleBin(ContainerId id) = 0;
  virtual absl::StatusOr<std::vector<RecycledVersion>> ListRecycled(ContainerId id,
                                                                    const RecyclePlace& after,
                                                                    size_t limit) = 0;
  // Of a time: the newest version of each path. Durable on return.
  virtual absl::StatusOr<RestoreOutcome> RestoreRecycled(ContainerId id,
                                                         const RestoreWish& wish) = 0;
  // One version, or all that were deleted until a time. Durable on return.
  virtual absl::StatusOr<PurgeOutcome> PurgeRecycled(ContainerId id, std::optional<InodeNo> version,
                                                     int64_t deleted_until_ns) = 0;

  // Who caches attributes is told here of changes that it did not ask for. `changed` must not call
  // the filesystem. Empty: nobody. Returns when no earlier listener runs.
  virtual void SetAttributesListener(std::function<void(InodeNo)> changed) = 0;
  // Likewise who remembers that a directory has no such name.
  virtual void SetNamesListener(
      std::function<void(InodeNo parent, const std::string& name)> appeared) = 0;

  // --- Maintenance. One cleaner run and one scan at a time, in the background. ---
  // Returns once it runs; a run that started itself then takes in all that was deleted before this
  // call. EBUSY when one that was asked for runs.
  virtual absl::Status StartReclaim() = 0;
  virtual absl::Status
  StopReclaim() = 0;  // returns when it has stopped; OK when it was not running
  virtual CleanerStatus GetCleanerStatus() = 0;
  // When the cleaner works without giving way; as in fs/names. Durable on return.
  virtual absl::StatusOr<CleanerSchedule> GetCleanerSchedule() = 0;
  virtual absl::StatusOr<CleanerSchedule> SetCleanerWindow(std::optional<int> day,
                                                           const CleanerWindow& window) = 0;
  virtual absl::Status StartScan(ScanLevel level, std::optional<GroupId> group) = 0;
  virtual absl::Status StopScan() = 0;
  virtual ScanStatus GetScanStatus() = 0;
  // Returns when no scan or repair runs, at the latest after `timeout`.
  virtual void AwaitScan(absl::Duration timeout) = 0;
  // A scan of all data that also mends what can be mended without loss.
  virtual absl::Status StartRepair(std::optional<GroupId> group) = 0;
  // What is known to be damaged, and how far the packs were checked.
  virtual HealthStatus GetHealth(std::optional<GroupId> group) = 0;
  // The last repairs that ended, oldest first.
  virtual std::vector<RepairRecord> ListRepairs() = 0;
  // Reads again what is in quarantine, takes out what is good by now, and deletes packs that were
  // set aside. EBUSY while a scan or repair runs.
  virtual absl::StatusOr<QuarantineCleared> ClearQuarantine(std::optional<GroupId> group) = 0;

  // --- Storage paths: folders on other disks that hold packs beside the repository's own ---
  // Adds one, or takes in one that is known under another folder; durable on return, and used from
  // then on. One that is being drained is not any more. `tier`: for packs of groups in the
  // performance tier, and no others. Errors: see store::StoragePaths::Add.
  virtual absl::StatusOr<StoragePathStatus> AddStoragePath(const std::string& dir,
                                                           bool tier = false) = 0;
  // From now on, and over restarts, packs in the path are moved elsewhere in the background; it is
  // removed when it holds none any more. Returns how it stands then: `removed` when that was at
  // once. ENOENT; ENOSPC when the other paths have no room for what lies there; EBUSY while it is
  // missing, or when it is the last one of the performance tier and a group is in that.
  virtual absl::StatusOr<StoragePathStatus> DrainStoragePath(const std::string& dir) = 0;
  // Gives a path that is missing up for lost: what lay there alone is gone for good. ENOENT; EINVAL
  // when it is there.
  virtual absl::Status ForgetStoragePath(const std::string& dir) = 0;
  // Measures how fast the folder's disk reads; see store::MeasurePathSpeed. Takes seconds.
  virtual absl::StatusOr<PathTest> TestStoragePath(const std::string& dir) = 0;
  // The repository first, then the paths in the order in which they were added.
  virtual std::vector<StoragePathStatus> ListStoragePaths() = 0;
  // Looks at once which paths are there, and takes in those that are back.
  virtual absl::Status RescanStoragePaths() = 0;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_FILESYSTEM_H_
