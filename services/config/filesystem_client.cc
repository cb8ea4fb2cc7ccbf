#include "services/config/filesystem_client.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using fs::v1::Fs;
using fs::v1::Paths;
using mgmt::RecycleBin;

// Of calls that look things up.
constexpr absl::Duration kLookupTimeout = absl::Seconds(15);
// Of calls that commit a change, on a disk that may be busy.
constexpr absl::Duration kCommitTimeout = absl::Minutes(2);
// Of calls that wait for work to end, or remove many files.
constexpr absl::Duration kWorkTimeout = absl::Minutes(30);

template <typename Repeated>
auto ToVector(Repeated* items) {
  return std::vector<typename Repeated::value_type>(std::make_move_iterator(items->begin()),
                                                    std::make_move_iterator(items->end()));
}

}  // namespace

bool IsUncertain(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsUnknown(status);
}

absl::StatusOr<std::unique_ptr<FilesystemClient>> FilesystemClient::Create(
    std::string socket_path, std::string how_to_start) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, rpc::UnixChannel(socket_path));
  return std::unique_ptr<FilesystemClient>(
      new FilesystemClient({"the filesystem daemon ocafsd", std::move(socket_path),
                            std::move(how_to_start), std::move(channel)}));
}

FilesystemClient::FilesystemClient(Part part) : part_(std::move(part)) {}

template <typename Stub, typename Request, typename Response>
absl::Status FilesystemClient::Call(grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                 const Request&, Response*),
                                    const Request& request, Response* response,
                                    absl::Duration timeout) {
  return CallPart(part_, timeout, [&](grpc::ClientContext* context) {
    Stub stub(part_.channel);
    return (stub.*method)(context, request, response);
  });
}

absl::StatusOr<fs::v1::Info> FilesystemClient::GetInfo() {
  fs::v1::Info info;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::GetInfo, fs::v1::GetInfoRequest(), &info, kLookupTimeout));
  return info;
}

absl::StatusOr<Actual> FilesystemClient::List() {
  // Containers first: a group that is made and filled in between is then in the second list.
  fs::v1::ListContainersResponse containers;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::ListContainers, fs::v1::ListContainersRequest(), &containers,
                           kLookupTimeout));
  fs::v1::ListStorageGroupsResponse groups;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::ListStorageGroups, fs::v1::ListStorageGroupsRequest(),
                           &groups, kLookupTimeout));
  return Actual{ToVector(groups.mutable_groups()), ToVector(containers.mutable_containers())};
}

absl::StatusOr<fs::v1::StorageGroup> FilesystemClient::AddGroup(
    const fs::v1::AddStorageGroupRequest& request) {
  fs::v1::StorageGroup made;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::AddStorageGroup, request, &made, kCommitTimeout));
  return made;
}

absl::StatusOr<fs::v1::StorageGroup> FilesystemClient::UpdateGroup(
    const fs::v1::UpdateStorageGroupRequest& request) {
  fs::v1::StorageGroup changed;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::UpdateStorageGroup, request, &changed, kCommitTimeout));
  return changed;
}

absl::Status FilesystemClient::DeleteGroup(uint32_t id) {
  fs::v1::DeleteStorageGroupRequest request;
  request.set_id(id);
  fs::v1::DeleteStorageGroupResponse response;
  return Call(&Fs::Stub::DeleteStorageGroup, request, &response, kWorkTimeout);
}

absl::Status FilesystemClient::SetPassphrase(uint32_t id, const std::string& passphrase) {
  fs::v1::SetStorageGroupPassphraseRequest request;
  request.set_id(id);
  request.set_passphrase(passphrase);
  fs::v1::Encryption response;
  return Call(&Fs::Stub::SetStorageGroupPassphrase, request, &response, kCommitTimeout);
}

absl::Status FilesystemClient::UnlockGroup(uint32_t id, const std::string& passphrase) {
  fs::v1::UnlockStorageGroupRequest request;
  request.set_id(id);
  request.set_passphrase(passphrase);
  fs::v1::Encryption response;
  // Its packs are taken in before the answer.
  return Call(&Fs::Stub::UnlockStorageGroup, request, &response, kWorkTimeout);
}

absl::Status FilesystemClient::EncryptGroup(uint32_t id, fs::v1::EncryptionMode mode,
                                            uint64_t rotation_seconds) {
  fs::v1::EncryptStorageGroupRequest request;
  request.set_id(id);
  request.set_mode(mode);
  request.set_rotation_seconds(rotation_seconds);
  fs::v1::Encryption response;
  return Call(&Fs::Stub::EncryptStorageGroup, request, &response, kCommitTimeout);
}

absl::StatusOr<fs::v1::Container> FilesystemClient::AddContainer(std::string_view name,
                                                                 uint32_t group_id,
                                                                 fs::v1::Marker marker) {
  fs::v1::AddContainerRequest request;
  request.set_name(std::string(name));
  request.set_group_id(group_id);
  request.set_marker(marker);
  fs::v1::Container made;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::AddContainer, request, &made, kCommitTimeout));
  return made;
}

absl::Status FilesystemClient::SetMarker(uint32_t id, fs::v1::Marker marker) {
  fs::v1::UpdateContainerRequest request;
  request.set_id(id);
  request.set_marker(marker);
  fs::v1::Container changed;
  return Call(&Fs::Stub::UpdateContainer, request, &changed, kCommitTimeout);
}

absl::Status FilesystemClient::DeleteContainer(uint32_t id, bool with_files) {
  fs::v1::DeleteContainerRequest request;
  request.set_id(id);
  request.set_with_files(with_files);
  fs::v1::DeleteContainerResponse response;
  return Call(&Fs::Stub::DeleteContainer, request, &response, kWorkTimeout);
}

absl::StatusOr<fs::v1::Retention> FilesystemClient::GetRetention(uint32_t id) {
  fs::v1::GetRetentionRequest request;
  request.set_id(id);
  fs::v1::Retention retention;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::GetRetention, request, &retention, kLookupTimeout));
  return retention;
}

absl::StatusOr<fs::v1::Retention> FilesystemClient::SetRetention(
    const fs::v1::SetRetentionRequest& request) {
  fs::v1::Retention retention;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::SetRetention, request, &retention, kCommitTimeout));
  return retention;
}

absl::Status FilesystemClient::ReleaseLock(uint32_t id, const std::string& path) {
  fs::v1::ReleaseLockRequest request;
  request.set_id(id);
  request.set_path(path);
  fs::v1::ReleaseLockResponse response;
  return Call(&Fs::Stub::ReleaseLock, request, &response, kCommitTimeout);
}

absl::Status FilesystemClient::GetRecycleBin(const mgmt::GetRecycleBinRequest& request,
                                             mgmt::RecycleBinStatus* response) {
  return Call(&RecycleBin::Stub::GetRecycleBin, request, response, kLookupTimeout);
}

absl::Status FilesystemClient::SetRecycleBin(const mgmt::SetRecycleBinRequest& request,
                                             mgmt::RecycleBinStatus* response) {
  return Call(&RecycleBin::Stub::SetRecycleBin, request, response, kCommitTimeout);
}

absl::Status FilesystemClient::ListRecycled(const mgmt::ListRecycledRequest& request,
                                            mgmt::ListRecycledResponse* response) {
  return Call(&RecycleBin::Stub::ListRecycled, request, response, kCommitTimeout);
}

absl::Status FilesystemClient::RestoreRecycled(const mgmt::RestoreRecycledRequest& request,
                                               mgmt::RestoreRecycledResponse* response) {
  return Call(&RecycleBin::Stub::RestoreRecycled, request, response, kWorkTimeout);
}

absl::Status FilesystemClient::PurgeRecycled(const mgmt::PurgeRecycledRequest& request,
                                             mgmt::PurgeRecycledResponse* response) {
  return Call(&RecycleBin::Stub::PurgeRecycled, request, response, kWorkTimeout);
}

absl::StatusOr<std::vector<fs::v1::StorageGroupStats>> FilesystemClient::GroupStats(uint32_t id) {
  fs::v1::GetStorageGroupStatsRequest request;
  request.set_id(id);
  fs::v1::GetStorageGroupStatsResponse response;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::GetStorageGroupStats, request, &response, kLookupTimeout));
  return ToVector(response.mutable_groups());
}

absl::StatusOr<std::vector<fs::v1::ContainerStats>> FilesystemClient::ContainerStats(uint32_t id) {
  fs::v1::GetContainerStatsRequest request;
  request.set_id(id);
  fs::v1::GetContainerStatsResponse response;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::GetContainerStats, request, &response, kLookupTimeout));
  return ToVector(response.mutable_containers());
}

absl::Status FilesystemClient::StartReclaim() {
  fs::v1::StartReclaimResponse response;
  return Call(&Fs::Stub::StartReclaim, fs::v1::StartReclaimRequest(), &response, kCommitTimeout);
}

absl::Status FilesystemClient::StopReclaim() {
  fs::v1::StopReclaimResponse response;
  return Call(&Fs::Stub::StopReclaim, fs::v1::StopReclaimRequest(), &response, kWorkTimeout);
}

absl::StatusOr<fs::v1::CleanerSchedule> FilesystemClient::GetCleanerSchedule() {
  fs::v1::CleanerSchedule schedule;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::GetCleanerSchedule, fs::v1::GetCleanerScheduleRequest(),
                           &schedule, kLookupTimeout));
  return schedule;
}

absl::StatusOr<fs::v1::CleanerSchedule> FilesystemClient::SetCleanerWindow(
    const fs::v1::CleanerWindow& window) {
  fs::v1::SetCleanerWindowRequest request;
  *request.mutable_window() = window;
  fs::v1::CleanerSchedule schedule;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::SetCleanerWindow, request, &schedule, kCommitTimeout));
  return schedule;
}

absl::StatusOr<fs::v1::CleanerStatus> FilesystemClient::GetCleanerStatus() {
  fs::v1::CleanerStatus status;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::GetCleanerStatus, fs::v1::GetCleanerStatusRequest(), &status,
                           kLookupTimeout));
  return status;
}

absl::Status FilesystemClient::StartScan(fs::v1::ScanLevel level, uint32_t group_id, bool repair) {
  fs::v1::StartScanRequest request;
  request.set_repair(repair);
  request.set_level(level);
  request.set_group_id(group_id);
  fs::v1::StartScanResponse response;
  return Call(&Fs::Stub::StartScan, request, &response, kCommitTimeout);
}

absl::Status FilesystemClient::StopScan() {
  fs::v1::StopScanResponse response;
  return Call(&Fs::Stub::StopScan, fs::v1::StopScanRequest(), &response, kWorkTimeout);
}

absl::StatusOr<fs::v1::Health> FilesystemClient::GetHealth(uint32_t group_id) {
  fs::v1::GetHealthRequest request;
  request.set_group_id(group_id);
  fs::v1::Health health;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::GetHealth, request, &health, kCommitTimeout));
  return health;
}

absl::StatusOr<fs::v1::ListRepairsResponse> FilesystemClient::ListRepairs() {
  fs::v1::ListRepairsResponse repairs;
  OCA_RETURN_IF_ERROR(
      Call(&Fs::Stub::ListRepairs, fs::v1::ListRepairsRequest(), &repairs, kLookupTimeout));
  return repairs;
}

absl::StatusOr<fs::v1::ClearQuarantineResponse> FilesystemClient::ClearQuarantine(
    uint32_t group_id) {
  fs::v1::ClearQuarantineRequest request;
  request.set_group_id(group_id);
  fs::v1::ClearQuarantineResponse cleared;
  OCA_RETURN_IF_ERROR(Call(&Fs::Stub::ClearQuarantine, request, &cleared, kCommitTimeout));
  return cleared;
}

absl::StatusOr<fs::v1::ScanStatus> FilesystemClient::GetScanStatus() {
  fs::v1::ScanStatus status;
  OCA_RETURN_IF_ERROR(
      Call(&Fs::Stub::GetScanStatus, fs::v1::GetScanStatusRequest(), &status, kLookupTimeout));
  return status;
}

absl::Status FilesystemClient::Shutdown() {
  fs::v1::ShutdownResponse response;
  return Call(&Fs::Stub::Shutdown, fs::v1::ShutdownRequest(), &response, kLookupTimeout);
}

absl::StatusOr<fs::v1::ListPathsResponse> FilesystemClient::ListPaths() {
  fs::v1::ListPathsResponse paths;
  OCA_RETURN_IF_ERROR(
      Call(&Paths::Stub::ListPaths, fs::v1::ListPathsRequest(), &paths, kLookupTimeout));
  return paths;
}

absl::StatusOr<fs::v1::StoragePath> FilesystemClient::AddPath(const std::string& path,
                                                              bool performance_tier) {
  fs::v1::AddPathRequest request;
  request.set_path(path);
  request.set_performance_tier(performance_tier);
  fs::v1::StoragePath added;
  OCA_RETURN_IF_ERROR(Call(&Paths::Stub::AddPath, request, &added, kWorkTimeout));
  return added;
}

absl::StatusOr<fs::v1::StoragePath> FilesystemClient::DrainPath(const std::string& path) {
  fs::v1::DrainPathRequest request;
  request.set_path(path);
  fs::v1::StoragePath drained;
  OCA_RETURN_IF_ERROR(Call(&Paths::Stub::DrainPath, request, &drained, kWorkTimeout));
  return drained;
}

absl::Status FilesystemClient::ForgetPath(const std::string& path) {
  fs::v1::ForgetPathRequest request;
  request.set_path(path);
  fs::v1::ForgetPathResponse response;
  return Call(&Paths::Stub::ForgetPath, request, &response, kWorkTimeout);
}

absl::StatusOr<fs::v1::PathTest> FilesystemClient::TestPath(const std::string& path) {
  fs::v1::TestPathRequest request;
  request.set_path(path);
  fs::v1::PathTest test;
  OCA_RETURN_IF_ERROR(Call(&Paths::Stub::TestPath, request, &test, kWorkTimeout));
  return test;
}

absl::StatusOr<fs::v1::ListPathsResponse> FilesystemClient::RescanPaths() {
  fs::v1::ListPathsResponse paths;
  OCA_RETURN_IF_ERROR(
      Call(&Paths::Stub::RescanPaths, fs::v1::RescanPathsRequest(), &paths, kWorkTimeout));
  return paths;
}

}  // namespace oca::config
