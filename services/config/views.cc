#include "services/config/views.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/api/savings.h"
#include "lib/api/timestamp.h"
#include "lib/base/host_name.h"
#include "lib/base/status.h"
#include "services/config/find.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

mgmt::Part* AddPart(mgmt::System* system, std::string_view name, const absl::Status& status,
                    std::string detail) {
  mgmt::Part* part = system->add_parts();
  part->set_name(std::string(name));
  part->set_up(status.ok());
  part->set_detail(status.ok() ? std::move(detail) : std::string(MessageOf(status)));
  return part;
}

mgmt::StorageGroup ViewOf(const GroupRow& row) {
  mgmt::StorageGroup group;
  group.set_name(row.name);
  group.set_id(row.fs_id);
  group.set_compression_mode(row.compression_mode);
  group.set_chunk_size_bytes(row.chunk_size_bytes);
  group.set_quota_bytes(row.quota_bytes);
  group.set_state(row.state);
  group.set_revision(row.revision);
  return group;
}

// What ocafsd holds comes first in what it says; a row adds what only the configuration knows.
mgmt::StorageGroup ViewOf(const fs::v1::StorageGroup& held, const GroupRow* row) {
  mgmt::StorageGroup group;
  group.set_name(held.name());
  group.set_id(held.id());
  group.set_compression_mode(held.compression_mode());
  group.set_chunk_size_bytes(held.chunk_size_bytes());
  group.set_quota_bytes(held.quota_bytes());
  group.set_state(row == nullptr ? mgmt::STATE_READY : row->state);
  if (row != nullptr) group.set_revision(row->revision);
  *group.mutable_encryption() = held.encryption();
  return group;
}

mgmt::Container ViewOf(const ContainerRow& row) {
  mgmt::Container container;
  container.set_name(row.name);
  container.set_id(row.fs_id);
  container.set_group(row.group);
  container.set_type(row.type);
  container.set_marker(row.marker);
  container.set_state(row.state);
  *container.mutable_created() = api::ExactTimestampOf(row.created);
  return container;
}

mgmt::Container ViewOf(const fs::v1::Container& held, const ContainerRow* row,
                       const std::string& mount_path, const std::string& group) {
  mgmt::Container container;
  container.set_name(held.name());
  container.set_id(held.id());
  container.set_group(group);
  container.set_type(row == nullptr ? mgmt::CONTAINER_TYPE_LOCAL : row->type);
  container.set_marker(held.marker());
  if (held.has_created()) *container.mutable_created() = held.created();
  if (held.deleting()) {
    container.set_state(mgmt::STATE_DELETING);
    return container;
  }
  container.set_state(row == nullptr ? mgmt::STATE_READY : row->state);
  container.set_mount_path(fmt::format("{}/{}", mount_path, held.name()));
  return container;
}

// The answer to a question for all, or for `name`.
template <typename Item, typename Repeated>
absl::Status SelectNamed(Kind kind, std::string_view name, const std::map<std::string, Item>& all,
                         Repeated* out) {
  std::vector<std::string> names;
  for (const auto& [key, item] : all) {
    if (name.empty() || key == name) *out->Add() = item;
    names.push_back(key);
  }
  if (name.empty() || !out->empty()) return absl::OkStatus();
  return UnknownName(kind, name, names);
}

const char* StatusWord(fs::v1::PathState state) {
  switch (state) {
    case fs::v1::PATH_STATE_FULL:
      return "full";
    case fs::v1::PATH_STATE_MISSING:
      return "missing";
    case fs::v1::PATH_STATE_FOREIGN:
      return "foreign";
    case fs::v1::PATH_STATE_DRAINING:
      return "draining";
    default:
      return "ready";
  }
}

}  // namespace

Views::Views(Store& store, FilesystemClient& filesystem, VtlClient& vtl, const Changes& changes,
             std::string home)
    : store_(store),
      filesystem_(filesystem),
      vtl_(vtl),
      changes_(changes),
      home_(std::move(home)),
      started_(absl::Now()) {}

void Views::AddStorage(const fs::v1::Info& info, mgmt::System* system) {
  absl::StatusOr<fs::v1::ListPathsResponse> paths = filesystem_.ListPaths();
  if (!paths.ok() || paths->paths_size() < 2) {
    mgmt::StorageFolder* storage = system->add_storage();
    storage->set_name("repository");
    storage->set_path(info.repository_path());
    storage->set_total_bytes(system->capacity_total_bytes());
    storage->set_used_bytes(system->capacity_used_bytes());
    storage->set_free_bytes(system->capacity_free_bytes());
    storage->set_status("ready");
    return;
  }
  for (const fs::v1::StoragePath& path : paths->paths()) {
    mgmt::StorageFolder* storage = system->add_storage();
    storage->set_name(path.name());
    storage->set_path(path.path());
    storage->set_total_bytes(path.total_bytes());
    storage->set_used_bytes(path.total_bytes() - std::min(path.total_bytes(), path.free_bytes()));
    storage->set_free_bytes(path.free_bytes());
    storage->set_status(StatusWord(path.state()));
  }
}

mgmt::System Views::GetSystem() {
  mgmt::System system;
  system.set_version(std::string(api::Version()));
  system.set_host_name(HostName());
  system.set_home_path(home_);

  mgmt::Part* self =
      AddPart(&system, "ocaconfigsvc", absl::OkStatus(), fmt::format("version {}", api::Version()));
  self->set_pid(static_cast<uint32_t>(::getpid()));
  *self->mutable_started() = api::ExactTimestampOf(started_);

  absl::StatusOr<fs::v1::Info> info = filesystem_.GetInfo();
  mgmt::Part* filesystem = AddPart(&system, "ocafsd", info.status(),
                                   info.ok() ? fmt::format("version {}", info->version()) : "");
  if (info.ok()) {
    filesystem->set_pid(info->pid());
    *filesystem->mutable_started() = info->started();
    system.set_mount_path(info->mount_path());
    system.set_capacity_total_bytes(info->capacity_total_bytes());
    system.set_capacity_free_bytes(info->capacity_free_bytes());
    system.set_capacity_used_bytes(info->capacity_total_bytes() - info->capacity_free_bytes());
    AddStorage(*info, &system);
  }

  absl::StatusOr<ServerFacts> facts = store_.Facts();
  mgmt::Part* database = AddPart(&system, "postgresql", facts.status(),
                                 facts.ok() ? fmt::format("version {}", facts->version) : "");
  if (facts.ok()) {
    database->set_pid(facts->pid);
    *database->mutable_started() = api::ExactTimestampOf(facts->started);
    system.set_system_id(facts->system_id);
  }

  absl::StatusOr<vtl::v1::Info> tapes = vtl_.GetInfo();
  mgmt::Part* libraries = AddPart(&system, "ocavtl", tapes.status(),
                                  tapes.ok() ? fmt::format("version {}", tapes->version()) : "");
  if (tapes.ok()) {
    libraries->set_pid(tapes->pid());
    *libraries->mutable_started() = tapes->started();
  }

  absl::StatusOr<Seen> seen = See();
  if (seen.ok()) {
    bool from_filesystem = !seen->mount_path.empty();
    system.set_storage_groups(static_cast<uint32_t>(from_filesystem ? seen->actual.groups.size()
                                                                    : seen->desired.groups.size()));
    system.set_containers(static_cast<uint32_t>(from_filesystem ? seen->actual.containers.size()
                                                                : seen->desired.containers.size()));
  }
  system.set_ready(info.ok() && facts.ok() && tapes.ok() && changes_.last_reconcile().ok());
  return system;
}

absl::StatusOr<Views::Seen> Views::See() {
  Seen seen;
  absl::StatusOr<fs::v1::Info> info = filesystem_.GetInfo();
  absl::StatusOr<Actual> actual = info.ok() ? filesystem_.List() : info.status();
  absl::StatusOr<Desired> desired = store_.Load();
  if (!actual.ok() && !desired.ok()) {
    return absl::UnavailableError(
        fmt::format("{}; and {}", MessageOf(actual.status()), MessageOf(desired.status())));
  }
  if (actual.ok()) {
    seen.actual = *std::move(actual);
    seen.mount_path = info->mount_path();
  } else {
    seen.notice = fmt::format("as configured, not as it is: {}", MessageOf(actual.status()));
  }
  if (desired.ok()) {
    seen.desired = *std::move(desired);
  } else {
    seen.notice = fmt::format("as ocafsd holds it, without the configuration: {}",
                              MessageOf(desired.status()));
  }
  return seen;
}

absl::StatusOr<mgmt::ListStorageGroupsResponse> Views::ListGroups(std::string_view name) {
  OCA_ASSIGN_OR_RETURN(Seen seen, See());
  std::map<std::string, mgmt::StorageGroup> all;
  for (const GroupRow& row : seen.desired.groups) all[row.name] = ViewOf(row);
  std::map<uint32_t, std::string> names;
  for (const fs::v1::StorageGroup& held : seen.actual.groups) {
    all[held.name()] = ViewOf(held, FindByName(seen.desired.groups, held.name()));
    names[held.id()] = held.name();
  }
  if (seen.mount_path.empty()) {
    for (const ContainerRow& row : seen.desired.containers) {
      all[row.group].add_containers(row.name);
    }
  }
  for (const fs::v1::Container& held : seen.actual.containers) {
    if (!held.deleting()) all[names[held.group_id()]].add_containers(held.name());
  }
  mgmt::ListStorageGroupsResponse response;
  response.set_notice(seen.notice);
  OCA_RETURN_IF_ERROR(SelectNamed(Kind::kStorageGroup, name, all, response.mutable_groups()));
  return response;
}

absl::StatusOr<mgmt::ListContainersResponse> Views::ListContainers(std::string_view name) {
  OCA_ASSIGN_OR_RETURN(Seen seen, See());
  std::map<std::string, mgmt::Container> all;
  for (const ContainerRow& row : seen.desired.containers) all[row.name] = ViewOf(row);
  std::map<uint32_t, std::string> groups;
  for (const fs::v1::StorageGroup& held : seen.actual.groups) groups[held.id()] = held.name();
  for (const fs::v1::Container& held : seen.actual.containers) {
    // A name may be in use again while files of its former owner are still being removed.
    auto known = all.find(held.name());
    if (held.deleting() && known != all.end() && known->second.id() != held.id()) continue;
    all[held.name()] = ViewOf(held, FindByName(seen.desired.containers, held.name()),
                              seen.mount_path, groups[held.group_id()]);
  }
  mgmt::ListContainersResponse response;
  response.set_notice(seen.notice);
  OCA_RETURN_IF_ERROR(SelectNamed(Kind::kContainer, name, all, response.mutable_containers()));
  return response;
}

absl::StatusOr<uint32_t> Views::GroupId(std::string_view name) {
  if (name.empty()) return 0;
  OCA_ASSIGN_OR_RETURN(Actual actual, filesystem_.List());
  const fs::v1::StorageGroup* found = FindByName(actual.groups, name);
  if (found == nullptr) return UnknownName(Kind::kStorageGroup, name, NamesOf(actual.groups));
  return found->id();
}

absl::StatusOr<mgmt::GetStorageGroupStatsResponse> Views::GroupStats(std::string_view name) {
  OCA_ASSIGN_OR_RETURN(uint32_t id, GroupId(name));
  OCA_ASSIGN_OR_RETURN(auto stats, filesystem_.GroupStats(id));
  mgmt::GetStorageGroupStatsResponse response;
  for (fs::v1::StorageGroupStats& group : stats) *response.add_groups() = std::move(group);
  return response;
}

absl::StatusOr<uint32_t> Views::ContainerId(std::string_view name) {
  if (name.empty()) return 0;
  OCA_ASSIGN_OR_RETURN(Actual actual, filesystem_.List());
  std::erase_if(actual.containers, [](const auto& held) { return held.deleting(); });
  const fs::v1::Container* found = FindByName(actual.containers, name);
  if (found == nullptr) return UnknownName(Kind::kContainer, name, NamesOf(actual.containers));
  return found->id();
}

absl::StatusOr<mgmt::GetContainerStatsResponse> Views::ContainerStats(std::string_view name) {
  OCA_ASSIGN_OR_RETURN(uint32_t id, ContainerId(name));
  OCA_ASSIGN_OR_RETURN(auto stats, filesystem_.ContainerStats(id));
  mgmt::GetContainerStatsResponse response;
  for (fs::v1::ContainerStats& container : stats) {
    *response.add_containers() = std::move(container);
  }
  return response;
}

absl::StatusOr<mgmt::SystemStats> Views::SystemStats() {
  OCA_ASSIGN_OR_RETURN(fs::v1::Info info, filesystem_.GetInfo());
  OCA_ASSIGN_OR_RETURN(Actual actual, filesystem_.List());
  OCA_ASSIGN_OR_RETURN(auto stats, filesystem_.GroupStats(0));
  OCA_ASSIGN_OR_RETURN(fs::v1::CleanerStatus cleaner, filesystem_.GetCleanerStatus());
  mgmt::SystemStats sum;
  sum.set_capacity_total_bytes(info.capacity_total_bytes());
  sum.set_capacity_free_bytes(info.capacity_free_bytes());
  sum.set_capacity_used_bytes(info.capacity_total_bytes() - info.capacity_free_bytes());
  sum.set_storage_groups(static_cast<uint32_t>(actual.groups.size()));
  sum.set_containers(static_cast<uint32_t>(actual.containers.size()));
  for (const fs::v1::StorageGroupStats& group : stats) {
    sum.set_total_inodes(sum.total_inodes() + group.total_inodes());
    sum.set_current_files(sum.current_files() + group.current_files());
    sum.set_read_mib_per_s(sum.read_mib_per_s() + group.read_mib_per_s());
    sum.set_write_mib_per_s(sum.write_mib_per_s() + group.write_mib_per_s());
    sum.set_current_bytes(sum.current_bytes() + group.current_bytes());
    sum.set_post_dedupe_bytes(sum.post_dedupe_bytes() + group.post_dedupe_bytes());
    sum.set_post_compression_bytes(sum.post_compression_bytes() + group.post_compression_bytes());
    sum.set_physical_bytes(sum.physical_bytes() + group.physical_bytes());
    sum.set_delta_plain_bytes(sum.delta_plain_bytes() + group.delta_plain_bytes());
    sum.set_delta_stored_bytes(sum.delta_stored_bytes() + group.delta_stored_bytes());
  }
  api::FillSavings(&sum);
  sum.set_cleaner_status(cleaner.state());
  return sum;
}

}  // namespace oca::config
