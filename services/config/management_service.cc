#include "services/config/management_service.h"

#include <cerrno>
#include <string_view>
#include <utility>

#include "fmt/format.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/base/status.h"
#include "services/config/replication_rules.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

// What the mode of a container forbids is a state, not a lack of permission.
absl::Status AsState(absl::Status done) {
  return ErrnoOf(done) == EPERM ? absl::FailedPreconditionError(done.message()) : done;
}

// `done`, and what it means when the work cannot be done twice at a time.
absl::Status OrBusy(absl::Status done, std::string_view busy) {
  return absl::IsFailedPrecondition(done) ? absl::FailedPreconditionError(busy.data()) : done;
}

fs::v1::SetRetentionRequest ToFilesystem(const mgmt::SetRetentionRequest& in, uint32_t id) {
  fs::v1::SetRetentionRequest out;
  out.set_id(id);
  out.set_mode(in.mode());
  if (in.has_min_period_seconds()) out.set_min_period_seconds(in.min_period_seconds());
  if (in.has_max_period_seconds()) out.set_max_period_seconds(in.max_period_seconds());
  if (in.has_default_period_seconds()) out.set_default_period_seconds(in.default_period_seconds());
  if (in.has_auto_lock_seconds()) out.set_auto_lock_seconds(in.auto_lock_seconds());
  return out;
}

absl::Status CheckMarker(fs::v1::Marker marker) {
  if (fs::v1::Marker_IsValid(marker)) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("unknown marker {}", static_cast<int>(marker)));
}

class ManagementService final : public mgmt::Management::Service {
 public:
  ManagementService(Gate& gate, Changes& changes, TapeLibraries& libraries,
                    ReplicationLinks& replication, Views& views, FilesystemClient& filesystem)
      : gate_(gate),
        changes_(changes),
        libraries_(libraries),
        replication_(replication),
        views_(views),
        filesystem_(filesystem) {}

  grpc::Status GetSystem(ServerContext* context, const mgmt::GetSystemRequest* in,
                         mgmt::System* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) {
      *out = views_.GetSystem();
      return absl::OkStatus();
    });
  }

  grpc::Status ListStorageGroups(ServerContext* context, const mgmt::ListStorageGroupsRequest* in,
                                 mgmt::ListStorageGroupsResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(views_.ListGroups(in->name()), out); });
  }
  grpc::Status AddStorageGroup(ServerContext* context, const mgmt::AddStorageGroupRequest* in,
                               mgmt::StorageGroup* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      if (in->name() == kPerformanceTier) {
        return absl::InvalidArgumentError(fmt::format(
            "{} is the name of the performance tier, which is made with a folder of its "
            "own: oca performance_tier --add --path DIR",
            kPerformanceTier));
      }
      OCA_RETURN_IF_ERROR(changes_.AddGroup(*in));
      return OneGroup(in->name(), out);
    });
  }
  grpc::Status UpdateStorageGroup(ServerContext* context, const mgmt::UpdateStorageGroupRequest* in,
                                  mgmt::StorageGroup* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      NoteGroup(in->name(), visit);
      OCA_RETURN_IF_ERROR(changes_.UpdateGroup(*in));
      return OneGroup(in->name(), out);
    });
  }
  grpc::Status DeleteStorageGroup(ServerContext* context, const mgmt::DeleteStorageGroupRequest* in,
                                  mgmt::DeleteStorageGroupResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteGroup(in->name(), visit);
      return changes_.DeleteGroup(in->name());
    });
  }

  grpc::Status SetStorageGroupPassphrase(ServerContext* context,
                                         const mgmt::SetStorageGroupPassphraseRequest* in,
                                         mgmt::StorageGroup* out) override {
    return OnGroup(context, *in, out,
                   [&](uint32_t id) { return filesystem_.SetPassphrase(id, in->passphrase()); });
  }
  grpc::Status UnlockStorageGroup(ServerContext* context, const mgmt::UnlockStorageGroupRequest* in,
                                  mgmt::StorageGroup* out) override {
    return OnGroup(context, *in, out,
                   [&](uint32_t id) { return filesystem_.UnlockGroup(id, in->passphrase()); });
  }
  grpc::Status EncryptStorageGroup(ServerContext* context,
                                   const mgmt::EncryptStorageGroupRequest* in,
                                   mgmt::StorageGroup* out) override {
    return OnGroup(context, *in, out, [&](uint32_t id) {
      return filesystem_.EncryptGroup(id, in->mode(), in->rotation_seconds());
    });
  }

  grpc::Status ListContainers(ServerContext* context, const mgmt::ListContainersRequest* in,
                              mgmt::ListContainersResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(views_.ListContainers(in->name()), out); });
  }
  grpc::Status AddContainer(ServerContext* context, const mgmt::AddContainerRequest* in,
                            mgmt::Container* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_RETURN_IF_ERROR(CheckMarker(in->marker()));
      OCA_RETURN_IF_ERROR(MakeContainer(*in));
      return OneContainer(in->name(), out);
    });
  }
  grpc::Status UpdateContainer(ServerContext* context, const mgmt::UpdateContainerRequest* in,
                               mgmt::Container* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      NoteContainer(in->name(), visit);
      OCA_RETURN_IF_ERROR(CheckMarker(in->marker()));
      OCA_RETURN_IF_ERROR(changes_.UpdateContainer(*in));
      return OneContainer(in->name(), out);
    });
  }
  grpc::Status DeleteContainer(ServerContext* context, const mgmt::DeleteContainerRequest* in,
                               mgmt::DeleteContainerResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteContainer(in->name(), visit);
      return libraries_.DeleteContainer(in->name(), in->delete_files());
    });
  }

  grpc::Status GetRetention(ServerContext* context, const mgmt::GetRetentionRequest* in,
                            fs::v1::Retention* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(uint32_t id, ContainerId(in->name()));
      return Answer(filesystem_.GetRetention(id), out);
    });
  }
  grpc::Status SetRetention(ServerContext* context, const mgmt::SetRetentionRequest* in,
                            fs::v1::Retention* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(uint32_t id, ContainerId(in->name()));
      absl::StatusOr<fs::v1::Retention> before = filesystem_.GetRetention(id);
      if (before.ok()) visit.before = AuditJson(*before);
      const auto set = [&] {
        return AsState(Answer(filesystem_.SetRetention(ToFilesystem(*in, id)), out));
      };
      return LocksFiles(in->mode()) ? replication_.UnlessTarget(in->name(), set) : set();
    });
  }
  grpc::Status ReleaseLock(ServerContext* context, const mgmt::ReleaseLockRequest* in,
                           mgmt::ReleaseLockResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(uint32_t id, ContainerId(in->name()));
      return AsState(filesystem_.ReleaseLock(id, in->path()));
    });
  }

  grpc::Status GetSystemStats(ServerContext* context, const mgmt::GetSystemStatsRequest* in,
                              mgmt::SystemStats* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return Answer(views_.SystemStats(), out); });
  }
  grpc::Status GetStorageGroupStats(ServerContext* context,
                                    const mgmt::GetStorageGroupStatsRequest* in,
                                    mgmt::GetStorageGroupStatsResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(views_.GroupStats(in->name()), out); });
  }
  grpc::Status GetContainerStats(ServerContext* context, const mgmt::GetContainerStatsRequest* in,
                                 mgmt::GetContainerStatsResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(views_.ContainerStats(in->name()), out); });
  }

  grpc::Status GetCleanerStatus(ServerContext* context, const mgmt::GetCleanerStatusRequest* in,
                                fs::v1::CleanerStatus* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.GetCleanerStatus(), out); });
  }
  grpc::Status StartReclaim(ServerContext* context, const mgmt::StartReclaimRequest* in,
                            mgmt::StartReclaimResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) {
      return OrBusy(filesystem_.StartReclaim(), "the cleaner is running already");
    });
  }
  grpc::Status StopReclaim(ServerContext* context, const mgmt::StopReclaimRequest* in,
                           mgmt::StopReclaimResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return filesystem_.StopReclaim(); });
  }

  grpc::Status GetCleanerSchedule(ServerContext* context, const mgmt::GetCleanerScheduleRequest* in,
                                  fs::v1::CleanerSchedule* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.GetCleanerSchedule(), out); });
  }
  grpc::Status SetCleanerWindow(ServerContext* context, const mgmt::SetCleanerWindowRequest* in,
                                fs::v1::CleanerSchedule* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      absl::StatusOr<fs::v1::CleanerSchedule> before = filesystem_.GetCleanerSchedule();
      if (before.ok()) visit.before = AuditJson(*before);
      return Answer(filesystem_.SetCleanerWindow(in->window()), out);
    });
  }

  grpc::Status GetScanStatus(ServerContext* context, const mgmt::GetScanStatusRequest* in,
                             fs::v1::ScanStatus* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.GetScanStatus(), out); });
  }
  grpc::Status StartScan(ServerContext* context, const mgmt::StartScanRequest* in,
                         mgmt::StartScanResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(uint32_t group, views_.GroupId(in->storage_group()));
      return OrBusy(filesystem_.StartScan(in->level(), group, in->repair()),
                    "a scan or repair is running already");
    });
  }
  grpc::Status GetHealth(ServerContext* context, const mgmt::GetHealthRequest* in,
                         fs::v1::Health* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(uint32_t group, views_.GroupId(in->storage_group()));
      return Answer(filesystem_.GetHealth(group), out);
    });
  }
  grpc::Status ListRepairs(ServerContext* context, const mgmt::ListRepairsRequest* in,
                           fs::v1::ListRepairsResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.ListRepairs(), out); });
  }
  grpc::Status ClearQuarantine(ServerContext* context, const mgmt::ClearQuarantineRequest* in,
                               fs::v1::ClearQuarantineResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(uint32_t group, views_.GroupId(in->storage_group()));
      return OrBusy(Answer(filesystem_.ClearQuarantine(group), out), "a scan or repair is running");
    });
  }
  grpc::Status StopScan(ServerContext* context, const mgmt::StopScanRequest* in,
                        mgmt::StopScanResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return filesystem_.StopScan(); });
  }

  grpc::Status ShutdownFilesystem(ServerContext* context, const mgmt::ShutdownFilesystemRequest* in,
                                  mgmt::ShutdownFilesystemResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return filesystem_.Shutdown(); });
  }

 private:
  absl::Status MakeContainer(const mgmt::AddContainerRequest& request) {
    if (request.type() == mgmt::CONTAINER_TYPE_VTL) return libraries_.AddContainer(request);
    if (request.has_library()) {
      return absl::InvalidArgumentError("only a container of type vtl has a tape library");
    }
    if (request.type() == mgmt::CONTAINER_TYPE_UNSPECIFIED ||
        request.type() == mgmt::CONTAINER_TYPE_LOCAL) {
      return changes_.AddContainer(request);
    }
    return absl::InvalidArgumentError(
        fmt::format("unknown container type {}", static_cast<int>(request.type())));
  }

  absl::StatusOr<uint32_t> ContainerId(const std::string& name) {
    if (name.empty()) return absl::InvalidArgumentError("the name of the container is missing");
    return views_.ContainerId(name);
  }

  // Does something to the group that the request names, and answers with the group.
  template <typename Request, typename Work>
  grpc::Status OnGroup(ServerContext* context, const Request& in, mgmt::StorageGroup* out,
                       Work work) {
    return gate_.Pass(context, in, out, [&](Visit& visit) -> absl::Status {
      if (in.name().empty()) return absl::InvalidArgumentError("the storage group has no name");
      NoteGroup(in.name(), visit);
      OCA_ASSIGN_OR_RETURN(uint32_t id, views_.GroupId(in.name()));
      OCA_RETURN_IF_ERROR(work(id));
      return OneGroup(in.name(), out);
    });
  }

  void NoteGroup(std::string_view name, Visit& visit) {
    mgmt::StorageGroup before;
    if (!name.empty() && OneGroup(name, &before).ok()) visit.before = AuditJson(before);
  }

  void NoteContainer(const std::string& name, Visit& visit) {
    mgmt::Container before;
    if (OneContainer(name, &before).ok()) visit.before = AuditJson(before);
  }

  absl::Status OneGroup(std::string_view name, mgmt::StorageGroup* out) {
    OCA_ASSIGN_OR_RETURN(mgmt::ListStorageGroupsResponse list, views_.ListGroups(name));
    *out = std::move(*list.mutable_groups(0));
    return absl::OkStatus();
  }
  absl::Status OneContainer(const std::string& name, mgmt::Container* out) {
    if (name.empty()) return absl::NotFoundError("a container without a name");
    OCA_ASSIGN_OR_RETURN(mgmt::ListContainersResponse list, views_.ListContainers(name));
    *out = std::move(*list.mutable_containers(0));
    return absl::OkStatus();
  }

  Gate& gate_;
  Changes& changes_;
  TapeLibraries& libraries_;
  ReplicationLinks& replication_;
  Views& views_;
  FilesystemClient& filesystem_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewManagementService(Gate& gate, Changes& changes,
                                                    TapeLibraries& libraries,
                                                    ReplicationLinks& replication, Views& views,
                                                    FilesystemClient& filesystem) {
  return std::make_unique<ManagementService>(gate, changes, libraries, replication, views,
                                             filesystem);
}

}  // namespace oca::config
