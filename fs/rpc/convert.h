// Between the engine's types and the API's messages.
#ifndef OCA_FS_RPC_CONVERT_H_
#define OCA_FS_RPC_CONVERT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "fs/engine/stats.h"
#include "fs/names/names.h"
#include "lib/api/fs.pb.h"

namespace oca::fs_rpc {

fs::v1::StorageGroup ToProto(const names::StorageGroup& group);
fs::v1::Container ToProto(const names::Container& container);
fs::v1::Retention ToProto(const names::RetentionStatus& status);
// `policy` with what the request sets; kInvalidArgument for an unknown mode.
absl::StatusOr<names::RetentionPolicy> Apply(const fs::v1::SetRetentionRequest& request,
                                             names::RetentionPolicy policy);
fs::v1::Marker ToProto(names::ContainerMarker marker);
// Unspecified is auto; InvalidArgument for a value that this version does not know.
absl::StatusOr<names::ContainerMarker> FromProto(fs::v1::Marker marker);
fs::v1::StorageGroupStats ToProto(const engine::GroupStats& stats);
// The container's group's name and the cleaner's state come from elsewhere.
fs::v1::ContainerStats ToProto(const engine::ContainerStats& stats);
fs::v1::Encryption ToProto(const engine::EncryptionStatus& status);
fs::v1::CleanerStatus ToProto(const engine::CleanerStatus& status);
fs::v1::CleanerSchedule ToProto(const names::CleanerSchedule& schedule);
fs::v1::ScanStatus ToProto(const engine::ScanStatus& status);
fs::v1::Health ToProto(const engine::HealthStatus& health);
fs::v1::Repair ToProto(const engine::RepairRecord& repair);
fs::v1::JobState ToProto(engine::JobState state);

// kInvalidArgument for values the API does not know. Unspecified means fast.
absl::StatusOr<names::GroupCompression> FromProto(fs::v1::CompressionMode mode);
absl::StatusOr<engine::EncryptionMode> FromProto(fs::v1::EncryptionMode mode);
absl::StatusOr<engine::ScanLevel> FromProto(fs::v1::ScanLevel level);

}  // namespace oca::fs_rpc

#endif  // OCA_FS_RPC_CONVERT_H_
