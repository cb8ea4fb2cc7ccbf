// Values as people write and read them.
#ifndef OCA_CLI_VALUES_H_
#define OCA_CLI_VALUES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/api/fs.pb.h"
#include "lib/api/management.pb.h"
#include "lib/api/users.pb.h"
#include "lib/base/status.h"

namespace oca::cli {

// "10GiB", "1.5 TiB", "512MiB", "4096": binary units only. kInvalidArgument naming `what`.
absl::StatusOr<uint64_t> ParseBytes(std::string_view what, std::string_view text);
// The same, and "none" = 0.
absl::StatusOr<uint64_t> ParseQuota(std::string_view text);
// "8KiB", "16KiB", "32KiB" or "64KiB" (or in bytes).
absl::StatusOr<uint32_t> ParseChunkSize(std::string_view text);
// "fast", "best" or "lz4".
absl::StatusOr<fs::v1::CompressionMode> ParseCompression(std::string_view text);
// What was given of a storage group's settings, into a request; empty: not given.
template <typename Request>
absl::Status FillGroupSettings(std::string_view compression_mode, std::string_view quota,
                               Request* request) {
  if (!compression_mode.empty()) {
    OCA_ASSIGN_OR_RETURN(auto mode, ParseCompression(compression_mode));
    request->set_compression_mode(mode);
  }
  if (!quota.empty()) {
    OCA_ASSIGN_OR_RETURN(uint64_t bytes, ParseQuota(quota));
    request->set_quota_bytes(bytes);
  }
  return absl::OkStatus();
}
absl::StatusOr<fs::v1::Marker> ParseMarker(std::string_view text);
// "verify_data" or "verify_metadata".
absl::StatusOr<fs::v1::ScanLevel> ParseScanLevel(std::string_view text);
// "static" or "internal".
absl::StatusOr<fs::v1::EncryptionMode> ParseEncryptionMode(std::string_view text);
// Seconds of "7days" to "70years"; days, weeks and years (of 365 days).
absl::StatusOr<uint64_t> ParseRotation(std::string_view text);
// "30 days", "2 years"; "none" for 0.
std::string RotationText(uint64_t seconds);
// "governance", "compliance" or "none".
absl::StatusOr<fs::v1::RetentionMode> ParseRetentionMode(std::string_view text);
// Seconds of "90s", "30m", "12h", "30d" or "7y" (of 365 days); "none" = 0. kInvalidArgument naming
// `what`.
absl::StatusOr<uint64_t> ParsePeriod(std::string_view what, std::string_view text);
// "2026-11-23 14:30:00", "2026-11-23 14:30" or "2026-11-23" in the local time zone, or with " UTC"
// at the end; or RFC 3339.
absl::StatusOr<google::protobuf::Timestamp> ParseTime(std::string_view text);
// "administrator", "monitor", "cifs" ...; small letters.
absl::StatusOr<management::v1::Role> ParseRole(const std::string& word);
// "local" (or "NAS"), "VTL"; in any case of letters.
absl::StatusOr<management::v1::ContainerType> ParseContainerType(std::string_view text);

// "yes" or "no"; kInvalidArgument naming `what`.
absl::StatusOr<bool> ParseYesNo(std::string_view what, std::string_view text);
// The words of a list with commas between them.
std::vector<std::string> ParseList(std::string_view text);

// "1610612736 (1.50 GiB)"; below 1 MiB the second part is in KiB, below 1 GiB in MiB.
std::string BytesText(uint64_t bytes);
// "1.50 GiB"
std::string ShortBytes(uint64_t bytes);
// "1.50 GiB", or "none".
std::string QuotaText(uint64_t bytes);
// "30 days", or "none": in the largest unit that it is a multiple of.
std::string PeriodText(uint64_t seconds);
// "98.02 %"
std::string PercentText(double percent);
// In the local time zone; "-" when not set.
std::string TimeText(const google::protobuf::Timestamp& time);

}  // namespace oca::cli

#endif  // OCA_CLI_VALUES_H_
