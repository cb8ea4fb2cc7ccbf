#include "services/config/replication_rules.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

constexpr size_t kMaxHostBytes = 253;
constexpr size_t kMaxLabelBytes = 63;
constexpr uint32_t kMinutesOfADay = 24 * 60;
constexpr uint64_t kLeastKibPerSecond = 192;
constexpr uint64_t kMostKibPerSecond = std::numeric_limits<uint32_t>::max();
// What Linux systems call themselves, besides names that end with .localhost.
constexpr std::string_view kLoopbackNames[] = {
    "localhost",  "localhost.localdomain",   "localhost4",    "localhost4.localdomain4",
    "localhost6", "localhost6.localdomain6", "ip6-localhost", "ip6-loopback"};

enum class Reach { kOneMachine, kItself, kMany };

Reach ReachOf(const in_addr& address) {
  const uint32_t first_byte = ntohl(address.s_addr) >> 24;
  if (first_byte == 127 || first_byte == 0) return Reach::kItself;
  return first_byte >= 224 ? Reach::kMany : Reach::kOneMachine;
}

Reach ReachOf(const in6_addr& address) {
  if (IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address)) return Reach::kItself;
  return IN6_IS_ADDR_MULTICAST(&address) ? Reach::kMany : Reach::kOneMachine;
}

struct HostAddress {
  std::string text;
  Reach reach;
};

std::optional<HostAddress> ParseHostAddress(const std::string& text) {
  in_addr v4{};
  in6_addr v6{};
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return HostAddress{text, ReachOf(v4)};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    std::memcpy(&v4, &v6.s6_addr[12], sizeof(v4));
    inet_ntop(AF_INET, &v4, buffer.data(), buffer.size());
    return HostAddress{buffer.data(), ReachOf(v4)};
  }
  inet_ntop(AF_INET6, &v6, buffer.data(), buffer.size());
  return HostAddress{buffer.data(), ReachOf(v6)};
}

bool IsHostLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelBytes && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-';
         });
}

// RFC 1123; its last label is no number, so that a misspelt address is no name.
bool IsHostName(const std::string& name) {
  if (name.size() > kMaxHostBytes) return false;
  const std::vector<std::string> labels = absl::StrSplit(name, '.');
  return std::all_of(labels.begin(), labels.end(), IsHostLabel) &&
         !std::all_of(labels.back().begin(), labels.back().end(),
                      [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

bool IsLoopbackName(std::string_view name) {
  return name.ends_with(".localhost") ||
         std::find(std::begin(kLoopbackNames), std::end(kLoopbackNames), name) !=
             std::end(kLoopbackNames);
}

absl::Status IsThisMachine(std::string_view what, std::string_view text) {
  return absl::InvalidArgumentError(fmt::format(
      "{} '{}' is this machine itself: name the other appliance as both see it", what, text));
}

absl::Status CheckLinkEncryption(mgmt::ReplicationEncryption encryption) {
  if (mgmt::ReplicationEncryption_IsValid(encryption)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("unknown encryption {}: none or aes256", static_cast<int>(encryption)));
}

// Empty stays so.
absl::StatusOr<std::string> OptionalHost(std::string_view what, const std::string& text) {
  if (text.empty()) return "";
  return NormalHost(what, text);
}

absl::Status CheckPeerUser(std::string_view name) {
  return name.empty() ? absl::OkStatus() : CheckName(Kind::kUser, name);
}

constexpr char kPeerHost[] = "the peer";
constexpr char kTrafficHost[] = "the peer's host for replication traffic";

}  // namespace

std::string_view ReplicationRoleWord(ReplicationRole role) {
  return role == mgmt::REPLICATION_ROLE_TARGET ? "target" : "source";
}

std::string LinkText(const ReplicationLink& link) {
  return fmt::format("{} ({})", link.name(), ReplicationRoleWord(link.role()));
}

absl::StatusOr<std::string> NormalHost(std::string_view what, const std::string& text) {
  if (text.empty()) return absl::InvalidArgumentError(fmt::format("{} is missing", what));
  if (std::optional<HostAddress> address = ParseHostAddress(text)) {
    if (address->reach == Reach::kItself) return IsThisMachine(what, text);
    if (address->reach == Reach::kOneMachine) return address->text;
    return absl::InvalidArgumentError(
        fmt::format("{} '{}' is no address of one machine", what, text));
  }
  std::string name = absl::AsciiStrToLower(text);
  if (name.back() == '.') name.pop_back();
  if (!IsHostName(name)) {
    return absl::InvalidArgumentError(
        fmt::format("{} '{}' is neither a host name nor an address: give one such as "
                    "oca2.example.com, 192.0.2.7 or 2001:db8::7",
                    what, text));
  }
  if (IsLoopbackName(name)) return IsThisMachine(what, text);
  return name;
}

absl::Status CheckReplicationRole(ReplicationRole role) {
  if (role == mgmt::REPLICATION_ROLE_SOURCE || role == mgmt::REPLICATION_ROLE_TARGET) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("the role of a replication link is source or target");
}

absl::StatusOr<ReplicationLink> NewReplicationLink(const mgmt::AddReplicationLinkRequest& request) {
  OCA_RETURN_IF_ERROR(CheckReplicationRole(request.role()));
  ReplicationLink link;
  link.set_name(request.name());
  link.set_role(request.role());
  OCA_ASSIGN_OR_RETURN(*link.mutable_peer(), NormalHost(kPeerHost, request.peer()));
  link.set_peer_name(request.peer_name().empty() ? request.name() : request.peer_name());
  OCA_RETURN_IF_ERROR(CheckName(Kind::kContainer, link.peer_name()));
  link.set_peer_group_name(request.peer_group_name());
  if (!link.peer_group_name().empty()) {
    OCA_RETURN_IF_ERROR(CheckName(Kind::kStorageGroup, link.peer_group_name()));
  }
  OCA_ASSIGN_OR_RETURN(*link.mutable_replication_traffic(),
                       OptionalHost(kTrafficHost, request.replication_traffic()));
  OCA_RETURN_IF_ERROR(CheckLinkEncryption(request.encryption()));
  link.set_encryption(request.encryption() == mgmt::REPLICATION_ENCRYPTION_UNSPECIFIED
                          ? mgmt::REPLICATION_ENCRYPTION_AES256
                          : request.encryption());
  OCA_RETURN_IF_ERROR(CheckPeerUser(request.username()));
  link.set_username(request.username());
  link.set_enabled(true);
  return link;
}

absl::StatusOr<ReplicationLink> ChangedReplicationLink(
    ReplicationLink link, const mgmt::UpdateReplicationLinkRequest& request) {
  if (request.has_peer()) {
    OCA_ASSIGN_OR_RETURN(*link.mutable_peer(), NormalHost(kPeerHost, request.peer()));
  }
  if (request.has_replication_traffic()) {
    OCA_ASSIGN_OR_RETURN(*link.mutable_replication_traffic(),
                         OptionalHost(kTrafficHost, request.replication_traffic()));
  }
  OCA_RETURN_IF_ERROR(CheckLinkEncryption(request.encryption()));
  if (request.encryption() != mgmt::REPLICATION_ENCRYPTION_UNSPECIFIED) {
    link.set_encryption(request.encryption());
  }
  if (request.has_username()) {
    OCA_RETURN_IF_ERROR(CheckPeerUser(request.username()));
    link.set_username(request.username());
  }
  if (request.has_enabled()) link.set_enabled(request.enabled());
  return link;
}

absl::Status CheckNoReplicationLoop(const ReplicationLink& link,
                                    const std::vector<ReplicationLink>& links) {
  for (const ReplicationLink& other : links) {
    if (other.name() != link.name() || other.role() == link.role()) continue;
    if (other.peer() != link.peer() || other.peer_name() != link.peer_name()) continue;
    return absl::InvalidArgumentError(
        fmt::format("container '{}' would be source and target of the same container '{}' of {}: "
                    "that is a loop. One that is handed on goes to another peer or container",
                    link.name(), link.peer_name(), link.peer()));
  }
  return absl::OkStatus();
}

absl::Status CheckReplicable(const ContainerRow& container) {
  if (container.type == mgmt::CONTAINER_TYPE_VTL) {
    return absl::FailedPreconditionError(fmt::format(
        "container '{}' has a tape library, which cannot be replicated: its cartridges change "
        "while hosts are logged in, and a copy of single files is no library",
        container.name));
  }
  if (container.state == mgmt::STATE_READY) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("container '{}' is being made or deleted; look at it again in a moment: oca "
                  "container --show --name {}",
                  container.name, container.name));
}

bool LocksFiles(fs::v1::RetentionMode mode) {
  return mode == fs::v1::RETENTION_MODE_GOVERNANCE || mode == fs::v1::RETENTION_MODE_COMPLIANCE;
}

absl::Status CheckReplicationTarget(std::string_view container, fs::v1::RetentionMode mode) {
  if (!LocksFiles(mode)) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "container '{}' locks files (oca container --retention --name {}), so it cannot become a "
      "replication target: what is locked could not follow its source. Take another container",
      container, container));
}

absl::Status SetWindowOf(ReplicationLink* link, const fs::v1::CleanerWindow& window) {
  if (!fs::v1::Weekday_IsValid(window.day())) {
    return absl::InvalidArgumentError(
        fmt::format("there is no day {}", static_cast<int>(window.day())));
  }
  const bool removes = window.start_minute() == 0 && window.stop_minute() == 0;
  if (!removes &&
      (window.start_minute() >= window.stop_minute() || window.stop_minute() > kMinutesOfADay)) {
    return absl::InvalidArgumentError(
        fmt::format("a window from minute {} to minute {} of a day is none: it ends after it "
                    "begins, and at minute {} at the latest",
                    window.start_minute(), window.stop_minute(), kMinutesOfADay));
  }
  std::array<std::optional<fs::v1::CleanerWindow>, fs::v1::Weekday_ARRAYSIZE> week;
  for (const auto& each : link->windows()) week[static_cast<size_t>(each.day())] = each;
  for (int day = fs::v1::WEEKDAY_MONDAY; day <= fs::v1::WEEKDAY_SUNDAY; ++day) {
    if (window.day() != fs::v1::WEEKDAY_UNSPECIFIED && window.day() != day) continue;
    std::optional<fs::v1::CleanerWindow>& of_day = week[static_cast<size_t>(day)];
    of_day.reset();
    if (!removes) of_day.emplace(window).set_day(static_cast<fs::v1::Weekday>(day));
  }
  link->clear_windows();
  for (const auto& each : week) {
    if (each.has_value()) *link->add_windows() = *each;
  }
  return absl::OkStatus();
}

absl::Status CheckReplicationLimit(uint64_t kib_per_second) {
  if (kib_per_second == 0 ||
      (kib_per_second >= kLeastKibPerSecond && kib_per_second <= kMostKibPerSecond)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("a limit of {} KiB/s is not possible: from {} to {} KiB/s, or none",
                  kib_per_second, kLeastKibPerSecond, kMostKibPerSecond));
}

}  // namespace oca::config
