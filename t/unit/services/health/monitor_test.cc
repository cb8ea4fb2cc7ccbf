#include "services/health/monitor.h"

#include "gtest/gtest.h"
#include "t/support/fake_clock.h"

namespace oca::health {
namespace {

TEST(ClockWatch, TellsOfAClockThatWasMovedAndOfNothingElse) {
  support::FakeClock clock;
  ClockWatch watch(clock);
  EXPECT_EQ(watch.Jump(), absl::ZeroDuration());
  clock.Advance(absl::Hours(5));
  EXPECT_EQ(watch.Jump(), absl::ZeroDuration());
  clock.SetWallTime(clock.Now() + absl::Seconds(4));
  EXPECT_EQ(watch.Jump(), absl::ZeroDuration());
  clock.Advance(absl::Seconds(30));
  clock.SetWallTime(clock.Now() - absl::Hours(2));
  EXPECT_EQ(watch.Jump(), -absl::Hours(2));
  EXPECT_EQ(watch.Jump(), absl::ZeroDuration());
  clock.SetWallTime(clock.Now() + absl::Hours(48));
  EXPECT_EQ(watch.Jump(), absl::Hours(48));
}

}  // namespace
}  // namespace oca::health
