// The changes that users ask for. The rest of the class is in changes.cc.
#include <cerrno>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "services/config/changes.h"
#include "services/config/find.h"
#include "services/config/replication_store.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

using management::v1::STATE_DELETING;

absl::Status Exists(Kind kind, std::string_view name) {
  return absl::AlreadyExistsError(fmt::format("a {} named '{}' exists", KindName(kind), name));
}

}  // namespace

absl::Status Changes::AddGroup(const management::v1::AddStorageGroupRequest& request) {
  OCA_RETURN_IF_ERROR(CheckName(Kind::kStorageGroup, request.name()));
  OCA_RETURN_IF_ERROR(CheckChunkSize(request.chunk_size_bytes()));
  OCA_RETURN_IF_ERROR(CheckQuota(request.quota_bytes()));
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(Both both, Agree());
  if (FindByName(both.desired.groups, request.name()) != nullptr) {
    return Exists(Kind::kStorageGroup, request.name());
  }
  GroupRow row;
  row.name = request.name();
  if (request.compression_mode() != fs::v1::COMPRESSION_MODE_UNSPECIFIED) {
    row.compression_mode = request.compression_mode();
  }
  if (request.chunk_size_bytes() != 0) row.chunk_size_bytes = request.chunk_size_bytes();
  row.quota_bytes = request.quota_bytes();
  OCA_RETURN_IF_ERROR(store_.Insert(row));
  absl::Status made = MakeGroup(row, &both.actual);
  if (made.ok()) {
    log::Info("storage_group_added", "name", row.name);
    return made;
  }
  // A row that cannot be taken back now is taken back, or confirmed, by the next look at both
  // sides.
  if (IsUncertain(made) || !store_.DeleteGroup(row.name).ok()) Note(made);
  return made;
}

absl::Status Changes::UpdateGroup(const management::v1::UpdateStorageGroupRequest& request) {
  if (request.has_quota_bytes()) OCA_RETURN_IF_ERROR(CheckQuota(request.quota_bytes()));
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(Both both, Agree());
  const GroupRow* before = FindByName(both.desired.groups, request.name());
  if (before == nullptr) {
    return UnknownName(Kind::kStorageGroup, request.name(), NamesOf(both.desired.groups));
  }
  OCA_RETURN_IF_ERROR(
      CheckRevision(Kind::kStorageGroup, before->name, before->revision, request.revision()));
  GroupRow row = *before;
  if (request.compression_mode() != fs::v1::COMPRESSION_MODE_UNSPECIFIED) {
    row.compression_mode = request.compression_mode();
  }
  if (request.has_quota_bytes()) row.quota_bytes = request.quota_bytes();
  if (row.quota_bytes != 0) {
    OCA_ASSIGN_OR_RETURN(auto stats, filesystem_.GroupStats(row.fs_id));
    uint64_t used = stats.empty() ? 0 : stats[0].physical_bytes();
    if (row.quota_bytes < used) {
      return absl::FailedPreconditionError(
          fmt::format("a quota of {} is below the {} that storage group '{}' uses",
                      BytesText(row.quota_bytes), BytesText(used), row.name));
    }
  }
  OCA_RETURN_IF_ERROR(store_.Update(row));
  fs::v1::UpdateStorageGroupRequest to_filesystem;
  to_filesystem.set_id(row.fs_id);
  to_filesystem.set_compression_mode(row.compression_mode);
  to_filesystem.set_quota_bytes(row.quota_bytes);
  absl::Status done = filesystem_.UpdateGroup(to_filesystem).status();
  if (done.ok()) {
    log::Info("storage_group_updated", "name", row.name, "quota_bytes", row.quota_bytes);
    return done;
  }
  if (IsUncertain(done) || !store_.Update(*before).ok()) Note(done);
  return done;
}

absl::Status Changes::DeleteGroup(std::string_view name) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(Both both, Agree());
  const GroupRow* found = FindByName(both.desired.groups, name);
  if (found == nullptr) {
    return UnknownName(Kind::kStorageGroup, name, NamesOf(both.desired.groups));
  }
  std::vector<std::string> holds;
  for (const ContainerRow& container : both.desired.containers) {
    if (container.group == name) holds.push_back(container.name);
  }
  if (!holds.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("storage group '{}' still holds {}: {}; delete {} first", name,
                    holds.size() == 1 ? "a container" : fmt::format("{} containers", holds.size()),
                    ListNames(holds, 10), holds.size() == 1 ? "it" : "them"));
  }
  if (name == kDefaultGroup) {
    return absl::FailedPreconditionError(
        fmt::format("{} cannot be deleted: containers go there by default", kDefaultGroup));
  }
  GroupRow row = *found;
  row.state = STATE_DELETING;
  OCA_RETURN_IF_ERROR(store_.Update(row));
  absl::Status done = filesystem_.DeleteGroup(row.fs_id);
  if (done.ok() || absl::IsNotFound(done)) {
    log::Info("storage_group_deleted", "name", name);
    absl::Status forgotten = store_.DeleteGroup(name);
    if (!forgotten.ok()) Note(forgotten);
    return absl::OkStatus();
  }
  if (IsUncertain(done) || !store_.Update(*found).ok()) Note(done);
  if (ErrnoOf(done) == ENOTEMPTY) {
    return absl::FailedPreconditionError(
        fmt::format("files of deleted containers are still being removed from storage group '{}'; "
                    "try again when that is done",
                    name));
  }
  return done;
}

absl::Status Changes::AddContainer(const management::v1::AddContainerRequest& request,
                                   const std::function<absl::Status(db::Connection&)>& also) {
  OCA_RETURN_IF_ERROR(CheckName(Kind::kContainer, request.name()));
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(Both both, Agree());
  if (FindByName(both.desired.containers, request.name()) != nullptr) {
    return Exists(Kind::kContainer, request.name());
  }
  ContainerRow row;
  row.name = request.name();
  row.group = request.group().empty() ? std::string(kDefaultGroup) : request.group();
  if (FindByName(both.desired.groups, row.group) == nullptr) {
    return UnknownName(Kind::kStorageGroup, row.group, NamesOf(both.desired.groups));
  }
  if (request.type() != management::v1::CONTAINER_TYPE_UNSPECIFIED) row.type = request.type();
  if (request.marker() != fs::v1::MARKER_UNSPECIFIED) row.marker = request.marker();
  OCA_RETURN_IF_ERROR(store_.Insert(row, also));
  absl::Status made = MakeContainer(row, &both.actual);
  if (made.ok()) {
    log::Info("container_added", "name", row.name, "group", row.group);
    return made;
  }
  if (IsUncertain(made) || !store_.DeleteContainer(row.name).ok()) Note(made);
  return made;
}

absl::Status Changes::UpdateContainer(const management::v1::UpdateContainerRequest& request) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(Both both, Agree());
  const ContainerRow* before = FindByName(both.desired.containers, request.name());
  if (before == nullptr) {
    return UnknownName(Kind::kContainer, request.name(), NamesOf(both.desired.containers));
  }
  ContainerRow row = *before;
  if (request.marker() != fs::v1::MARKER_UNSPECIFIED) row.marker = request.marker();
  OCA_RETURN_IF_ERROR(store_.Update(row));
  absl::Status done = filesystem_.SetMarker(row.fs_id, row.marker);
  if (done.ok()) {
    log::Info("container_updated", "name", row.name, "marker", fs::v1::Marker_Name(row.marker));
    return done;
  }
  if (IsUncertain(done) || !store_.Update(*before).ok()) Note(done);
  return done;
}

absl::Status Changes::DeleteContainer(std::string_view name, bool delete_files) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(Both both, Agree());
  const ContainerRow* found = FindByName(both.desired.containers, name);
  if (found == nullptr) {
    return UnknownName(Kind::kContainer, name, NamesOf(both.desired.containers));
  }
  ContainerRow row = *found;
  row.state = STATE_DELETING;
  OCA_RETURN_IF_ERROR(store_.Update(
      row, [&](db::Connection& db) { return ReplicationStore::RefuseLinked(db, name); }));
  absl::Status done = filesystem_.DeleteContainer(row.fs_id, delete_files);
  if (done.ok() || absl::IsNotFound(done)) {
    log::Info("container_deleted", "name", name, "with_files", delete_files);
    absl::Status forgotten = store_.DeleteContainer(name);
    if (!forgotten.ok()) Note(forgotten);
    return absl::OkStatus();
  }
  if (IsUncertain(done) || !store_.Update(*found).ok()) Note(done);
  if (ErrnoOf(done) == ENOTEMPTY) {
    return absl::FailedPreconditionError(
        fmt::format("container '{}' holds files; add --delete_files to delete them with it", name));
  }
  if (ErrnoOf(done) == EPERM) return absl::FailedPreconditionError(done.message());
  if (ErrnoOf(done) == EBUSY) {
    return absl::FailedPreconditionError(fmt::format(
        "files of container '{}' are open; close them (lsof shows who has them) and try again",
        name));
  }
  return done;
}

}  // namespace oca::config
