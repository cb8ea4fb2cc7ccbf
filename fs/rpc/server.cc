#include "fs/rpc/server.h"

#include <unistd.h>

#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "fs/names/names.h"
#include "fs/rpc/convert.h"
#include "fs/rpc/paths_service.h"
#include "fs/rpc/recycle_bin_service.h"
#include "lib/api/fs.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::fs_rpc {
namespace {

using grpc::ServerContext;
using rpc::ToGrpc;

constexpr absl::Duration kStopGrace = absl::Seconds(5);

absl::StatusOr<names::StorageGroup> FindGroup(engine::Filesystem& filesystem, uint32_t id) {
  for (const names::StorageGroup& group : filesystem.ListGroups()) {
    if (group.id.value == id) return group;
  }
  return absl::NotFoundError(fmt::format("no storage group has the id {}", id));
}

absl::StatusOr<names::Container> FindContainer(engine::Filesystem& filesystem, uint32_t id) {
  for (const names::Container& container : filesystem.ListContainers()) {
    if (container.id.value == id && !container.deleting) return container;
  }
  return absl::NotFoundError(fmt::format("no container has the id {}", id));
}

// Each method answers with the engine's status; what the fields mean stands in lib/api/fs.proto.
class FilesystemService final : public fs::v1::Fs::Service {
 public:
  FilesystemService(engine::Filesystem& filesystem, Callbacks callbacks, ServerInfo info)
      : filesystem_(filesystem), callbacks_(std::move(callbacks)), info_(std::move(info)) {}

  grpc::Status GetInfo(ServerContext*, const fs::v1::GetInfoRequest*, fs::v1::Info* out) override {
    absl::StatusOr<engine::StatFs> space = filesystem_.GetStatFs(names::kRootInode);
    if (!space.ok()) return ToGrpc(space.status());
    out->set_version(info_.version);
    out->set_pid(static_cast<uint32_t>(::getpid()));
    out->mutable_started()->set_seconds(absl::ToUnixSeconds(started_));
    out->set_repository_path(info_.repository_path);
    out->set_mount_path(info_.mount_path);
    out->set_capacity_total_bytes(space->total_bytes);
    out->set_capacity_free_bytes(space->free_bytes);
    return grpc::Status::OK;
  }

  grpc::Status ListStorageGroups(ServerContext*, const fs::v1::ListStorageGroupsRequest*,
                                 fs::v1::ListStorageGroupsResponse* out) override {
    for (const names::StorageGroup& group : filesystem_.ListGroups()) {
      absl::StatusOr<engine::EncryptionStatus> encryption = filesystem_.EncryptionOf(group.id);
      if (!encryption.ok()) continue;  // deleted meanwhile
      fs::v1::StorageGroup* one = out->add_groups();
      *one = ToProto(group);
      *one->mutable_encryption() = ToProto(*encryption);
    }
    return grpc::Status::OK;
  }

  grpc::Status AddStorageGroup(ServerContext*, const fs::v1::AddStorageGroupRequest* in,
                               fs::v1::StorageGroup* out) override {
    absl::StatusOr<names::GroupCompression> compression = FromProto(in->compression_mode());
    if (!compression.ok()) return ToGrpc(compression.status());
    names::StorageGroup wanted;
    wanted.name = in->name();
    wanted.compression = *compression;
    if (in->chunk_size_bytes() != 0) wanted.chunk_target_bytes = in->chunk_size_bytes();
    wanted.quota_bytes = in->quota_bytes();
    wanted.performance_tier = in->performance_tier();
    absl::StatusOr<names::StorageGroup> made = filesystem_.AddGroup(wanted);
    if (made.ok()) *out = ToProto(*made);
    return ToGrpc(made.status());
  }

  grpc::Status UpdateStorageGroup(ServerContext*, const fs::v1::UpdateStorageGroupRequest* in,
                                  fs::v1::StorageGroup* out) override {
    absl::StatusOr<names::StorageGroup> group = FindGroup(filesystem_, in->id());
    if (!group.ok()) return ToGrpc(group.status());
    if (in->compression_mode() != fs::v1::COMPRESSION_MODE_UNSPECIFIED) {
      absl::StatusOr<names::GroupCompression> compression = FromProto(in->compression_mode());
      if (!compression.ok()) return ToGrpc(compression.status());
      group->compression = *compression;
    }
    if (in->has_quota_bytes()) group->quota_bytes = in->quota_bytes();
    absl::Status done = filesystem_.UpdateGroup(*group);
    if (done.ok()) *out = ToProto(*group);
    return ToGrpc(done);
  }

  grpc::Status DeleteStorageGroup(ServerContext*, const fs::v1::DeleteStorageGroupRequest* in,
                                  fs::v1::DeleteStorageGroupResponse*) override {
    return ToGrpc(filesystem_.DeleteGroup(GroupId(in->id())));
  }

  grpc::Status SetStorageGroupPassphrase(ServerContext*,
                                         const fs::v1::SetStorageGroupPassphraseRequest* in,
                                         fs::v1::Encryption* out) override {
    absl::Status done = filesystem_.SetGroupPassphrase(GroupId(in->id()), in->passphrase());
    return AnswerEncryption(done, in->id(), out);
  }

  grpc::Status UnlockStorageGroup(ServerContext*, const fs::v1::UnlockStorageGroupRequest* in,
                                  fs::v1::Encryption* out) override {
    absl::Status done = filesystem_.UnlockGroup(GroupId(in->id()), in->passphrase());
    return AnswerEncryption(done, in->id(), out);
  }

  grpc::Status EncryptStorageGroup(ServerContext*, const fs::v1::EncryptStorageGroupRequest* in,
                                   fs::v1::Encryption* out) override {
    absl::StatusOr<engine::EncryptionMode> mode = FromProto(in->mode());
    if (!mode.ok()) return ToGrpc(mode.status());
    absl::Status done = filesystem_.EncryptGroup(GroupId(in->id()), *mode, in->rotation_seconds());
    return AnswerEncryption(done, in->id(), out);
  }

  grpc::Status ListContainers(ServerContext*, const fs::v1::ListContainersRequest*,
                              fs::v1::ListContainersResponse* out) override {
    for (const names::Container& container : filesystem_.ListContainers()) {
      *out->add_containers() = ToProto(container);
    }
    return grpc::Status::OK;
  }

  grpc::Status AddContainer(ServerContext*, const fs::v1::AddContainerRequest* in,
                            fs::v1::Container* out) override {
    absl::StatusOr<names::ContainerMarker> marker = FromProto(in->marker());
    if (!marker.ok()) return ToGrpc(marker.status());
    names::Container wanted;
    wanted.name = in->name();
    wanted.marker = *marker;
    wanted.group = GroupId(in->group_id());
    absl::StatusOr<names::Container> made = filesystem_.AddContainer(wanted);
    if (!made.ok()) return ToGrpc(made.status());
    *out = ToProto(*made);
    ContainerChanged(made->name);
    return grpc::Status::OK;
  }

  grpc::Status UpdateContainer(ServerContext*, const fs::v1::UpdateContainerRequest* in,
                               fs::v1::Container* out) override {
    absl::StatusOr<names::Container> container = FindContainer(filesystem_, in->id());
    if (!container.ok()) return ToGrpc(container.status());
    if (in->marker() != fs::v1::MARKER_UNSPECIFIED) {
      absl::StatusOr<names::ContainerMarker> marker = FromProto(in->marker());
      if (!marker.ok()) return ToGrpc(marker.status());
      absl::Status done = filesystem_.SetMarker(container->id, *marker);
      if (!done.ok()) return ToGrpc(done);
      container->marker = *marker;
    }
    *out = ToProto(*container);
    return grpc::Status::OK;
  }

  grpc::Status DeleteContainer(ServerContext*, const fs::v1::DeleteContainerRequest* in,
                               fs::v1::DeleteContainerResponse*) override {
    absl::StatusOr<names::Container> container = FindContainer(filesystem_, in->id());
    if (!container.ok()) return ToGrpc(container.status());
    absl::Status done = filesystem_.DeleteContainer(container->id, in->with_files());
    // Also after a failure: it may have left the mount already.
    ContainerChanged(container->name);
    return ToGrpc(done);
  }

  grpc::Status GetRetention(ServerContext*, const fs::v1::GetRetentionRequest* in,
                            fs::v1::Retention* out) override {
    absl::StatusOr<names::RetentionStatus> status = filesystem_.GetRetention(ContainerId(in->id()));
    if (status.ok()) *out = ToProto(*status);
    return ToGrpc(status.status());
  }
  grpc::Status SetRetention(ServerContext*, const fs::v1::SetRetentionRequest* in,
                            fs::v1::Retention* out) override {
    absl::StatusOr<names::Container> container = FindContainer(filesystem_, in->id());
    if (!container.ok()) return ToGrpc(container.status());
    absl::StatusOr<names::RetentionPolicy> policy = Apply(*in, container->retention);
    if (!policy.ok()) return ToGrpc(policy.status());
    absl::Status done = filesystem_.SetRetention(container->id, *policy).status();
    if (!done.ok()) return ToGrpc(done);
    absl::StatusOr<names::RetentionStatus> status = filesystem_.GetRetention(container->id);
    if (status.ok()) *out = ToProto(*status);
    return ToGrpc(status.status());
  }
  grpc::Status ReleaseLock(ServerContext*, const fs::v1::ReleaseLockRequest* in,
                           fs::v1::ReleaseLockResponse*) override {
    return ToGrpc(filesystem_.ReleaseLock(ContainerId(in->id()), in->path()));
  }

  grpc::Status GetStorageGroupStats(ServerContext*, const fs::v1::GetStorageGroupStatsRequest* in,
                                    fs::v1::GetStorageGroupStatsResponse* out) override {
    if (in->id() != 0) {
      absl::StatusOr<engine::GroupStats> stats = filesystem_.StatsOfGroup(GroupId(in->id()));
      if (stats.ok()) *out->add_groups() = ToProto(*stats);
      return ToGrpc(stats.status());
    }
    for (const names::StorageGroup& group : filesystem_.ListGroups()) {
      absl::StatusOr<engine::GroupStats> stats = filesystem_.StatsOfGroup(group.id);
      if (absl::IsNotFound(stats.status())) continue;  // deleted meanwhile
      if (!stats.ok()) return ToGrpc(stats.status());
      *out->add_groups() = ToProto(*stats);
    }
    return grpc::Status::OK;
  }

  grpc::Status GetContainerStats(ServerContext*, const fs::v1::GetContainerStatsRequest* in,
                                 fs::v1::GetContainerStatsResponse* out) override {
    bool found = in->id() == 0;
    for (const names::Container& container : filesystem_.ListContainers()) {
      if (container.deleting || (in->id() != 0 && container.id.value != in->id())) continue;
      absl::StatusOr<engine::ContainerStats> stats = filesystem_.StatsOfContainer(container.id);
      if (absl::IsNotFound(stats.status())) continue;  // deleted meanwhile
      if (!stats.ok()) return ToGrpc(stats.status());
      FillContainerStats(*stats, out->add_containers());
      found = true;
    }
    if (found) return grpc::Status::OK;
    return ToGrpc(absl::NotFoundError(fmt::format("no container has the id {}", in->id())));
  }

  grpc::Status StartReclaim(ServerContext*, const fs::v1::StartReclaimRequest*,
                            fs::v1::StartReclaimResponse*) override {
    return ToGrpc(filesystem_.StartReclaim());
  }
  grpc::Status StopReclaim(ServerContext*, const fs::v1::StopReclaimRequest*,
                           fs::v1::StopReclaimResponse*) override {
    return ToGrpc(filesystem_.StopReclaim());
  }
  grpc::Status GetCleanerStatus(ServerContext*, const fs::v1::GetCleanerStatusRequest*,
                                fs::v1::CleanerStatus* out) override {
    *out = ToProto(filesystem_.GetCleanerStatus());
    return grpc::Status::OK;
  }

  grpc::Status GetCleanerSchedule(ServerContext*, const fs::v1::GetCleanerScheduleRequest*,
                                  fs::v1::CleanerSchedule* out) override {
    absl::StatusOr<names::CleanerSchedule> schedule = filesystem_.GetCleanerSchedule();
    if (schedule.ok()) *out = ToProto(*schedule);
    return ToGrpc(schedule.status());
  }
  grpc::Status SetCleanerWindow(ServerContext*, const fs::v1::SetCleanerWindowRequest* in,
                                fs::v1::CleanerSchedule* out) override {
    const fs::v1::CleanerWindow& window = in->window();
    if (!fs::v1::Weekday_IsValid(window.day())) {
      return ToGrpc(absl::InvalidArgumentError(fmt::format("no weekday: {}", int{window.day()})));
    }
    std::optional<int> day;
    if (window.day() != fs::v1::WEEKDAY_UNSPECIFIED) day = window.day() - fs::v1::WEEKDAY_MONDAY;
    absl::StatusOr<names::CleanerSchedule> schedule =
        filesystem_.SetCleanerWindow(day, {window.start_minute(), window.stop_minute()});
    if (schedule.ok()) *out = ToProto(*schedule);
    return ToGrpc(schedule.status());
  }

  grpc::Status StartScan(ServerContext*, const fs::v1::StartScanRequest* in,
                         fs::v1::StartScanResponse*) override {
    absl::StatusOr<engine::ScanLevel> level = FromProto(in->level());
    if (!level.ok()) return ToGrpc(level.status());
    std::optional<GroupId> only;
    if (in->group_id() != 0) only = GroupId(in->group_id());
    if (!in->repair()) return ToGrpc(filesystem_.StartScan(*level, only));
    if (*level != engine::ScanLevel::kVerifyData) {
      return ToGrpc(absl::InvalidArgumentError("a repair needs the level verify_data"));
    }
    return ToGrpc(filesystem_.StartRepair(only));
  }
  grpc::Status GetHealth(ServerContext*, const fs::v1::GetHealthRequest* in,
                         fs::v1::Health* out) override {
    std::optional<GroupId> only;
    if (in->group_id() != 0) only = GroupId(in->group_id());
    *out = ToProto(filesystem_.GetHealth(only));
    return grpc::Status::OK;
  }
  grpc::Status ListRepairs(ServerContext*, const fs::v1::ListRepairsRequest*,
                           fs::v1::ListRepairsResponse* out) override {
    for (const engine::RepairRecord& repair : filesystem_.ListRepairs()) {
      *out->add_repairs() = ToProto(repair);
    }
    return grpc::Status::OK;
  }
  grpc::Status ClearQuarantine(ServerContext*, const fs::v1::ClearQuarantineRequest* in,
                               fs::v1::ClearQuarantineResponse* out) override {
    std::optional<GroupId> only;
    if (in->group_id() != 0) only = GroupId(in->group_id());
    absl::StatusOr<engine::QuarantineCleared> cleared = filesystem_.ClearQuarantine(only);
    if (!cleared.ok()) return ToGrpc(cleared.status());
    out->set_before(cleared->before);
    out->set_good_again(cleared->good_again);
    out->set_still_damaged(cleared->still_damaged);
    out->set_packs_deleted(cleared->packs_deleted);
    return grpc::Status::OK;
  }
  grpc::Status StopScan(ServerContext*, const fs::v1::StopScanRequest*,
                        fs::v1::StopScanResponse*) override {
    return ToGrpc(filesystem_.StopScan());
  }
  grpc::Status GetScanStatus(ServerContext*, const fs::v1::GetScanStatusRequest*,
                             fs::v1::ScanStatus* out) override {
    *out = ToProto(filesystem_.GetScanStatus());
    return grpc::Status::OK;
  }

  grpc::Status Shutdown(ServerContext*, const fs::v1::ShutdownRequest*,
                        fs::v1::ShutdownResponse*) override {
    if (!callbacks_.shutdown_requested) {
      return ToGrpc(absl::UnimplementedError("this server cannot be shut down by request"));
    }
    callbacks_.shutdown_requested();
    return grpc::Status::OK;
  }

 private:
  grpc::Status AnswerEncryption(const absl::Status& done, uint32_t id, fs::v1::Encryption* out) {
    if (!done.ok()) return ToGrpc(done);
    absl::StatusOr<engine::EncryptionStatus> status = filesystem_.EncryptionOf(GroupId(id));
    if (status.ok()) *out = ToProto(*status);
    return ToGrpc(status.status());
  }

  void ContainerChanged(std::string_view name) {
    if (callbacks_.container_changed) callbacks_.container_changed(name);
  }

  void FillContainerStats(const engine::ContainerStats& stats, fs::v1::ContainerStats* out) {
    *out = ToProto(stats);
    out->set_cleaner_status(ToProto(filesystem_.GetCleanerStatus().state));
    absl::StatusOr<names::StorageGroup> group = FindGroup(filesystem_, stats.group.value);
    if (group.ok()) out->set_group(group->name);
  }

  engine::Filesystem& filesystem_;
  const Callbacks callbacks_;
  const ServerInfo info_;
  const absl::Time started_ = absl::Now();
};

}  // namespace

struct Server::Impl {
  Impl(engine::Filesystem& filesystem, Callbacks callbacks, ServerInfo info)
      : paths(NewPathsService(filesystem, info.mount_path)),
        service(filesystem, std::move(callbacks), std::move(info)),
        recycle_bin(NewRecycleBinService(filesystem)) {}

  const std::unique_ptr<grpc::Service> paths;
  FilesystemService service;
  std::unique_ptr<grpc::Service> recycle_bin;
  std::unique_ptr<rpc::UnixServer> socket;  // null after Stop
};

absl::StatusOr<std::unique_ptr<Server>> Server::Start(engine::Filesystem& filesystem,
                                                      const std::string& socket_path,
                                                      Callbacks callbacks, ServerInfo info) {
  auto impl = std::make_unique<Impl>(filesystem, std::move(callbacks), std::move(info));
  OCA_ASSIGN_OR_RETURN(
      impl->socket, rpc::UnixServer::Start(
                        socket_path, {&impl->service, impl->recycle_bin.get(), impl->paths.get()}));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { Stop(); }

void Server::Stop() {
  if (impl_->socket == nullptr) return;
  impl_->socket->Stop(kStopGrace);
  impl_->socket.reset();
}

}  // namespace oca::fs_rpc
