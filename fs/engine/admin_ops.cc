// Storage groups, containers, statistics, scans.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/filesystem_impl.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

absl::Status CheckChunkSize(uint32_t bytes) {
  if (bytes == 8192 || bytes == 16384 || bytes == 32768 || bytes == 65536) return absl::OkStatus();
  return PosixError(EINVAL, fmt::format("chunk size {} (8192, 16384, 32768 or 65536)", bytes));
}

void FillUsage(const Usage& usage, ReductionCounters* bytes) {
  bytes->post_dedupe_bytes = usage.plain_bytes;
  bytes->post_compression_bytes = usage.stored_bytes;
  bytes->physical_bytes = usage.physical_bytes;
  bytes->delta_plain_bytes = usage.delta_plain_bytes;
  bytes->delta_stored_bytes = usage.delta_stored_bytes;
}

}  // namespace

absl::StatusOr<StorageGroup> FilesystemImpl::AddGroup(const StorageGroup& group) {
  OCA_RETURN_IF_ERROR(CheckChunkSize(group.chunk_target_bytes));
  StorageGroup wanted = group;
  wanted.has_keys = false;
  OCA_ASSIGN_OR_RETURN(StorageGroup added, names_->AddGroup(wanted));
  if (absl::Status opened = OpenGroup(added); !opened.ok()) {
    // Else it would be listed, and nobody could use it before the next start.
    OCA_RETURN_IF_ERROR(Annotate(names_->DeleteGroup(added.id), MessageOf(opened)));
    return opened;
  }
  OCA_RETURN_IF_ERROR(committer_.Commit());
  log::Info("storage_group_added", "group", added.name, "id", added.id.value);
  return added;
}

absl::Status FilesystemImpl::UpdateGroup(const StorageGroup& group) {
  std::shared_ptr<GroupRuntime> runtime = FindGroup(group.id);
  if (runtime == nullptr)
    return PosixError(ENOENT, fmt::format("storage group {}", group.id.value));
  uint64_t used = runtime->chunks->PhysicalBytes();
  if (group.quota_bytes > 0 && group.quota_bytes < used) {
    return PosixError(
        EINVAL, fmt::format("a quota of {} bytes is below the {} bytes that storage group {} uses",
                            group.quota_bytes, used, runtime->record().name));
  }
  StorageGroup wanted = group;
  wanted.has_keys = runtime->record().has_keys;
  wanted.performance_tier = runtime->record().performance_tier;
  OCA_RETURN_IF_ERROR(names_->UpdateGroup(wanted));
  for (const StorageGroup& record : names_->ListGroups()) {
    if (record.id == group.id) runtime->SetRecord(record);
  }
  runtime->chunks->SetCompression(static_cast<store::Compression>(group.compression));
  return committer_.Commit();
}

absl::Status FilesystemImpl::DeleteGroup(GroupId id) {
  std::unique_ptr<Cleaner::Exclusion> exclusion = cleaner_->Exclude();
  if (exclusion == nullptr || scanner_->status().state == JobState::kRunning) {
    return PosixError(EBUSY,
                      "space is being reclaimed or a scan runs; stop it, or wait for its end");
  }
  std::shared_ptr<GroupRuntime> runtime = FindGroup(id);
  if (runtime == nullptr) return PosixError(ENOENT, fmt::format("storage group {}", id.value));
  if (runtime->chunks->AnyOffline()) {
    return PosixError(
        EBUSY, fmt::format("{}, and data of the storage group may lie there; bring it back (oca "
                           "system --storage --show says what is wrong), or, if it is lost for "
                           "good, give it up: oca system --storage --remove --path DIR --force",
                           runtime->chunks->MissingPaths()));
  }
  OCA_RETURN_IF_ERROR(names_->DeleteGroup(id));
  OCA_RETURN_IF_ERROR(committer_.Commit());
  {
    absl::MutexLock lock(&runtime_mu_);
    groups_.erase(id);
  }
  if (runtime->locked.exchange(false)) --locked_groups_;
  scrubber_->AwaitStep();
  log::Info("storage_group_deleted", "group", runtime->record().name, "id", id.value);
  OCA_RETURN_IF_ERROR(runtime->chunks->Destroy());
  return runtime->keys->Destroy();
}

std::vector<StorageGroup> FilesystemImpl::ListGroups() { return names_->ListGroups(); }

absl::StatusOr<Container> FilesystemImpl::AddContainer(const Container& container) {
  std::shared_ptr<GroupRuntime> group = FindGroup(container.group);
  if (group == nullptr)
    return PosixError(ENOENT, fmt::format("storage group {}", container.group.value));
  OCA_ASSIGN_OR_RETURN(Container added, names_->AddContainer(container));
  {
    absl::MutexLock lock(&runtime_mu_);
    containers_[added.id] = std::make_shared<ContainerRuntime>(added, group, options_.clock);
  }
  OCA_RETURN_IF_ERROR(committer_.Commit());
  log::Info("container_added", "container", added.name, "id", added.id.value);
  return added;
}

absl::Status FilesystemImpl::SetMarker(ContainerId id, names::ContainerMarker marker) {
  std::shared_ptr<ContainerRuntime> runtime = FindContainer(id);
  if (runtime == nullptr) return PosixError(ENOENT, fmt::format("container {}", id.value));
  OCA_RETURN_IF_ERROR(names_->SetMarker(id, marker));
  runtime->marker = static_cast<markers::Setting>(marker);
  return committer_.Commit();
}

absl::Status FilesystemImpl::DeleteContainer(ContainerId id, bool with_files) {
  if (files_.AnyIn(id)) return PosixError(EBUSY, "files of the container are open");
  OCA_RETURN_IF_ERROR(names_->StartDeleteContainer(id, with_files));
  log::Info("container_deleted", "id", id.value, "with_files", with_files);
  return committer_.Commit();
}

std::vector<Container> FilesystemImpl::ListContainers() { return names_->ListContainers(); }

absl::StatusOr<CleanerSchedule> FilesystemImpl::SetCleanerWindow(std::optional<int> day,
                                                                 const CleanerWindow& window) {
  OCA_ASSIGN_OR_RETURN(CleanerSchedule schedule, names_->SetCleanerWindow(day, window));
  OCA_RETURN_IF_ERROR(committer_.Commit());
  return schedule;
}

absl::StatusOr<GroupStats> FilesystemImpl::StatsOfGroup(GroupId id) {
  std::shared_ptr<GroupRuntime> group = FindGroup(id);
  if (group == nullptr) return PosixError(ENOENT, fmt::format("storage group {}", id.value));
  StorageGroup record = group->record();
  GroupStats stats;
  stats.id = id;
  stats.name = record.name;
  stats.quota_bytes = record.quota_bytes;
  for (const Container& container : names_->ListContainers()) {
    if (container.group != id) continue;
    names::ContainerCounters counters = names_->Counters(container.id);
    stats.total_inodes += counters.inodes;
    stats.files += counters.files;
    stats.bytes.current_bytes += counters.current_bytes;
  }
  const Usage usage = group->chunks->TotalUsage();
  FillUsage(usage, &stats.bytes);
  stats.read_mib_per_s = group->reads.MibPerSecond();
  stats.write_mib_per_s = group->writes.MibPerSecond();
  stats.read_bytes = group->reads.total_bytes();
  stats.written_bytes = group->writes.total_bytes();
  OCA_ASSIGN_OR_RETURN(const Space space, LookAtSpace(store::PathUseOf(record.performance_tier)));
  stats.capacity_free_bytes = space.available_bytes;
  if (record.quota_bytes > 0) {
    uint64_t left = record.quota_bytes - std::min(record.quota_bytes, usage.physical_bytes);
    stats.capacity_free_bytes = std::min(stats.capacity_free_bytes, left);
  }
  stats.index = group->chunks->index().stats();
  stats.packs = group->chunks->pack_count();
  OCA_ASSIGN_OR_RETURN(EncryptionStatus encryption, EncryptionOf(id));
  stats.encryption_state = encryption.state;
  stats.encrypted_bytes = encryption.encrypted_bytes;
  stats.cleaner_state = cleaner_->state();
  return stats;
}

absl::StatusOr<ContainerStats> FilesystemImpl::StatsOfContainer(ContainerId id) {
  std::shared_ptr<ContainerRuntime> runtime = FindContainer(id);
  if (runtime == nullptr) return PosixError(ENOENT, fmt::format("container {}", id.value));
  ContainerStats stats;
  stats.id = id;
  for (const Container& container : names_->ListContainers()) {
    if (container.id != id) continue;
    stats.name = container.name;
    stats.group = container.group;
    stats.marker = container.marker;
  }
  const MarkerCounters& recognised = *runtime->recognised;
  for (size_t i = 0; i < markers::kFormats; ++i) {
    if (recognised.streams[i] == 0) continue;
    stats.recognised_formats.emplace_back(markers::FormatName(static_cast<markers::Format>(i)),
                                          recognised.streams[i]);
  }
  const names::ContainerCounters counters = names_->Counters(id);
  stats.recycled_inodes = counters.recycled_inodes;
  stats.recycled_files = counters.recycled_files;
  stats.recycled_bytes = counters.recycled_bytes;
  stats.recognised_headers = recognised.headers;
  stats.recognised_header_bytes = recognised.header_bytes;
  stats.recognised_payload_bytes = recognised.payload_bytes;
  stats.total_inodes = counters.inodes;
  stats.files = counters.files;
  stats.bytes.current_bytes = counters.current_bytes;
  const Usage usage = runtime->group->chunks->ContainerUsage(id);
  FillUsage(usage, &stats.bytes);
  stats.read_mib_per_s = runtime->reads.MibPerSecond();
  stats.write_mib_per_s = runtime->writes.MibPerSecond();
  stats.read_bytes = runtime->reads.total_bytes();
  stats.written_bytes = runtime->writes.total_bytes();
  return stats;
}

absl::StatusOr<StatFs> FilesystemImpl::GetStatFs(InodeNo ino) {
  OCA_ASSIGN_OR_RETURN(Inode inode, names_->GetInode(ino));
  std::shared_ptr<ContainerRuntime> container = FindContainer(inode.container);
  const bool tier = container != nullptr && container->group->chunks->performance_tier();
  OCA_ASSIGN_OR_RETURN(const Space space,
                       LookAtSpace(tier ? store::PathUse::kTier : store::PathUse::kCapacity));
  StatFs result;
  result.free_bytes = space.free_bytes;
  uint64_t used = 0, inodes = 0;
  if (container != nullptr) {
    used = container->group->chunks->PhysicalBytes();
    inodes = names_->Counters(inode.container).inodes;
  } else {
    for (const auto& group : Groups()) {
      if (!group->chunks->performance_tier()) used += group->chunks->PhysicalBytes();
    }
    for (const Container& each : names_->ListContainers())
      inodes += names_->Counters(each.id).inodes;
  }
  result.total_bytes = used + result.free_bytes;
  uint64_t quota = container == nullptr ? 0 : container->group->record().quota_bytes;
  if (quota > 0) {
    result.free_bytes = std::min(result.free_bytes, quota - std::min(quota, used));
    result.total_bytes = quota;
  }
  result.inodes = inodes;
  result.free_inodes = UINT32_MAX;  // numbers are 64 bits wide: there is no other limit than space
  return result;
}

// What cannot be recorded for want of a storage path is no reason not to look at the rest.
absl::Status FilesystemImpl::SyncForScan() {
  absl::Status synced = Sync();
  return store::IsPathMissing(synced) ? absl::OkStatus() : synced;
}

absl::Status FilesystemImpl::StartScan(ScanLevel level, std::optional<GroupId> group) {
  if (group && FindGroup(*group) == nullptr) {
    return PosixError(ENOENT, fmt::format("storage group {}", group->value));
  }
  OCA_RETURN_IF_ERROR(SyncForScan());  // so that what was just written is looked at too
  return scanner_->Start(level, group);
}

absl::Status FilesystemImpl::StartRepair(std::optional<GroupId> group) {
  if (group && FindGroup(*group) == nullptr) {
    return PosixError(ENOENT, fmt::format("storage group {}", group->value));
  }
  OCA_RETURN_IF_ERROR(SyncForScan());
  return scanner_->Start(ScanLevel::kVerifyData, group, /*repair=*/true);
}

absl::StatusOr<QuarantineCleared> FilesystemImpl::ClearQuarantine(std::optional<GroupId> group) {
  if (scanner_->status().state == JobState::kRunning) {
    return PosixError(EBUSY, "a scan or repair runs; stop it, or wait for its end");
  }
  QuarantineCleared sum;
  for (auto& [id, store] : ChunkStores()) {
    if (group && *group != id) continue;
    OCA_ASSIGN_OR_RETURN(const QuarantineCleared cleared, store->ClearQuarantine());
    sum.before += cleared.before;
    sum.good_again += cleared.good_again;
    sum.still_damaged += cleared.still_damaged;
    sum.packs_deleted += cleared.packs_deleted;
  }
  return sum;
}

HealthStatus FilesystemImpl::GetHealth(std::optional<GroupId> group) {
  HealthStatus health;
  health.oldest_check = absl::InfiniteFuture();
  health.scrub_bytes_per_second = scrubber_->bytes_per_second();
  for (const auto& runtime : Groups()) {
    const GroupId id = runtime->record().id;
    if ((group && *group != id) || !runtime->keys->Ready().ok()) continue;
    for (const ChunkStore::Damage& damage : runtime->chunks->DamageReport()) {
      health.damaged.push_back(
          {id, damage.pack, damage.offset, damage.found, damage.chunks, damage.chunks_lost});
    }
    for (FoundAtStart& found : runtime->chunks->found_at_start()) {
      health.found_at_start.push_back(std::move(found));
    }
    const CheckProgress progress = runtime->chunks->check_progress();
    health.packs += progress.packs;
    health.packs_verified += progress.verified;
    health.oldest_check = std::min(health.oldest_check, progress.oldest);
  }
  return health;
}

}  // namespace oca::engine
