#include "services/config/management_service.h"

#include <cerrno>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "lib/rpc/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;
using rpc::ToGrpc;

// Puts a value into an answer.
template <typename Message>
grpc::Status Answer(absl::StatusOr<Message> result, Message* out) {
  if (!result.ok()) return ToGrpc(result.status());
  *out = *std::move(result);
  return grpc::Status::OK;
}

class Service final : public mgmt::Management::Service {
 public:
  Service(Changes& changes, Views& views, FilesystemClient& filesystem)
      : changes_(changes), views_(views), filesystem_(filesystem) {}

  grpc::Status GetSystem(ServerContext*, const mgmt::GetSystemRequest*,
                         mgmt::System* out) override {
    *out = views_.GetSystem();
    return grpc::Status::OK;
  }

  grpc::Status ListStorageGroups(ServerContext*, const mgmt::ListStorageGroupsRequest* in,
                                 mgmt::ListStorageGroupsResponse* out) override {
    return Answer(views_.ListGroups(in->name()), out);
  }
  grpc::Status AddStorageGroup(ServerContext*, const mgmt::AddStorageGroupRequest* in,
                               mgmt::StorageGroup* out) override {
    absl::Status done = changes_.AddGroup(*in);
    return done.ok() ? OneGroup(in->name(), out) : ToGrpc(done);
  }
  grpc::Status UpdateStorageGroup(ServerContext*, const mgmt::UpdateStorageGroupRequest* in,
                                  mgmt::StorageGroup* out) override {
    absl::Status done = changes_.UpdateGroup(*in);
    return done.ok() ? OneGroup(in->name(), out) : ToGrpc(done);
  }
  grpc::Status DeleteStorageGroup(ServerContext*, const mgmt::DeleteStorageGroupRequest* in,
                                  mgmt::DeleteStorageGroupResponse*) override {
    return ToGrpc(changes_.DeleteGroup(in->name()));
  }

  grpc::Status SetStorageGroupPassphrase(ServerContext*,
                                         const mgmt::SetStorageGroupPassphraseRequest* in,
                                         mgmt::StorageGroup* out) override {
    return OnGroup("set_passphrase", in->name(), out,
                   [&](uint32_t id) { return filesystem_.SetPassphrase(id, in->passphrase()); });
  }
  grpc::Status UnlockStorageGroup(ServerContext*, const mgmt::UnlockStorageGroupRequest* in,
                                  mgmt::StorageGroup* out) override {
    return OnGroup("unlock", in->name(), out,
                   [&](uint32_t id) { return filesystem_.UnlockGroup(id, in->passphrase()); });
  }
  grpc::Status EncryptStorageGroup(ServerContext*, const mgmt::EncryptStorageGroupRequest* in,
                                   mgmt::StorageGroup* out) override {
    return OnGroup("encrypt", in->name(), out, [&](uint32_t id) {
      return filesystem_.EncryptGroup(id, in->mode(), in->rotation_seconds());
    });
  }

  grpc::Status ListContainers(ServerContext*, const mgmt::ListContainersRequest* in,
                              mgmt::ListContainersResponse* out) override {
    return Answer(views_.ListContainers(in->name()), out);
  }
  grpc::Status AddContainer(ServerContext*, const mgmt::AddContainerRequest* in,
                            mgmt::Container* out) override {
    if (in->type() != mgmt::CONTAINER_TYPE_UNSPECIFIED &&
        in->type() != mgmt::CONTAINER_TYPE_LOCAL) {
      return ToGrpc(absl::InvalidArgumentError(
          fmt::format("unknown container type {}", static_cast<int>(in->type()))));
    }
    absl::Status done = changes_.AddContainer(*in);
    if (!done.ok()) return ToGrpc(done);
    absl::StatusOr<mgmt::ListContainersResponse> list = views_.ListContainers(in->name());
    if (!list.ok()) return ToGrpc(list.status());
    *out = std::move(*list->mutable_containers(0));
    return grpc::Status::OK;
  }
  grpc::Status DeleteContainer(ServerContext*, const mgmt::DeleteContainerRequest* in,
                               mgmt::DeleteContainerResponse*) override {
    return ToGrpc(changes_.DeleteContainer(in->name(), in->delete_files()));
  }

  grpc::Status GetRetention(ServerContext*, const mgmt::GetRetentionRequest* in,
                            fs::v1::Retention* out) override {
    absl::StatusOr<uint32_t> id = OneContainer(in->name());
    if (!id.ok()) return ToGrpc(id.status());
    return Answer(filesystem_.GetRetention(*id), out);
  }
  grpc::Status SetRetention(ServerContext*, const mgmt::SetRetentionRequest* in,
                            fs::v1::Retention* out) override {
    absl::StatusOr<uint32_t> id = OneContainer(in->name());
    if (!id.ok()) return ToGrpc(id.status());
    absl::StatusOr<fs::v1::Retention> changed = filesystem_.SetRetention(ToFilesystem(*in, *id));
    if (!changed.ok()) return Retained("set_retention", in->name(), changed.status());
    *out = *std::move(changed);
    return Retained("set_retention", in->name(), absl::OkStatus());
  }
  grpc::Status ReleaseLock(ServerContext*, const mgmt::ReleaseLockRequest* in,
                           mgmt::ReleaseLockResponse*) override {
    absl::StatusOr<uint32_t> id = OneContainer(in->name());
    if (!id.ok()) return ToGrpc(id.status());
    return Retained("release_lock", in->name(), filesystem_.ReleaseLock(*id, in->path()));
  }

  grpc::Status GetSystemStats(ServerContext*, const mgmt::GetSystemStatsRequest*,
                              mgmt::SystemStats* out) override {
    return Answer(views_.SystemStats(), out);
  }
  grpc::Status GetStorageGroupStats(ServerContext*, const mgmt::GetStorageGroupStatsRequest* in,
                                    mgmt::GetStorageGroupStatsResponse* out) override {
    return Answer(views_.GroupStats(in->name()), out);
  }
  grpc::Status GetContainerStats(ServerContext*, const mgmt::GetContainerStatsRequest* in,
                                 mgmt::GetContainerStatsResponse* out) override {
    return Answer(views_.ContainerStats(in->name()), out);
  }

  grpc::Status GetCleanerStatus(ServerContext*, const mgmt::GetCleanerStatusRequest*,
                                fs::v1::CleanerStatus* out) override {
    return Answer(filesystem_.GetCleanerStatus(), out);
  }
  grpc::Status StartReclaim(ServerContext*, const mgmt::StartReclaimRequest*,
                            mgmt::StartReclaimResponse*) override {
    return Operation("start_reclaim", filesystem_.StartReclaim(), "the cleaner is running already");
  }
  grpc::Status StopReclaim(ServerContext*, const mgmt::StopReclaimRequest*,
                           mgmt::StopReclaimResponse*) override {
    return Operation("stop_reclaim", filesystem_.StopReclaim(), "");
  }

  grpc::Status GetScanStatus(ServerContext*, const mgmt::GetScanStatusRequest*,
                             fs::v1::ScanStatus* out) override {
    return Answer(filesystem_.GetScanStatus(), out);
  }
  grpc::Status StartScan(ServerContext*, const mgmt::StartScanRequest* in,
                         mgmt::StartScanResponse*) override {
    absl::StatusOr<uint32_t> group = views_.GroupId(in->storage_group());
    if (!group.ok()) return ToGrpc(group.status());
    return Operation(in->repair() ? "start_repair" : "start_scan",
                     filesystem_.StartScan(in->level(), *group, in->repair()),
                     "a scan or repair is running already");
  }
  grpc::Status GetHealth(ServerContext*, const mgmt::GetHealthRequest* in,
                         fs::v1::Health* out) override {
    absl::StatusOr<uint32_t> group = views_.GroupId(in->storage_group());
    if (!group.ok()) return ToGrpc(group.status());
    return Answer(filesystem_.GetHealth(*group), out);
  }
  grpc::Status ListRepairs(ServerContext*, const mgmt::ListRepairsRequest*,
                           fs::v1::ListRepairsResponse* out) override {
    return Answer(filesystem_.ListRepairs(), out);
  }
  grpc::Status ClearQuarantine(ServerContext*, const mgmt::ClearQuarantineRequest* in,
                               fs::v1::ClearQuarantineResponse* out) override {
    absl::StatusOr<uint32_t> group = views_.GroupId(in->storage_group());
    if (!group.ok()) return ToGrpc(group.status());
    absl::StatusOr<fs::v1::ClearQuarantineResponse> cleared = filesystem_.ClearQuarantine(*group);
    if (cleared.ok()) *out = *std::move(cleared);
    return Operation("clear_quarantine", cleared.status(), "a scan or repair is running");
  }
  grpc::Status StopScan(ServerContext*, const mgmt::StopScanRequest*,
                        mgmt::StopScanResponse*) override {
    return Operation("stop_scan", filesystem_.StopScan(), "");
  }

  grpc::Status ShutdownFilesystem(ServerContext*, const mgmt::ShutdownFilesystemRequest*,
                                  mgmt::ShutdownFilesystemResponse*) override {
    return Operation("shutdown_filesystem", filesystem_.Shutdown(), "");
  }

 private:
  // The outcome of a change of locks, put on record. What the mode forbids is a state, not a lack
  // of permission.
  static grpc::Status Retained(std::string_view what, std::string_view container,
                               absl::Status done) {
    if (ErrnoOf(done) == EPERM) done = absl::FailedPreconditionError(done.message());
    log::Info("operation", "what", what, "container", container, "result", MessageOf(done));
    return ToGrpc(done);
  }

  static fs::v1::SetRetentionRequest ToFilesystem(const mgmt::SetRetentionRequest& in,
                                                  uint32_t id) {
    fs::v1::SetRetentionRequest out;
    out.set_id(id);
    out.set_mode(in.mode());
    if (in.has_min_period_seconds()) out.set_min_period_seconds(in.min_period_seconds());
    if (in.has_max_period_seconds()) out.set_max_period_seconds(in.max_period_seconds());
    if (in.has_default_period_seconds()) {
      out.set_default_period_seconds(in.default_period_seconds());
    }
    if (in.has_auto_lock_seconds()) out.set_auto_lock_seconds(in.auto_lock_seconds());
    return out;
  }

  absl::StatusOr<uint32_t> OneContainer(const std::string& name) {
    if (name.empty()) return absl::InvalidArgumentError("the name of the container is missing");
    return views_.ContainerId(name);
  }

  // The status of work that was asked for, put on record; `busy` says what EBUSY means.
  static grpc::Status Operation(std::string_view what, absl::Status done, std::string_view busy) {
    if (!busy.empty() && absl::IsFailedPrecondition(done)) {
      done = absl::FailedPreconditionError(busy.data());
    }
    log::Info("operation", "what", what, "result", MessageOf(done));
    return ToGrpc(done);
  }

  // Does something to the group of that name, puts it on record, and answers with the group.
  template <typename Work>
  grpc::Status OnGroup(std::string_view what, std::string_view name, mgmt::StorageGroup* out,
                       Work work) {
    if (name.empty()) return ToGrpc(absl::InvalidArgumentError("the storage group has no name"));
    absl::StatusOr<uint32_t> id = views_.GroupId(name);
    absl::Status done = id.ok() ? work(*id) : id.status();
    log::Info("operation", "what", what, "storage_group", name, "result", MessageOf(done));
    return done.ok() ? OneGroup(name, out) : ToGrpc(done);
  }

  grpc::Status OneGroup(std::string_view name, mgmt::StorageGroup* out) {
    absl::StatusOr<mgmt::ListStorageGroupsResponse> list = views_.ListGroups(name);
    if (!list.ok()) return ToGrpc(list.status());
    *out = std::move(*list->mutable_groups(0));
    return grpc::Status::OK;
  }

  Changes& changes_;
  Views& views_;
  FilesystemClient& filesystem_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewManagementService(Changes& changes, Views& views,
                                                    FilesystemClient& filesystem) {
  return std::make_unique<Service>(changes, views, filesystem);
}

}  // namespace oca::config
