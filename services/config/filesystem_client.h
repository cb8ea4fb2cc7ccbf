// ocafsd as ocaconfigsvc calls it: typed, with deadlines, and with errors that say what to do when
// it is down.
#ifndef OCA_SERVICES_CONFIG_FILESYSTEM_CLIENT_H_
#define OCA_SERVICES_CONFIG_FILESYSTEM_CLIENT_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/api/fs.grpc.pb.h"
#include "lib/api/paths.grpc.pb.h"
#include "lib/api/recycle_bin.grpc.pb.h"
#include "services/config/part_call.h"

namespace oca::config {

// What ocafsd holds.
struct Actual {
  std::vector<fs::v1::StorageGroup> groups;
  std::vector<fs::v1::Container> containers;  // those being deleted too
};

// Whether `status` leaves open if the call took effect.
bool IsUncertain(const absl::Status& status);

// Errors: as of CallPart. Thread-safe.
class FilesystemClient {
 public:
  // kInvalidArgument for a path that no socket can have. how_to_start: ends the message when ocafsd
  // is down.
  static absl::StatusOr<std::unique_ptr<FilesystemClient>> Create(std::string socket_path,
                                                                  std::string how_to_start);

  absl::StatusOr<fs::v1::Info> GetInfo();
  absl::StatusOr<Actual> List();
  absl::StatusOr<fs::v1::StorageGroup> AddGroup(const fs::v1::AddStorageGroupRequest& request);
  absl::StatusOr<fs::v1::StorageGroup> UpdateGroup(
      const fs::v1::UpdateStorageGroupRequest& request);
  absl::Status DeleteGroup(uint32_t id);
  absl::Status SetPassphrase(uint32_t id, const std::string& passphrase);
  absl::Status UnlockGroup(uint32_t id, const std::string& passphrase);
  absl::Status EncryptGroup(uint32_t id, fs::v1::EncryptionMode mode, uint64_t rotation_seconds);
  absl::StatusOr<fs::v1::Container> AddContainer(std::string_view name, uint32_t group_id,
                                                 fs::v1::Marker marker);
  absl::Status SetMarker(uint32_t id, fs::v1::Marker marker);
  absl::Status DeleteContainer(uint32_t id, bool with_files);
  absl::StatusOr<fs::v1::Retention> GetRetention(uint32_t id);
  absl::StatusOr<fs::v1::Retention> SetRetention(const fs::v1::SetRetentionRequest& request);
  absl::Status ReleaseLock(uint32_t id, const std::string& path);
  // Of recycle_bin.proto, as they are.
  absl::Status GetRecycleBin(const management::v1::GetRecycleBinRequest& request,
                             management::v1::RecycleBinStatus* response);
  absl::Status SetRecycleBin(const management::v1::SetRecycleBinRequest& request,
                             management::v1::RecycleBinStatus* response);
  absl::Status ListRecycled(const management::v1::ListRecycledRequest& request,
                            management::v1::ListRecycledResponse* response);
  absl::Status RestoreRecycled(const management::v1::RestoreRecycledRequest& request,
                               management::v1::RestoreRecycledResponse* response);
  absl::Status PurgeRecycled(const management::v1::PurgeRecycledRequest& request,
                             management::v1::PurgeRecycledResponse* response);
  // id 0 = all
  absl::StatusOr<std::vector<fs::v1::StorageGroupStats>> GroupStats(uint32_t id);
  absl::StatusOr<std::vector<fs::v1::ContainerStats>> ContainerStats(uint32_t id);
  absl::Status StartReclaim();
  absl::Status StopReclaim();
  absl::StatusOr<fs::v1::CleanerStatus> GetCleanerStatus();
  absl::StatusOr<fs::v1::CleanerSchedule> GetCleanerSchedule();
  absl::StatusOr<fs::v1::CleanerSchedule> SetCleanerWindow(const fs::v1::CleanerWindow& window);
  absl::Status StartScan(fs::v1::ScanLevel level, uint32_t group_id, bool repair);
  absl::Status StopScan();
  absl::StatusOr<fs::v1::ScanStatus> GetScanStatus();
  // group_id 0 = all
  absl::StatusOr<fs::v1::Health> GetHealth(uint32_t group_id);
  absl::StatusOr<fs::v1::ListRepairsResponse> ListRepairs();
  absl::StatusOr<fs::v1::ClearQuarantineResponse> ClearQuarantine(uint32_t group_id);
  absl::Status Shutdown();
  absl::StatusOr<fs::v1::ListPathsResponse> ListPaths();
  absl::StatusOr<fs::v1::StoragePath> AddPath(const std::string& path, bool performance_tier);
  absl::StatusOr<fs::v1::StoragePath> DrainPath(const std::string& path);
  absl::Status ForgetPath(const std::string& path);
  absl::StatusOr<fs::v1::PathTest> TestPath(const std::string& path);
  absl::StatusOr<fs::v1::ListPathsResponse> RescanPaths();

 private:
  explicit FilesystemClient(Part part);

  template <typename Stub, typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response, absl::Duration timeout);

  const Part part_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_FILESYSTEM_CLIENT_H_
