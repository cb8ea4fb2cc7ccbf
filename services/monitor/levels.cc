#include "services/monitor/levels.h"

#include <iterator>

namespace oca::monitor {
namespace {

constexpr Level kLevels[] = {
    {management::v1::RESOLUTION_15S, 15, 5760},    // a day
    {management::v1::RESOLUTION_5M, 300, 4032},    // two weeks
    {management::v1::RESOLUTION_1H, 3600, 4320},   // half a year
    {management::v1::RESOLUTION_1D, 86400, 1830},  // five years
};

}  // namespace

std::span<const Level> Levels() { return kLevels; }

const Level* Find(management::v1::Resolution resolution) {
  for (const Level& level : kLevels) {
    if (level.resolution == resolution) return &level;
  }
  return nullptr;
}

absl::Time PeriodOf(absl::Time time, int64_t seconds) {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), absl::Seconds(seconds));
}

const Level& Choose(absl::Time since, absl::Time until, absl::Time now) {
  for (const Level& level : kLevels) {
    const bool reaches = now - since <= absl::Seconds(level.seconds) * level.most_rows;
    if (reaches && until - since <= absl::Seconds(level.seconds) * kMostChosenPoints) return level;
  }
  return *std::rbegin(kLevels);
}

}  // namespace oca::monitor
