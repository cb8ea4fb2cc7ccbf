// Inside of names.h: state, and the pieces that its operations share. Only fs/names includes this.
#ifndef OCA_FS_NAMES_IMPL_H_
#define OCA_FS_NAMES_IMPL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/names/acl.h"
#include "fs/names/database.h"
#include "fs/names/keys.h"
#include "fs/names/names.h"
#include "fs/names/records.h"
#include "fs/names/trusted_clock.h"

namespace oca::names {

inline constexpr uint32_t kMaxLinks = 0x7fffffff;
inline constexpr uint64_t kDirectorySize = 4096;
inline constexpr size_t kMaxSymlinkBytes = 4095;
inline constexpr uint64_t kFirstCookie = 32;
inline constexpr uint64_t kReservedAtOnce = 4096;  // inode numbers and cookies

// Numbers handed out once, ever. A range is reserved in the batch that hands out its first number,
// so the log's order keeps a number that became durable from being handed out again.
struct Sequence {
  SuperItem item;
  uint64_t reserve;  // so many at once
  uint64_t next = 0;
  uint64_t limit = 0;  // reserved up to here
};

// A directory on the way down to what is being deleted.
struct DeletionFrame {
  InodeNo dir;
  uint64_t cookie = 0;  // entries up to here are gone, but for the one that leads to the next frame
};

class Mutation;

struct Names::Impl {
  explicit Impl(const Options& opts) : options(opts), trusted(opts.clock) {}

  const Options options;
  mutable TrustedClock trusted;
  std::unique_ptr<Database> db;

  absl::Mutex mu;  // one mutation at a time; held across the write of its batch
  Sequence inodes ABSL_GUARDED_BY(mu) = {SuperItem::kInode, kReservedAtOnce};
  Sequence cookies ABSL_GUARDED_BY(mu) = {SuperItem::kCookie, kReservedAtOnce};
  Sequence group_ids ABSL_GUARDED_BY(mu) = {SuperItem::kGroup, 1};
  Sequence container_ids ABSL_GUARDED_BY(mu) = {SuperItem::kContainer, 1};
  int64_t stored_trusted_ns ABSL_GUARDED_BY(mu) = 0;  // what SuperItem::kTrustedTime says
  int64_t last_recycled_ns ABSL_GUARDED_BY(mu) = 0;   // of what went into a bin last
  // Where DeleteContainerStep stands. Lost by a restart, which finds the way again.
  absl::flat_hash_map<ContainerId, std::vector<DeletionFrame>> deletions ABSL_GUARDED_BY(mu);

  // What the database holds of these, in memory. Changed under mu too, after the batch is written.
  mutable absl::Mutex tables_mu ABSL_ACQUIRED_AFTER(mu);
  std::map<GroupId, StorageGroup> groups ABSL_GUARDED_BY(tables_mu);
  std::map<ContainerId, Container> containers ABSL_GUARDED_BY(tables_mu);
  absl::flat_hash_map<ContainerId, ContainerCounters> counters ABSL_GUARDED_BY(tables_mu);

  int64_t NowNs() const;

  // --- open.cc ---
  absl::Status Load() ABSL_LOCKS_EXCLUDED(mu, tables_mu);
  absl::Status LoadSequences() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  absl::Status LoadTables() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) ABSL_LOCKS_EXCLUDED(tables_mu);
  absl::Status LoadTrustedTime() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  absl::Status Format() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  // --- create.cc ---
  // Takes a name away, of an inode for which `may_remove` is OK.
  absl::StatusOr<Inode> RemoveName(InodeNo parent, std::string_view name,
                                   absl::FunctionRef<absl::Status(const Inode&)> may_remove)
      ABSL_LOCKS_EXCLUDED(mu);

  // --- attributes.cc ---
  // SetAttr of an inode as it is now.
  absl::StatusOr<Inode> ChangeAttr(Inode inode, const AttrChange& change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  // --- retention.cc ---
  // A file that is locked can be neither changed nor lose a name.
  bool IsLocked(const Inode& inode) const;
  absl::Status CheckUnlocked(const Inode& inode) const;  // EPERM
  // Whether directories that hold something may be moved in the container: EPERM where it locks.
  absl::Status CheckMovable(const Inode& dir) const;
  // What ChangeAttr may still do to a locked file: nothing, or move the lock's end to a later time.
  absl::StatusOr<Inode> ChangeLocked(Inode inode, const AttrChange& change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // `inode` is what ChangeAttr made of a file that is not locked, `mode_before` its mode before:
  // begins or forgets a lock where the container's policy says so.
  void FollowRetention(uint32_t mode_before, const AttrChange& change, Inode* inode,
                       Mutation* mutation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Starts the clock for a policy that relies on it; anew where nothing does, not even an old lock
  // or version: then there is nothing that a wrong clock could end.
  absl::Status BeginTrustedTime(Mutation* mutation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Puts the clock, which is running, into a batch.
  void KeepTrustedTime(Mutation* mutation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // EPERM: it holds locked files.
  absl::Status CheckDeletable(const Container& container) const;

  // --- recycle.cc ---
  // The inode lost a name: link count, ctime, and when it was the last, it goes into the bin or is
  // an orphan.
  void DropLink(int64_t now, InodeNo parent, std::string_view name, Inode* inode,
                Mutation* mutation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Whether an inode of `type` that loses its last name goes into the container's bin.
  bool Recycles(ContainerId container, uint32_t type) const ABSL_LOCKS_EXCLUDED(tables_mu);
  // ENOENT: the bin of the container does not hold it.
  absl::StatusOr<Inode> LoadRecycled(ContainerId container, InodeNo ino) const;
  absl::StatusOr<RecycledName> LoadRecycledName(const Inode& inode) const;
  // ENOTEMPTY: its bin holds something.
  absl::Status CheckBinEmpty(const Container& container) const ABSL_LOCKS_EXCLUDED(tables_mu);
  // Makes orphans of up to `limit` inodes of the bin, the oldest first, while `goes` says so.
  absl::StatusOr<std::vector<Inode>> EmptyBin(
      ContainerId container, size_t limit,
      absl::FunctionRef<bool(const TimedKeyParts&, const RecycledName&)> goes)
      ABSL_LOCKS_EXCLUDED(mu);

  // After the mutation was written.
  void ContentChanged(const Inode& before, const Inode* after) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  // --- Reads ---
  absl::StatusOr<Inode> LoadInode(InodeNo ino, const Snapshot* snapshot = nullptr) const;
  absl::StatusOr<Inode> LoadDir(InodeNo ino) const;  // ENOTDIR
  absl::StatusOr<std::optional<EntryValue>> FindEntry(InodeNo parent, std::string_view name) const;
  // As FindEntry, ENOENT.
  absl::StatusOr<EntryValue> LoadEntry(InodeNo parent, std::string_view name) const;
  // A directory in which names may change: EPERM for the mount's root, ENOENT for one that was
  // removed or is being deleted.
  absl::StatusOr<Inode> LoadParent(InodeNo ino) const;
  absl::StatusOr<std::optional<std::string>> FindXattr(InodeNo ino, std::string_view name) const;
  std::optional<Container> FindContainer(ContainerId id) const ABSL_LOCKS_EXCLUDED(tables_mu);
  std::optional<StorageGroup> FindGroup(GroupId id) const ABSL_LOCKS_EXCLUDED(tables_mu);
  // EEXIST when a group other than `except` has the name.
  absl::Status CheckGroupName(std::string_view name, GroupId except) const
      ABSL_LOCKS_EXCLUDED(tables_mu);
};

// EINVAL: empty, ".", "..", with '/' or NUL; ENAMETOOLONG.
absl::Status CheckName(std::string_view name);
absl::Status NoContainer(ContainerId id);  // ENOENT
absl::Status PosixAt(int error_number, InodeNo parent, std::string_view name);
inline bool IsDir(const Inode& inode) { return (inode.mode & 0170000) == 0040000; }
inline bool IsRegular(const Inode& inode) { return (inode.mode & 0170000) == 0100000; }

// One mutation: collects its changes, then writes them all at once. Lives under Impl::mu.
class Mutation {
 public:
  explicit Mutation(Names::Impl& impl) ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.mu) : impl_(impl) {}
  ~Mutation();
  Mutation(const Mutation&) = delete;
  Mutation& operator=(const Mutation&) = delete;

  // The next number, or the one from `least` on. Given back when the mutation is not written.
  uint64_t TakeNumber(Sequence* sequence, uint64_t least = 0);

  void PutInode(const Inode& inode);
  void DeleteInode(const Inode& inode);
  void PutEntry(InodeNo parent, std::string_view name, const EntryValue& entry);
  void DeleteEntry(InodeNo parent, std::string_view name, uint64_t cookie);
  // Into the recycle bin, and out of it.
  void PutInBin(int64_t recycled_ns, const RecycledName& name, Inode* inode);
  void TakeFromBin(Inode* inode);
  void PutOrphan(InodeNo ino);
  void DeleteOrphan(InodeNo ino);
  void PutXattr(InodeNo ino, std::string_view name, std::string_view value);
  void DeleteXattr(InodeNo ino, std::string_view name);
  absl::Status DeleteAllXattrs(const Inode& inode);
  // The end of the file's lock, in its record and in the container's list.
  void SetRetainUntil(int64_t until_ns, Inode* inode);
  void PutGroup(const StorageGroup& group);
  void DeleteGroup(GroupId id);
  void PutContainer(const Container& container);
  void DeleteContainer(ContainerId id);  // and its counters
  void PutSuper(SuperItem item, uint64_t value);
  void DeleteSuper(SuperItem item);
  void PutCleanerSchedule(const CleanerSchedule& schedule);

  // Adds the inode to its container's counters, or takes it out (sign -1).
  void CountInode(const Inode& inode, int sign);
  // The regular file's size becomes `size`.
  void CountBytes(const Inode& inode, uint64_t size);

  // Writes the changes and brings the tables in memory up to date. Once.
  absl::Status Write();

 private:
  void CountRecycled(const Inode& inode, int sign);
  void Put(std::string key, std::string value);
  void Delete(std::string key);

  struct Delta {
    int64_t inodes = 0;
    int64_t files = 0;
    int64_t bytes = 0;
    int64_t recycled_inodes = 0;
    int64_t recycled_files = 0;
    int64_t recycled_bytes = 0;
  };

  Names::Impl& impl_;
  std::vector<Change> changes_;
  absl::flat_hash_map<ContainerId, Delta> deltas_;
  struct Taken {
    Sequence* sequence;
    uint64_t next_before;
    uint64_t limit;  // with what this batch reserves
  };
  std::vector<Taken> taken_;
  bool written_ = false;
  std::vector<StorageGroup> put_groups_;
  std::vector<GroupId> deleted_groups_;
  std::vector<Container> put_containers_;
  std::vector<ContainerId> deleted_containers_;
};

}  // namespace oca::names

#endif  // OCA_FS_NAMES_IMPL_H_
