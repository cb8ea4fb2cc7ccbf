#include "lib/api/tape_size.h"

#include <array>
#include <cmath>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "fmt/format.h"

namespace oca::api {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 3> kUnits = {
    {{"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}}};

}  // namespace

absl::StatusOr<uint64_t> ParseTapeSize(std::string_view text) {
  constexpr double kMost = 1e15;
  for (auto [unit, bytes] : kUnits) {
    if (!text.ends_with(unit)) continue;
    std::string_view number = text.substr(0, text.size() - unit.size());
    double value = 0;
    if (absl::SimpleAtod({number.data(), number.size()}, &value) && std::isfinite(value) &&
        value > 0 && value * bytes <= kMost) {
      return static_cast<uint64_t>(value * bytes);
    }
  }
  return absl::InvalidArgumentError(
      fmt::format("tape size '{}': give a number with MB, GB or TB, such as 800GB", text));
}

std::string TapeSizeText(uint64_t bytes) {
  auto unit = kUnits.begin();
  for (auto each = kUnits.begin(); each != kUnits.end(); ++each) {
    if (static_cast<double>(bytes) >= each->second) unit = each;
  }
  return fmt::format("{:.4g} {}", static_cast<double>(bytes) / unit->second, unit->first);
}

}  // namespace oca::api
