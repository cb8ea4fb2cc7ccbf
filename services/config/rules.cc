#include "services/config/rules.h"

#include <algorithm>
#include <limits>

#include "fmt/format.h"
#include "lib/conf/suggest.h"

namespace oca::config {
namespace {

constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxUserNameBytes = 32;
constexpr size_t kMaxTextBytes = 256;
constexpr size_t kMinPasswordBytes = 10;
constexpr size_t kMaxPasswordBytes = 256;
constexpr size_t kNamesShown = 10;

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// What is wrong with a name, empty = nothing.
std::string FaultOf(std::string_view name, size_t max_bytes) {
  if (name.empty()) return "it is empty";
  if (name.size() > max_bytes) return fmt::format("it has {} bytes", name.size());
  if (name[0] == '.' || name[0] == '-') return fmt::format("it starts with '{}'", name[0]);
  for (char c : name) {
    if (IsNameByte(c)) continue;
    if (c == '/') return "it holds a slash";
    if (c == ' ') return "it holds a blank";
    if (c > ' ' && c < 0x7f) return fmt::format("it holds '{}'", c);
    return "it holds a byte that is no plain ASCII letter or digit";
  }
  return "";
}

bool HasControlBytes(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
}

}  // namespace

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kContainer:
      return "container";
    case Kind::kStorageGroup:
      return "storage group";
    case Kind::kUser:
      return "user";
    case Kind::kTapeLibrary:
      return "tape library";
    case Kind::kToken:
      return "token";
    case Kind::kReplicationLink:
      return "replication link";
    case Kind::kReplicationLimit:
      return "replication limit of";
  }
  return "";
}

absl::Status CheckName(Kind kind, std::string_view name) {
  const size_t max_bytes = kind == Kind::kUser ? kMaxUserNameBytes : kMaxNameBytes;
  std::string fault = FaultOf(name, max_bytes);
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' cannot name a {}: {}; a name has 1 to {} letters, digits, '.', '_' or '-', "
                  "and does not start with '.' or '-'",
                  name, KindName(kind), fault, max_bytes));
}

absl::Status CheckText(std::string_view what, std::string_view text) {
  std::string fault;
  if (text.size() > kMaxTextBytes) {
    fault = fmt::format("has {} bytes; at most {} are possible", text.size(), kMaxTextBytes);
  } else if (HasControlBytes(text)) {
    fault = "holds control characters";
  }
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("the {} {}", what, fault));
}

absl::Status CheckPassword(std::string_view user, std::string_view password) {
  std::string_view fault;
  if (password.size() < kMinPasswordBytes || password.size() > kMaxPasswordBytes) {
    fault = "has 10 to 256 bytes";
  } else if (HasControlBytes(password)) {
    fault = "holds no control characters";
  } else if (password == user) {
    fault = "is not the user's name";
  }
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("a password {}", fault));
}

absl::Status CheckChunkSize(uint32_t bytes) {
  if (bytes == 0 || bytes == 8192 || bytes == 16384 || bytes == 32768 || bytes == 65536) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("a chunk size of {} bytes is not possible: 8, 16, 32 or 64 KiB", bytes));
}

absl::Status CheckQuota(uint64_t bytes) {
  if (bytes != 0 && bytes < kMinQuotaBytes) {
    return absl::InvalidArgumentError(
        fmt::format("a quota of {} bytes is too small: at least 1 MiB, or none", bytes));
  }
  if (bytes > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return absl::InvalidArgumentError(fmt::format("a quota of {} bytes is too large", bytes));
  }
  return absl::OkStatus();
}

std::string ListNames(const std::vector<std::string>& names, size_t limit) {
  size_t shown = std::min(names.size(), limit);
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + shown, ", "));
  if (shown < names.size()) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

absl::Status UnknownName(Kind kind, std::string_view name, std::vector<std::string> known) {
  std::sort(known.begin(), known.end());
  std::string hint;
  // Two letters are near to everything.
  std::string nearest = name.size() < 3 ? "" : conf::Nearest(name, known);
  if (!nearest.empty()) {
    hint = fmt::format("did you mean '{}'?", nearest);
  } else if (known.empty()) {
    hint = "there is none yet";
  } else {
    hint = fmt::format("there are: {}", ListNames(known, kNamesShown));
  }
  return absl::NotFoundError(fmt::format("no {} is named '{}'; {}", KindName(kind), name, hint));
}

absl::Status CheckRevision(Kind kind, std::string_view name, uint64_t has, uint64_t wanted) {
  if (wanted == 0 || wanted == has) return absl::OkStatus();
  return absl::AbortedError(
      fmt::format("{} '{}' has been changed since: it has revision {} now, not {}; look at it "
                  "again, and repeat the change if it is still right",
                  KindName(kind), name, has, wanted));
}

std::string BytesText(uint64_t bytes) {
  bool large = bytes >= (1ull << 30);
  return fmt::format("{:.2f} {} ({} bytes)",
                     static_cast<double>(bytes) / static_cast<double>(1ull << (large ? 30 : 20)),
                     large ? "GiB" : "MiB", bytes);
}

}  // namespace oca::config
