#include "services/monitor/levels.h"

#include "gtest/gtest.h"

namespace oca::monitor {
namespace {

namespace mgmt = management::v1;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

mgmt::Resolution Chosen(absl::Duration since, absl::Duration until) {
  return Choose(kNow - since, kNow - until, kNow).resolution;
}

TEST(Levels, EachIsAMultipleOfTheOneBefore) {
  for (size_t i = 1; i < Levels().size(); ++i) {
    EXPECT_EQ(Levels()[i].seconds % Levels()[i - 1].seconds, 0);
    // Its sources must be there when a period is over.
    EXPECT_GT(Levels()[i - 1].most_rows, 2 * Levels()[i].seconds / Levels()[i - 1].seconds);
  }
}

TEST(Levels, PeriodsBeginAtMultiplesOfTheirLength) {
  EXPECT_EQ(PeriodOf(absl::FromUnixSeconds(1'700'000'014), 15),
            absl::FromUnixSeconds(1'700'000'010));
  EXPECT_EQ(PeriodOf(absl::FromUnixSeconds(1'700'000'010), 15),
            absl::FromUnixSeconds(1'700'000'010));
  EXPECT_EQ(PeriodOf(absl::FromUnixSeconds(-1), 15), absl::FromUnixSeconds(-15));
  EXPECT_EQ(PeriodOf(absl::FromUnixMillis(-1), 86400), absl::FromUnixSeconds(-86400));
  EXPECT_EQ(absl::FormatTime(PeriodOf(kNow, 86400), absl::UTCTimeZone()),
            "2023-11-14T00:00:00+00:00");
}

TEST(Levels, TheFinestThatReachesBackAndHasNotTooManyPoints) {
  EXPECT_EQ(Chosen(absl::Hours(1), absl::ZeroDuration()), mgmt::RESOLUTION_15S);
  EXPECT_EQ(Chosen(absl::Hours(6), absl::ZeroDuration()), mgmt::RESOLUTION_15S);
  EXPECT_EQ(Chosen(absl::Hours(7), absl::ZeroDuration()), mgmt::RESOLUTION_5M);
  EXPECT_EQ(Chosen(absl::Hours(26), absl::Hours(25)), mgmt::RESOLUTION_5M);
  EXPECT_EQ(Chosen(absl::Hours(24 * 7), absl::ZeroDuration()), mgmt::RESOLUTION_1H);
  EXPECT_EQ(Chosen(absl::Hours(24 * 20), absl::Hours(24 * 19)), mgmt::RESOLUTION_1H);
  EXPECT_EQ(Chosen(absl::Hours(24 * 365), absl::ZeroDuration()), mgmt::RESOLUTION_1D);
  EXPECT_EQ(Chosen(absl::Hours(24 * 36500), absl::ZeroDuration()), mgmt::RESOLUTION_1D);
  EXPECT_EQ(Choose(absl::InfinitePast(), kNow, kNow).resolution, mgmt::RESOLUTION_1D);
}

TEST(Levels, FindByResolution) {
  EXPECT_EQ(Find(mgmt::RESOLUTION_1H)->seconds, 3600);
  EXPECT_EQ(Find(mgmt::RESOLUTION_UNSPECIFIED), nullptr);
}

}  // namespace
}  // namespace oca::monitor
