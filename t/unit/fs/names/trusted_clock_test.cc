#include "fs/names/trusted_clock.h"

#include <cstdint>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "t/support/fake_clock.h"

namespace oca::names {
namespace {

constexpr int64_t kHour = int64_t{3600} * 1'000'000'000;

class TrustedClockTest : public ::testing::Test {
 protected:
  int64_t Wall() { return absl::ToUnixNanos(wall_.Now()); }

  support::FakeClock wall_;
  TrustedClock clock_{&wall_};
};

TEST_F(TrustedClockTest, ShowsTheWallClockUntilItIsStarted) {
  EXPECT_EQ(clock_.NowNs(), Wall());
  wall_.SetWallTime(absl::FromUnixSeconds(5));
  EXPECT_EQ(clock_.NowNs(), Wall());
  EXPECT_FALSE(clock_.started());
}

TEST_F(TrustedClockTest, RunsAsTheWallClockDoes) {
  clock_.Start(std::nullopt);
  for (int i = 0; i < 100; ++i) {
    wall_.Advance(absl::Milliseconds(1234));
    EXPECT_EQ(clock_.NowNs(), Wall());
  }
}

TEST_F(TrustedClockTest, DoesNotFollowTheWallClockBack) {
  clock_.Start(std::nullopt);
  const int64_t start = Wall();
  wall_.SetWallTime(wall_.Now() - absl::Hours(100));
  EXPECT_EQ(clock_.NowNs(), start);
  wall_.Advance(absl::Hours(10));
  EXPECT_EQ(clock_.NowNs(), start + 10 * kHour);
}

TEST_F(TrustedClockTest, AJumpForwardGainsHalfAnHourADay) {
  clock_.Start(std::nullopt);
  const int64_t start = Wall();
  wall_.SetWallTime(wall_.Now() + absl::Hours(24 * 3650));
  EXPECT_EQ(clock_.NowNs(), start);
  wall_.Advance(absl::Hours(24));
  EXPECT_EQ(clock_.NowNs(), start + 24 * kHour + kHour / 2);
}

// The gain depends on the time that has passed alone, not on how often somebody looks.
TEST_F(TrustedClockTest, LooksDoNotChangeTheGain) {
  clock_.Start(std::nullopt);
  const int64_t start = Wall();
  wall_.SetWallTime(wall_.Now() + absl::Hours(24 * 3650));
  for (int i = 0; i < 1000; ++i) {
    wall_.Advance(absl::Nanoseconds(7));
    clock_.NowNs();
  }
  EXPECT_EQ(clock_.NowNs(), start + 7000 + 7000 / TrustedClock::kCatchUp);
}

TEST_F(TrustedClockTest, CatchesUpAfterTheApplianceWasOffAndGoesNoFurther) {
  const int64_t stored = Wall() - kHour;
  clock_.Start(stored);
  EXPECT_EQ(clock_.NowNs(), stored);
  wall_.Advance(absl::Hours(47));
  EXPECT_LT(clock_.NowNs(), Wall());
  wall_.Advance(absl::Hours(2));
  EXPECT_EQ(clock_.NowNs(), Wall());
  wall_.Advance(absl::Hours(100));
  EXPECT_EQ(clock_.NowNs(), Wall());
}

TEST_F(TrustedClockTest, GoesOnFromWhatWasStoredThoughTheWallClockIsBehind) {
  const int64_t stored = Wall() + 10 * kHour;
  clock_.Start(stored);
  EXPECT_EQ(clock_.NowNs(), stored);
  wall_.Advance(absl::Hours(1));
  EXPECT_EQ(clock_.NowNs(), stored + kHour);
}

}  // namespace
}  // namespace oca::names
