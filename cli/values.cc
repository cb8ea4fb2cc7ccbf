#include "cli/values.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "cli/output.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/conf/suggest.h"

namespace oca::cli {
namespace {

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr Unit kUnits[] = {
    {"B", 1},
    {"KiB", 1024.0},
    {"MiB", 1048576.0},
    {"GiB", 1073741824.0},
    {"TiB", 1099511627776.0},
    {"PiB", 1125899906842624.0},
};

constexpr uint64_t kSecondsOfDay = 86400;
constexpr uint64_t kDaysOfYear = 365;

struct Period {
  char letter;
  std::string_view name;
  uint64_t seconds;
};
constexpr Period kPeriods[] = {{'y', "year", 365 * 86400},
                               {'d', "day", 86400},
                               {'h', "hour", 3600},
                               {'m', "minute", 60},
                               {'s', "second", 1}};

bool SameWord(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return absl::ascii_tolower(static_cast<unsigned char>(x)) ==
                  absl::ascii_tolower(static_cast<unsigned char>(y));
         });
}

absl::Status NotASize(std::string_view what, std::string_view text) {
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no {}: a number with a unit, as in 512MiB, 100GiB, 1.5TiB", text, what));
}

std::string WithUnit(uint64_t bytes, const Unit& unit) {
  return fmt::format("{:.2f} {}", static_cast<double>(bytes) / unit.bytes, unit.name);
}

}  // namespace

absl::StatusOr<uint64_t> ParseBytes(std::string_view what, std::string_view text) {
  size_t digits = text.find_first_not_of("0123456789.");
  std::string_view number = text.substr(0, digits);
  std::string_view unit_name = digits == std::string_view::npos ? "B" : text.substr(digits);
  while (!unit_name.empty() && unit_name[0] == ' ') unit_name.remove_prefix(1);
  double value = 0;
  if (number.empty() || !absl::SimpleAtod({number.data(), number.size()}, &value)) {
    return NotASize(what, text);
  }
  for (const Unit& unit : kUnits) {
    if (!SameWord(unit.name, unit_name)) continue;
    double bytes = value * unit.bytes;
    if (!(bytes < std::ldexp(1.0, 63))) {
      return absl::InvalidArgumentError(fmt::format("'{}' is too large for a {}", text, what));
    }
    return static_cast<uint64_t>(bytes);
  }
  return NotASize(what, text);
}

absl::StatusOr<uint64_t> ParseQuota(std::string_view text) {
  if (text == "none") return 0;
  absl::StatusOr<uint64_t> bytes = ParseBytes("quota", text);
  if (!bytes.ok()) {
    return absl::InvalidArgumentError(fmt::format("{}, or none", MessageOf(bytes.status())));
  }
  if (*bytes == 0)
    return absl::InvalidArgumentError("a quota of 0 holds nothing; for no quota: none");
  return bytes;
}

absl::StatusOr<uint32_t> ParseChunkSize(std::string_view text) {
  absl::StatusOr<uint64_t> bytes = ParseBytes("chunk size", text);
  for (uint32_t size : {8192u, 16384u, 32768u, 65536u}) {
    if (bytes.ok() && *bytes == size) return size;
  }
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no chunk size: 8KiB, 16KiB, 32KiB or 64KiB", text));
}

absl::StatusOr<fs::v1::CompressionMode> ParseCompression(std::string_view text) {
  if (text == "fast") return fs::v1::COMPRESSION_MODE_FAST;
  if (text == "best") return fs::v1::COMPRESSION_MODE_BEST;
  if (text == "lz4") return fs::v1::COMPRESSION_MODE_LZ4;
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no compression mode: fast, best or lz4", text));
}

absl::StatusOr<fs::v1::Marker> ParseMarker(std::string_view text) {
  if (text == "auto") return fs::v1::MARKER_AUTO;
  if (text == "none") return fs::v1::MARKER_NONE;
  if (text == "tar") return fs::v1::MARKER_TAR;
  return absl::InvalidArgumentError(fmt::format("'{}' is no marker: auto, none or tar", text));
}

absl::StatusOr<fs::v1::ScanLevel> ParseScanLevel(std::string_view text) {
  if (text == "verify_data") return fs::v1::SCAN_LEVEL_VERIFY_DATA;
  if (text == "verify_metadata") return fs::v1::SCAN_LEVEL_VERIFY_METADATA;
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no scan: verify_data or verify_metadata", text));
}

absl::StatusOr<fs::v1::EncryptionMode> ParseEncryptionMode(std::string_view text) {
  if (text == "static") return fs::v1::ENCRYPTION_MODE_STATIC;
  if (text == "internal") return fs::v1::ENCRYPTION_MODE_INTERNAL;
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no encryption mode: static or internal", text));
}

absl::StatusOr<uint64_t> ParseRotation(std::string_view text) {
  size_t digits = text.find_first_not_of("0123456789");
  std::string_view number = text.substr(0, digits);
  std::string_view unit = digits == std::string_view::npos ? "" : text.substr(digits);
  while (!unit.empty() && unit[0] == ' ') unit.remove_prefix(1);
  uint32_t count = 0;
  uint64_t days = 0;
  if (absl::SimpleAtoi({number.data(), number.size()}, &count)) {
    if (unit == "day" || unit == "days") days = count;
    if (unit == "week" || unit == "weeks") days = uint64_t{count} * 7;
    if (unit == "year" || unit == "years") days = uint64_t{count} * kDaysOfYear;
  }
  if (days >= 7 && days <= 70 * kDaysOfYear) return days * kSecondsOfDay;
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no interval: 7days to 70years, in days, weeks or years", text));
}

std::string RotationText(uint64_t seconds) {
  const uint64_t days = seconds / kSecondsOfDay;
  if (days == 0) return "none";
  if (days % kDaysOfYear != 0) return fmt::format("{} days", days);
  return days == kDaysOfYear ? "1 year" : fmt::format("{} years", days / kDaysOfYear);
}

absl::StatusOr<management::v1::Role> ParseRole(const std::string& word) {
  std::vector<std::string> known;
  const auto* type = google::protobuf::GetEnumDescriptor<management::v1::Role>();
  for (int i = 1; i < type->value_count(); ++i) known.push_back(EnumWord(type, i));
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] == word) return static_cast<management::v1::Role>(i + 1);
  }
  const std::string nearest = conf::Nearest(word, known);
  return absl::InvalidArgumentError(
      fmt::format("there is no role '{}'; {}", word,
                  nearest.empty() ? fmt::format("the roles are: {}", fmt::join(known, ", "))
                                  : fmt::format("did you mean '{}'?", nearest)));
}

absl::StatusOr<management::v1::ContainerType> ParseContainerType(std::string_view text) {
  if (SameWord(text, "local") || SameWord(text, "nas")) {
    return management::v1::CONTAINER_TYPE_LOCAL;
  }
  if (SameWord(text, "vtl")) return management::v1::CONTAINER_TYPE_VTL;
  return absl::InvalidArgumentError(fmt::format("'{}' is no container type: local or VTL", text));
}

absl::StatusOr<bool> ParseYesNo(std::string_view what, std::string_view text) {
  if (text == "yes") return true;
  if (text == "no") return false;
  return absl::InvalidArgumentError(fmt::format("{} is yes or no, not '{}'", what, text));
}

std::vector<std::string> ParseList(std::string_view text) {
  return absl::StrSplit(absl::string_view(text.data(), text.size()), ',', absl::SkipWhitespace());
}

absl::StatusOr<fs::v1::RetentionMode> ParseRetentionMode(std::string_view text) {
  if (text == "none") return fs::v1::RETENTION_MODE_NONE;
  if (text == "governance") return fs::v1::RETENTION_MODE_GOVERNANCE;
  if (text == "compliance") return fs::v1::RETENTION_MODE_COMPLIANCE;
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no retention mode: governance, compliance or none", text));
}

absl::StatusOr<uint64_t> ParsePeriod(std::string_view what, std::string_view text) {
  if (text == "none") return 0;
  uint64_t number = 0;
  for (const Period& period : kPeriods) {
    if (text.size() < 2 || text.back() != period.letter) continue;
    const std::string_view digits = text.substr(0, text.size() - 1);
    if (!absl::SimpleAtoi({digits.data(), digits.size()}, &number)) break;
    if (number > UINT32_MAX) break;
    return number * period.seconds;
  }
  return absl::InvalidArgumentError(fmt::format(
      "'{}' is no {}: a number with a unit, as in 90s, 30m, 12h, 30d, 7y; or none", text, what));
}

std::string PeriodText(uint64_t seconds) {
  if (seconds == 0) return "none";
  for (const Period& period : kPeriods) {
    if (seconds % period.seconds != 0) continue;
    const uint64_t number = seconds / period.seconds;
    return fmt::format("{} {}{}", number, period.name, number == 1 ? "" : "s");
  }
  return "";
}

std::string ShortBytes(uint64_t bytes) {
  const Unit* best = &kUnits[0];
  for (const Unit& unit : kUnits) {
    if (static_cast<double>(bytes) >= unit.bytes) best = &unit;
  }
  return best == &kUnits[0] ? fmt::format("{} B", bytes) : WithUnit(bytes, *best);
}

std::string BytesText(uint64_t bytes) {
  const Unit& unit = bytes < (1u << 20) ? kUnits[1] : bytes < (1u << 30) ? kUnits[2] : kUnits[3];
  return fmt::format("{} ({})", bytes, WithUnit(bytes, unit));
}

std::string QuotaText(uint64_t bytes) { return bytes == 0 ? "none" : ShortBytes(bytes); }

std::string PercentText(double percent) { return fmt::format("{:.2f} %", percent); }

absl::StatusOr<google::protobuf::Timestamp> ParseTime(std::string_view text) {
  std::string local(text);
  const bool utc = local.ends_with(" UTC");
  if (utc) local.resize(local.size() - std::string_view(" UTC").size());
  const absl::TimeZone zone = utc ? absl::UTCTimeZone() : absl::LocalTimeZone();
  google::protobuf::Timestamp result;
  for (const char* format :
       {"%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", absl::RFC3339_full}) {
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(format, local, zone, &time, &error)) continue;
    result.set_seconds(absl::ToUnixSeconds(time));
    return result;
  }
  return absl::InvalidArgumentError(fmt::format(
      "'{}' is no time: \"2026-11-23 14:30:00\" (local) or 2026-11-23T14:30:00Z", text));
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S %Z", absl::FromUnixSeconds(time.seconds()),
                          absl::LocalTimeZone());
}

}  // namespace oca::cli
