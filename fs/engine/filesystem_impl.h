// The engine put together. One .cc per family of operations: filesystem_impl (open, stop,
// background), namespace_ops, content_ops, admin_ops, encryption_ops.
#ifndef OCA_FS_ENGINE_FILESYSTEM_IMPL_H_
#define OCA_FS_ENGINE_FILESYSTEM_IMPL_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/cleaner.h"
#include "fs/engine/committer.h"
#include "fs/engine/filesystem.h"
#include "fs/engine/gate.h"
#include "fs/engine/group_runtime.h"
#include "fs/engine/memory_plan.h"
#include "fs/engine/open_file.h"
#include "fs/engine/scanner.h"
#include "fs/engine/scrubber.h"
#include "fs/format/repository.h"
#include "fs/store/storage_paths.h"
#include "lib/base/bell.h"

namespace oca::engine {

class Handle {
 public:
  Handle(std::shared_ptr<OpenFile> open_file, int open_flags)
      : file(std::move(open_file)), flags(open_flags) {}
  const std::shared_ptr<OpenFile> file;
  const int flags;
  std::atomic<uint64_t> next_read{0};  // where a sequential reader goes on
  // How far ahead its content was looked for; see LookAhead.
  std::atomic<uint64_t> read_ahead_to{0};
  std::atomic<uint64_t> prefetched_to{0};
};

class FilesystemImpl final : public Filesystem, private CleanerHost {
 public:
  explicit FilesystemImpl(Options options);
  ~FilesystemImpl() override;
  absl::Status Start();
  absl::Status Stop() override;

  absl::StatusOr<Inode> GetAttr(InodeNo ino) override;
  absl::StatusOr<Inode> Lookup(InodeNo parent, std::string_view name) override;
  absl::StatusOr<Inode> Create(InodeNo parent, std::string_view name,
                               const NewInode& what) override;
  absl::StatusOr<Inode> Link(InodeNo ino, InodeNo new_parent, std::string_view new_name) override;
  absl::Status Unlink(InodeNo parent, std::string_view name) override;
  absl::Status Rmdir(InodeNo parent, std::string_view name) override;
  absl::Status Rename(InodeNo parent, std::string_view name, InodeNo new_parent,
                      std::string_view new_name, uint32_t flags) override;
  absl::StatusOr<Inode> SetAttr(InodeNo ino, const AttrChange& change) override;
  absl::Status ReadDir(InodeNo dir, uint64_t after,
                       const std::function<bool(const DirEntry&)>& fn) override;
  absl::StatusOr<std::string> GetXattr(InodeNo ino, std::string_view name) override;
  absl::Status SetXattr(InodeNo ino, std::string_view name, std::string_view value,
                        int flags) override;
  absl::Status RemoveXattr(InodeNo ino, std::string_view name) override;
  absl::StatusOr<std::vector<std::string>> ListXattrs(InodeNo ino) override;
  void AddReference(InodeNo ino) override;
  void DropReferences(InodeNo ino, uint64_t count) override;

  absl::StatusOr<Handle*> Open(InodeNo ino, int flags) override;
  absl::Status Flush(Handle* handle) override;
  void Release(Handle* handle) override;
  absl::StatusOr<ReadResult> Read(Handle* handle, uint64_t offset, size_t size) override;
  absl::StatusOr<size_t> Write(Handle* handle, uint64_t offset, std::string_view data,
                               bool append) override;
  absl::StatusOr<size_t> WriteFrom(Handle* handle, uint64_t offset, StreamBuffer& data) override;
  bool MustAwaitDisks(Handle* handle) override;
  void AwaitDisks(Handle* handle) override;
  absl::Status Fsync(InodeNo ino) override;
  absl::StatusOr<Inode> Truncate(InodeNo ino, uint64_t size) override;
  absl::Status Allocate(Handle* handle, int mode, uint64_t offset, uint64_t length) override;
  absl::StatusOr<uint64_t> CopyRange(Handle* from, uint64_t from_offset, Handle* to,
                                     uint64_t to_offset, uint64_t length) override;
  absl::StatusOr<uint64_t> Seek(Handle* handle, uint64_t offset, int whence) override;
  absl::StatusOr<StatFs> GetStatFs(InodeNo ino) override;
  absl::Status Sync() override;

  absl::StatusOr<StorageGroup> AddGroup(const StorageGroup& group) override;
  absl::Status UpdateGroup(const StorageGroup& group) override;
  absl::Status DeleteGroup(GroupId id) override;
  std::vector<StorageGroup> ListGroups() override;
  absl::StatusOr<Container> AddContainer(const Container& container) override;
  absl::Status SetMarker(ContainerId id, names::ContainerMarker marker) override;
  absl::Status DeleteContainer(ContainerId id, bool with_files) override;
  std::vector<Container> ListContainers() override;
  absl::StatusOr<GroupStats> StatsOfGroup(GroupId id) override;
  absl::StatusOr<ContainerStats> StatsOfContainer(ContainerId id) override;

  absl::Status SetGroupPassphrase(GroupId id, std::string_view passphrase) override;
  absl::Status UnlockGroup(GroupId id, std::string_view passphrase) override;
  absl::Status EncryptGroup(GroupId id, EncryptionMode mode, uint64_t rotation_seconds) override;
  absl::StatusOr<EncryptionStatus> EncryptionOf(GroupId id) override;

  absl::StatusOr<Container> SetRetention(ContainerId id, const RetentionPolicy& policy) override;
  absl::StatusOr<RetentionStatus> GetRetention(ContainerId id) override;
  absl::Status ReleaseLock(ContainerId id, std::string_view path) override;
  absl::StatusOr<Container> SetRecycleBin(ContainerId id, const RecyclePolicy& policy) override;
  absl::StatusOr<RecycleStatus> GetRecycleBin(ContainerId id) override;
  absl::StatusOr<std::vector<RecycledVersion>> ListRecycled(ContainerId id,
                                                            const RecyclePlace& after,
                                                            size_t limit) override;
  absl::StatusOr<RestoreOutcome> RestoreRecycled(ContainerId id, const RestoreWish& wish) override;
  absl::StatusOr<PurgeOutcome> PurgeRecycled(ContainerId id, std::optional<InodeNo> version,
                                             int64_t deleted_until_ns) override;
  void SetAttributesListener(std::function<void(InodeNo)> changed) override
      ABSL_LOCKS_EXCLUDED(listener_mu_);
  void SetNamesListener(std::function<void(InodeNo parent, const std::string& name)> appeared)
      override ABSL_LOCKS_EXCLUDED(listener_mu_);

  absl::Status StartReclaim() override { return cleaner_->Start(); }
  absl::Status StopReclaim() override {
    cleaner_->Stop();
    return absl::OkStatus();
  }
  CleanerStatus GetCleanerStatus() override { return cleaner_->status(); }
  absl::StatusOr<CleanerSchedule> GetCleanerSchedule() override {
    return names_->GetCleanerSchedule();
  }
  absl::StatusOr<CleanerSchedule> SetCleanerWindow(std::optional<int> day,
                                                   const CleanerWindow& window) override;
  absl::Status StartScan(ScanLevel level, std::optional<GroupId> group) override;
  absl::Status StopScan() override {
    scanner_->Stop();
    return absl::OkStatus();
  }
  ScanStatus GetScanStatus() override { return scanner_->status(); }
  absl::Status StartRepair(std::optional<GroupId> group) override;
  HealthStatus GetHealth(std::optional<GroupId> group) override;
  void AwaitScan(absl::Duration timeout) override { scanner_->AwaitEnd(timeout); }
  std::vector<RepairRecord> ListRepairs() override { return repair_history_->List(); }
  absl::StatusOr<QuarantineCleared> ClearQuarantine(std::optional<GroupId> group) override;
  absl::StatusOr<StoragePathStatus> AddStoragePath(const std::string& dir, bool tier) override;
  absl::StatusOr<StoragePathStatus> DrainStoragePath(const std::string& dir) override;
  absl::Status ForgetStoragePath(const std::string& dir) override;
  absl::StatusOr<PathTest> TestStoragePath(const std::string& dir) override;
  std::vector<StoragePathStatus> ListStoragePaths() override;
  absl::Status RescanStoragePaths() override;

 private:
  // --- CleanerHost ---
  std::vector<std::pair<GroupId, ChunkStore*>> ChunkStores() override;
  ChunkStore* StoreOf(ContainerId container) override;
  void QuiesceOperations() override;
  std::vector<HeldFile> HeldFiles() override;
  names::Names& names() override { return *names_; }
  absl::Status CommitNames() override { return committer_.Commit(); }
  uint64_t ForegroundCalls() override { return operations_gate_.entries(); }
  absl::Duration TakeLongestWait() override { return operations_gate_.TakeLongestWait(); }
  Room DiskRoom() override;

  // filesystem_impl.cc
  absl::Status OpenRepository();
  absl::Status OpenNames();
  // Its schedule says that it need not give way now.
  bool IsCleanerTime();
  absl::Status OpenGroup(const StorageGroup& record);
  absl::Status CommitRound();
  absl::Status FlushStores();
  void Background();
  // Saves the index snapshots when that is due, and shares the memory for indexes out.
  void KeepIndexes();
  uint64_t IndexBudget(size_t groups) const;
  void RecordChangedFiles();
  void DeleteContainersInBackground();
  std::string GroupDir(GroupId id) const;
  std::shared_ptr<GroupRuntime> FindGroup(GroupId id);
  std::vector<std::shared_ptr<GroupRuntime>> Groups();
  std::shared_ptr<ContainerRuntime> FindContainer(ContainerId id);
  absl::Status SyncForScan();
  // Names say: the file's content is another now, or (null) the file is gone.
  void NoteContentChange(const Inode& before, const Inode* after);

  // encryption_ops.cc
  std::unique_ptr<store::GroupKeys> OpenKeys(const StorageGroup& record);
  absl::Status NoteKeys(GroupRuntime& group);
  absl::Status CheckUnlocked(InodeNo parent);
  // One step of all that encryption does in the background: rotation, names, packs.
  void AdvanceEncryption();
  absl::Status EncryptNames(const std::shared_ptr<GroupRuntime>& group);

  // retention_ops.cc
  // EPERM for a file that is locked.
  absl::Status CheckChangeable(const OpenFile& file) ABSL_SHARED_LOCKS_REQUIRED(file.retention_mu);
  // SetAttr where it may begin or end a lock.
  absl::StatusOr<Inode> SetAttrWithRetention(InodeNo ino, const AttrChange& change);
  absl::Status LockUnchanged(const Inode& seen);
  // One step of the search for files that have not changed for so long that they are to be locked.
  void LockUnchangedFiles();
  // --- recycle_ops.cc ---
  // Deletes what the days of recycle bins are over for; a part of it at a time.
  void ExpireRecycledFiles();
  // Puts one version back, durable at a later commit.
  absl::StatusOr<uint64_t> RestoreOne(ContainerId id, InodeNo version,
                                      const std::optional<names::NewName>& to);
  absl::StatusOr<RestoreOutcome> RestoreDeletedIn(ContainerId id, int64_t from_ns,
                                                  int64_t until_ns);
  // They have just become orphans.
  void Discard(const std::vector<Inode>& orphans);
  absl::StatusOr<InodeNo> FindPath(ContainerId container, std::string_view path);

  // storage_ops.cc
  absl::Status OpenPaths(const format::RepositoryUuid& repository);
  // Sees which paths are missing or back, and has the groups follow.
  void KeepPaths();
  absl::Status FollowPaths();
  // Starts a run of the cleaner when packs shall lie elsewhere.
  void AdvanceMoves();
  // Removes the paths that were drained and hold no pack any more.
  absl::Status FinishDrains() ABSL_LOCKS_EXCLUDED(drain_mu_);
  absl::Status RemovePath(size_t path, bool missing_only) ABSL_EXCLUSIVE_LOCKS_REQUIRED(drain_mu_);
  absl::StatusOr<bool> IsEmpty(size_t path);
  struct InPath {
    uint64_t packs = 0;
    uint64_t bytes = 0;
  };
  // By looking into it, so that groups which are locked count too.
  absl::StatusOr<InPath> LookInto(size_t path);
  absl::Status CheckRoomWithout(size_t path, uint64_t bytes);
  std::string WhatKeepsDrain(size_t path);
  struct Space {
    uint64_t available_bytes = 0;
    uint64_t free_bytes = 0;  // above the reserves: what writers may use
    bool tight = false;       // writers have less than as much as is in reserve
  };
  // At home and in all paths that are there; for groups in the performance tier, in its paths.
  absl::StatusOr<Space> LookAtSpace(store::PathUse use);

  // content_ops.cc
  absl::StatusOr<std::shared_ptr<OpenFile>> Acquire(InodeNo ino);
  void ReleaseFile(const std::shared_ptr<OpenFile>& file);
  absl::Status AdmitWrite(const OpenFile& file, uint64_t bytes);
  // A write of as many bytes, which `store` puts into the content that it is given.
  template <typename Store>
  absl::StatusOr<size_t> WriteBytes(Handle* handle, size_t bytes, Store store);
  static store::PathUse PathUseOf(const OpenFile& file);
  static bool GoesOn(Handle& handle, uint64_t begin, uint64_t end);
  static void LookAhead(Handle& handle, uint64_t at);
  absl::Status CheckDiskSpace(store::PathUse use, uint64_t bytes);
  uint64_t ReserveBytes(const io::SpaceInfo& space) const;
  absl::StatusOr<uint64_t> CopyBytes(OpenFile& from, uint64_t from_offset, OpenFile& to,
                                     uint64_t to_offset, uint64_t length);
  absl::StatusOr<uint64_t> CopyRefs(OpenFile& from, uint64_t from_offset, OpenFile& to,
                                    uint64_t to_offset, uint64_t length);
  void DeleteIfUnused(InodeNo ino);
  void DeleteWithoutName(const Inode& inode);
  int64_t NowNanos() { return absl::ToUnixNanos(options_.clock->Now()); }

  const Options options_;
  const MemoryPlan memory_;
  std::unique_ptr<io::FileLock> lock_;
  std::unique_ptr<Caches> caches_;
  std::unique_ptr<WorkQueue> sealers_;
  std::unique_ptr<WorkQueue> workers_;
  std::unique_ptr<WorkQueue> decoders_;
  std::unique_ptr<names::Names> names_;
  std::unique_ptr<store::StoragePaths> paths_;

  // Each call that reads or changes contents is inside; the cleaner waits at it.
  Gate operations_gate_;

  absl::Mutex runtime_mu_;
  absl::flat_hash_map<GroupId, std::shared_ptr<GroupRuntime>> groups_ ABSL_GUARDED_BY(runtime_mu_);
  absl::flat_hash_map<ContainerId, std::shared_ptr<ContainerRuntime>> containers_
      ABSL_GUARDED_BY(runtime_mu_);

  OpenFiles files_;
  Committer committer_;
  std::unique_ptr<Cleaner> cleaner_;
  std::unique_ptr<RepairHistory> repair_history_;
  std::unique_ptr<Scanner> scanner_;
  std::unique_ptr<Scrubber> scrubber_;
  struct NamesJob {
    JobState state = JobState::kIdle;
    double progress_percent = 0;
    std::string error;
    absl::Time started, ended;
  };
  BackgroundJob<NamesJob> names_encrypter_;
  // When to try again; of the background thread alone.
  absl::Time next_encrypting_sweep_ = absl::InfinitePast();
  absl::Time next_names_try_ = absl::InfinitePast();
  absl::Time next_moves_ = absl::InfinitePast();
  uint64_t moves_left_ = UINT64_MAX;       // bytes, when the last run for them was started
  std::atomic<bool> moves_wanted_{false};  // do not wait to start one
  absl::Mutex
      drain_mu_;  // one call at a time that begins or ends a drain, adds a path or forgets one
  std::atomic<int> locked_groups_{0};

  absl::Mutex space_mu_;
  struct SpaceLeft {
    int64_t bytes = 0;  // that writers may still use, by the last look
    int64_t looked_ns = INT64_MIN;
  };
  SpaceLeft space_left_[2] ABSL_GUARDED_BY(space_mu_);  // by store::PathUse

  absl::Mutex listener_mu_;  // held shared while it is called
  std::function<void(InodeNo)> attributes_changed_ ABSL_GUARDED_BY(listener_mu_);
  std::function<void(InodeNo, const std::string&)> name_appeared_ ABSL_GUARDED_BY(listener_mu_);

  // Of the background thread: where the search for files to lock stands, and when it begins anew.
  InodeNo lock_search_ = {};
  int64_t next_lock_search_ns_ = INT64_MIN;

  // Ends the three threads below, each of which waits at its bell between two rounds.
  void StopThreads();
  std::atomic<bool> stopping_{false};  // set once, before the bells are rung
  Bell background_bell_, index_bell_, paths_bell_;
  std::thread background_;
  std::thread index_keeper_;
  std::thread path_keeper_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_FILESYSTEM_IMPL_H_
