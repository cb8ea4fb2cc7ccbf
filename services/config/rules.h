// Rules for values that users give, and the messages that say them.
#ifndef OCA_SERVICES_CONFIG_RULES_H_
#define OCA_SERVICES_CONFIG_RULES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace oca::config {

inline constexpr std::string_view kDefaultGroup = "DefaultGroup";
// The storage group of the performance tier; no other can have this name.
inline constexpr std::string_view kPerformanceTier = "PerformanceTier";
inline constexpr uint64_t kMinQuotaBytes = 1 << 20;

// What names name, for messages.
enum class Kind {
  kContainer,
  kStorageGroup,
  kUser,
  kTapeLibrary,
  kToken,
  kReplicationLink,
  kReplicationLimit,
};
std::string_view KindName(Kind kind);  // "container", "storage group", "user", ...

// kInvalidArgument, with the rule and what breaks it: 1-64 (a user: 32) of [A-Za-z0-9._-], not
// starting with '.' or '-'.
absl::Status CheckName(Kind kind, std::string_view name);

// kInvalidArgument for a chunk size that is not 8, 16, 32 or 64 KiB (0 = the default is fine).
absl::Status CheckChunkSize(uint32_t bytes);

// kInvalidArgument for a quota that is not 0 and below 1 MiB, or beyond 2^63-1.
absl::Status CheckQuota(uint64_t bytes);

// kInvalidArgument, naming `what`, for a text of more than 256 bytes or with control characters.
absl::Status CheckText(std::string_view what, std::string_view text);

// kInvalidArgument for a password of less than 10 or more than 256 bytes, with control characters,
// or that is the user's name.
absl::Status CheckPassword(std::string_view user, std::string_view password);

// kNotFound that names what exists: the one that was probably meant, or the known ones.
absl::Status UnknownName(Kind kind, std::string_view name, std::vector<std::string> known);

// kAborted when `wanted` is neither 0 nor the revision that the thing of this name has.
absl::Status CheckRevision(Kind kind, std::string_view name, uint64_t has, uint64_t wanted);

// "a", "b" and 3 more: at most `limit` of them.
std::string ListNames(const std::vector<std::string>& names, size_t limit);

// "1.50 GiB (1610612736 bytes)"; in MiB below 1 GiB.
std::string BytesText(uint64_t bytes);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_RULES_H_
