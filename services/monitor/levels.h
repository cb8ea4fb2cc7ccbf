// How finely and for how long values are kept.
#ifndef OCA_SERVICES_MONITOR_LEVELS_H_
#define OCA_SERVICES_MONITOR_LEVELS_H_

#include <cstdint>
#include <span>

#include "absl/time/time.h"
#include "lib/api/statistics.pb.h"

namespace oca::monitor {

// One row holds the values of all series at one time: a sample, or what a period was rolled up to.
struct Level {
  management::v1::Resolution resolution;
  int64_t seconds;    // of a period
  int64_t most_rows;  // kept
};

// Samples first, then each level that is made of the one before it.
std::span<const Level> Levels();
// That of `resolution`; null for one that is none.
const Level* Find(management::v1::Resolution resolution);

// The begin of the period of so many seconds, in UTC, that `time` is in.
absl::Time PeriodOf(absl::Time time, int64_t seconds);

// The finest level that reaches back to `since` and has at most kMostChosenPoints periods from
// there to `until`; else the coarsest.
const Level& Choose(absl::Time since, absl::Time until, absl::Time now);
inline constexpr int64_t kMostChosenPoints = 1500;

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_LEVELS_H_
