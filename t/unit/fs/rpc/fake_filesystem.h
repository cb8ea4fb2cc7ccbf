// A Filesystem of groups and containers without files, for tests of what administers them.
#ifndef OCA_T_UNIT_FS_RPC_FAKE_FILESYSTEM_H_
#define OCA_T_UNIT_FS_RPC_FAKE_FILESYSTEM_H_

#include <cerrno>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/filesystem.h"
#include "lib/base/status.h"

namespace oca::engine {

// Thread-safe. Calls about files fail with ENOSYS.
class FakeFilesystem final : public Filesystem {
 public:
  // What the tests set and look at.
  absl::Mutex mu;
  std::map<uint32_t, StorageGroup> groups ABSL_GUARDED_BY(mu);
  std::map<uint32_t, Container> containers ABSL_GUARDED_BY(mu);
  std::map<uint32_t, GroupStats> group_stats ABSL_GUARDED_BY(mu);
  std::map<uint32_t, std::string> passphrases ABSL_GUARDED_BY(mu);
  std::map<uint32_t, EncryptionStatus> encryption ABSL_GUARDED_BY(mu);
  CleanerStatus cleaner ABSL_GUARDED_BY(mu);
  CleanerSchedule schedule ABSL_GUARDED_BY(mu);
  ScanStatus scan ABSL_GUARDED_BY(mu);
  HealthStatus health ABSL_GUARDED_BY(mu);
  std::vector<RepairRecord> repairs ABSL_GUARDED_BY(mu);
  std::vector<StoragePathStatus> paths ABSL_GUARDED_BY(mu) = {
      {.dir = "/repo", .uuid = "", .packs = 7}};
  PathTest path_test ABSL_GUARDED_BY(mu) = {.sequential_reads = 5000,
                                            .random_reads = 900,
                                            .sequential_required = 2000,
                                            .random_required = 850,
                                            .past_cache = true,
                                            .total_bytes = 100,
                                            .free_bytes = 90};
  std::optional<GroupId> cleared_group ABSL_GUARDED_BY(mu);
  std::optional<GroupId> scanned_group ABSL_GUARDED_BY(mu);
  absl::Status delete_container_result ABSL_GUARDED_BY(mu);
  absl::Status retention_result ABSL_GUARDED_BY(mu);
  std::vector<RecycledVersion> recycled ABSL_GUARDED_BY(mu);
  RestoreWish restore_wish ABSL_GUARDED_BY(mu);
  std::optional<InodeNo> purged_version ABSL_GUARDED_BY(mu);
  int64_t purged_until_ns ABSL_GUARDED_BY(mu) = 0;
  std::string released ABSL_GUARDED_BY(mu);
  StatFs space ABSL_GUARDED_BY(mu) = {4096, 1000, 400, 10, 100};

  absl::StatusOr<StorageGroup> AddGroup(const StorageGroup& group) override {
    absl::MutexLock lock(&mu);
    for (const auto& [id, other] : groups) {
      if (other.name == group.name) return PosixError(EEXIST, group.name);
    }
    StorageGroup made = group;
    made.id = GroupId(++last_group_);
    groups[made.id.value] = made;
    return made;
  }
  absl::Status UpdateGroup(const StorageGroup& group) override {
    absl::MutexLock lock(&mu);
    groups[group.id.value] = group;
    return absl::OkStatus();
  }
  absl::Status DeleteGroup(GroupId id) override {
    absl::MutexLock lock(&mu);
    for (const auto& [other, container] : containers) {
      if (container.group == id) return PosixError(ENOTEMPTY, "group");
    }
    return groups.erase(id.value) == 1 ? absl::OkStatus() : PosixError(ENOENT, "group");
  }
  absl::Status SetGroupPassphrase(GroupId id, std::string_view passphrase) override {
    absl::MutexLock lock(&mu);
    if (groups.count(id.value) == 0) return PosixError(ENOENT, "group");
    passphrases[id.value] = std::string(passphrase);
    encryption[id.value].keys = EncryptionStatus::Keys::kUnlocked;
    return absl::OkStatus();
  }
  absl::Status UnlockGroup(GroupId id, std::string_view passphrase) override {
    absl::MutexLock lock(&mu);
    auto known = passphrases.find(id.value);
    if (known == passphrases.end()) return PosixError(ENOENT, "group");
    if (known->second != passphrase) return absl::PermissionDeniedError("the passphrase is wrong");
    encryption[id.value].keys = EncryptionStatus::Keys::kUnlocked;
    return absl::OkStatus();
  }
  absl::Status EncryptGroup(GroupId id, EncryptionMode mode, uint64_t rotation_seconds) override {
    absl::MutexLock lock(&mu);
    if (passphrases.count(id.value) == 0) return absl::FailedPreconditionError("no passphrase");
    encryption[id.value].on = true;
    encryption[id.value].mode = mode;
    encryption[id.value].rotation_seconds = rotation_seconds;
    return absl::OkStatus();
  }
  absl::StatusOr<EncryptionStatus> EncryptionOf(GroupId id) override {
    absl::MutexLock lock(&mu);
    if (groups.count(id.value) == 0) return PosixError(ENOENT, "group");
    return encryption[id.value];
  }
  std::vector<StorageGroup> ListGroups() override {
    absl::MutexLock lock(&mu);
    std::vector<StorageGroup> all;
    for (const auto& [id, group] : groups) all.push_back(group);
    return all;
  }
  absl::StatusOr<Container> AddContainer(const Container& container) override {
    absl::MutexLock lock(&mu);
    if (groups.count(container.group.value) == 0) return PosixError(ENOENT, "group");
    Container made = container;
    made.id = ContainerId(++last_container_);
    containers[made.id.value] = made;
    return made;
  }
  absl::Status SetMarker(ContainerId id, names::ContainerMarker marker) override {
    absl::MutexLock lock(&mu);
    auto found = containers.find(id.value);
    if (found == containers.end()) return PosixError(ENOENT, "container");
    found->second.marker = marker;
    return absl::OkStatus();
  }
  absl::Status DeleteContainer(ContainerId id, bool with_files) override {
    absl::MutexLock lock(&mu);
    if (!delete_container_result.ok()) return delete_container_result;
    return containers.erase(id.value) == 1 ? absl::OkStatus() : PosixError(ENOENT, "container");
  }
  std::vector<Container> ListContainers() override {
    absl::MutexLock lock(&mu);
    std::vector<Container> all;
    for (const auto& [id, container] : containers) all.push_back(container);
    return all;
  }
  absl::StatusOr<Container> SetRetention(ContainerId id, const RetentionPolicy& policy) override {
    absl::MutexLock lock(&mu);
    auto found = containers.find(id.value);
    if (found == containers.end()) return PosixError(ENOENT, "container");
    if (!retention_result.ok()) return retention_result;
    found->second.retention = policy;
    return found->second;
  }
  absl::StatusOr<RetentionStatus> GetRetention(ContainerId id) override {
    absl::MutexLock lock(&mu);
    auto found = containers.find(id.value);
    if (found == containers.end()) return PosixError(ENOENT, "container");
    return RetentionStatus{.policy = found->second.retention,
                           .trusted_now_ns = 1'700'000'000'000'000'000,
                           .locked_files = 2,
                           .first_unlock_ns = 1'700'000'001'000'000'000,
                           .last_unlock_ns = 1'700'000'002'000'000'000};
  }
  absl::Status ReleaseLock(ContainerId id, std::string_view path) override {
    absl::MutexLock lock(&mu);
    released = std::string(path);
    return retention_result;
  }
  void SetAttributesListener(std::function<void(InodeNo)>) override {}
  void SetNamesListener(std::function<void(InodeNo, const std::string&)>) override {}
  absl::StatusOr<GroupStats> StatsOfGroup(GroupId id) override {
    absl::MutexLock lock(&mu);
    auto found = groups.find(id.value);
    if (found == groups.end()) return PosixError(ENOENT, "group");
    GroupStats stats = group_stats[id.value];
    stats.id = id;
    stats.name = found->second.name;
    return stats;
  }
  absl::StatusOr<Container> SetRecycleBin(ContainerId id, const RecyclePolicy& policy) override {
    absl::MutexLock lock(&mu);
    auto found = containers.find(id.value);
    if (found == containers.end()) return PosixError(ENOENT, "container");
    if (policy.days < 7 || policy.days > 30) return PosixError(EINVAL, "7 to 30 days");
    found->second.recycle = policy;
    return found->second;
  }
  absl::StatusOr<RecycleStatus> GetRecycleBin(ContainerId id) override {
    absl::MutexLock lock(&mu);
    auto found = containers.find(id.value);
    if (found == containers.end()) return PosixError(ENOENT, "container");
    return RecycleStatus{.policy = found->second.recycle,
                         .trusted_now_ns = 1'000'000'000'000'000'000,
                         .inodes = recycled.size(),
                         .first_expiry_ns = recycled.empty() ? 0 : recycled[0].expires_ns};
  }
  absl::StatusOr<std::vector<RecycledVersion>> ListRecycled(ContainerId, const RecyclePlace& after,
                                                            size_t limit) override {
    absl::MutexLock lock(&mu);
    std::vector<RecycledVersion> page;
    for (const RecycledVersion& version : recycled) {
      if (version.place.recycled_ns > after.recycled_ns && page.size() < limit) {
        page.push_back(version);
      }
    }
    return page;
  }
  absl::StatusOr<RestoreOutcome> RestoreRecycled(ContainerId, const RestoreWish& wish) override {
    absl::MutexLock lock(&mu);
    restore_wish = wish;
    if (wish.version && wish.version->value == 404) return PosixError(ENOENT, "version");
    return RestoreOutcome{.restored = 3, .skipped = 1};
  }
  absl::StatusOr<PurgeOutcome> PurgeRecycled(ContainerId, std::optional<InodeNo> version,
                                             int64_t deleted_until_ns) override {
    absl::MutexLock lock(&mu);
    purged_version = version;
    purged_until_ns = deleted_until_ns;
    return PurgeOutcome{.inodes = 2, .bytes = 77};
  }
  absl::StatusOr<ContainerStats> StatsOfContainer(ContainerId id) override {
    absl::MutexLock lock(&mu);
    auto found = containers.find(id.value);
    if (found == containers.end()) return PosixError(ENOENT, "container");
    ContainerStats stats;
    stats.id = id;
    stats.name = found->second.name;
    stats.group = found->second.group;
    return stats;
  }
  absl::StatusOr<CleanerSchedule> GetCleanerSchedule() override {
    absl::MutexLock lock(&mu);
    return schedule;
  }
  absl::StatusOr<CleanerSchedule> SetCleanerWindow(std::optional<int> day,
                                                   const CleanerWindow& window) override {
    if (window.start_minute > window.stop_minute) return PosixError(EINVAL, "window");
    absl::MutexLock lock(&mu);
    for (int i = 0; i < 7; ++i) {
      if (day.value_or(i) == i) schedule[static_cast<size_t>(i)] = window;
    }
    return schedule;
  }
  absl::Status StartReclaim() override {
    absl::MutexLock lock(&mu);
    if (cleaner.state == JobState::kRunning) return PosixError(EBUSY, "cleaner");
    cleaner.state = JobState::kRunning;
    return absl::OkStatus();
  }
  absl::Status StopReclaim() override {
    absl::MutexLock lock(&mu);
    cleaner.state = JobState::kStopped;
    return absl::OkStatus();
  }
  CleanerStatus GetCleanerStatus() override {
    absl::MutexLock lock(&mu);
    return cleaner;
  }
  absl::Status StartScan(ScanLevel level, std::optional<GroupId> group) override {
    absl::MutexLock lock(&mu);
    scan.state = JobState::kRunning;
    scan.level = level;
    scanned_group = group;
    return absl::OkStatus();
  }
  absl::Status StartRepair(std::optional<GroupId> group) override {
    absl::MutexLock lock(&mu);
    scan.state = JobState::kRunning;
    scan.repair = true;
    scanned_group = group;
    return absl::OkStatus();
  }
  HealthStatus GetHealth(std::optional<GroupId>) override {
    absl::MutexLock lock(&mu);
    return health;
  }
  void AwaitScan(absl::Duration) override {}
  std::vector<RepairRecord> ListRepairs() override {
    absl::MutexLock lock(&mu);
    return repairs;
  }
  absl::StatusOr<QuarantineCleared> ClearQuarantine(std::optional<GroupId> group) override {
    absl::MutexLock lock(&mu);
    cleared_group = group;
    return QuarantineCleared{.before = 4, .good_again = 1, .still_damaged = 3, .packs_deleted = 2};
  }
  absl::StatusOr<StoragePathStatus> AddStoragePath(const std::string& dir, bool tier) override {
    absl::MutexLock lock(&mu);
    paths.push_back(
        {.dir = dir, .uuid = "u1", .total_bytes = 100, .available_bytes = 90, .tier = tier});
    return paths.back();
  }
  absl::StatusOr<StoragePathStatus> DrainStoragePath(const std::string& dir) override {
    absl::MutexLock lock(&mu);
    for (StoragePathStatus& path : paths) {
      if (path.dir != dir) continue;
      path.state = StoragePathStatus::State::kDraining;
      path.draining = true;
      path.drained_percent = 40;
      return path;
    }
    return PosixError(ENOENT, dir);
  }
  absl::Status ForgetStoragePath(const std::string& dir) override {
    absl::MutexLock lock(&mu);
    const size_t before = paths.size();
    std::erase_if(paths, [&](const StoragePathStatus& path) { return path.dir == dir; });
    return paths.size() < before ? absl::OkStatus() : PosixError(ENOENT, dir);
  }
  absl::StatusOr<PathTest> TestStoragePath(const std::string&) override {
    absl::MutexLock lock(&mu);
    return path_test;
  }
  std::vector<StoragePathStatus> ListStoragePaths() override {
    absl::MutexLock lock(&mu);
    return paths;
  }
  absl::Status RescanStoragePaths() override {
    absl::MutexLock lock(&mu);
    for (StoragePathStatus& path : paths) {
      path.state = StoragePathStatus::State::kMissing;
      path.why = "is it mounted?";
    }
    return absl::OkStatus();
  }
  absl::Status StopScan() override {
    absl::MutexLock lock(&mu);
    scan.state = JobState::kStopped;
    return absl::OkStatus();
  }
  ScanStatus GetScanStatus() override {
    absl::MutexLock lock(&mu);
    return scan;
  }
  absl::StatusOr<StatFs> GetStatFs(InodeNo) override {
    absl::MutexLock lock(&mu);
    return space;
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Stop() override { return absl::OkStatus(); }

  absl::StatusOr<Inode> GetAttr(InodeNo) override { return NoFiles(); }
  absl::StatusOr<Inode> Lookup(InodeNo, std::string_view) override { return NoFiles(); }
  absl::StatusOr<Inode> Create(InodeNo, std::string_view, const NewInode&) override {
    return NoFiles();
  }
  absl::StatusOr<Inode> Link(InodeNo, InodeNo, std::string_view) override { return NoFiles(); }
  absl::Status Unlink(InodeNo, std::string_view) override { return NoFiles(); }
  absl::Status Rmdir(InodeNo, std::string_view) override { return NoFiles(); }
  absl::Status Rename(InodeNo, std::string_view, InodeNo, std::string_view, uint32_t) override {
    return NoFiles();
  }
  absl::StatusOr<Inode> SetAttr(InodeNo, const AttrChange&) override { return NoFiles(); }
  absl::Status ReadDir(InodeNo, uint64_t, const std::function<bool(const DirEntry&)>&) override {
    return NoFiles();
  }
  absl::StatusOr<std::string> GetXattr(InodeNo, std::string_view) override { return NoFiles(); }
  absl::Status SetXattr(InodeNo, std::string_view, std::string_view, int) override {
    return NoFiles();
  }
  absl::Status RemoveXattr(InodeNo, std::string_view) override { return NoFiles(); }
  absl::StatusOr<std::vector<std::string>> ListXattrs(InodeNo) override { return NoFiles(); }
  void AddReference(InodeNo) override {}
  void DropReferences(InodeNo, uint64_t) override {}
  absl::StatusOr<Handle*> Open(InodeNo, int) override { return NoFiles(); }
  absl::Status Flush(Handle*) override { return NoFiles(); }
  void Release(Handle*) override {}
  absl::StatusOr<ReadResult> Read(Handle*, uint64_t, size_t) override { return NoFiles(); }
  absl::StatusOr<size_t> Write(Handle*, uint64_t, std::string_view, bool) override {
    return NoFiles();
  }
  bool MustAwaitDisks(Handle*) override { return false; }
  void AwaitDisks(Handle*) override {}
  absl::Status Fsync(InodeNo) override { return NoFiles(); }
  absl::StatusOr<Inode> Truncate(InodeNo, uint64_t) override { return NoFiles(); }
  absl::Status Allocate(Handle*, int, uint64_t, uint64_t) override { return NoFiles(); }
  absl::StatusOr<uint64_t> CopyRange(Handle*, uint64_t, Handle*, uint64_t, uint64_t) override {
    return NoFiles();
  }
  absl::StatusOr<uint64_t> Seek(Handle*, uint64_t, int) override { return NoFiles(); }

 private:
  static absl::Status NoFiles() { return PosixError(ENOSYS, "no files here"); }

  uint32_t last_group_ ABSL_GUARDED_BY(mu) = 0;
  uint32_t last_container_ ABSL_GUARDED_BY(mu) = 0;
};

}  // namespace oca::engine

#endif  // OCA_T_UNIT_FS_RPC_FAKE_FILESYSTEM_H_
