#include "services/watcher/policy.h"

#include "gtest/gtest.h"

namespace oca::watcher {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'000'000);

TEST(RestartPolicy, PausesGrowUntilItGivesUp) {
  RestartPolicy policy(9);
  const absl::Duration kPauses[] = {absl::Milliseconds(100), absl::Seconds(1), absl::Seconds(2),
                                    absl::Seconds(4),        absl::Seconds(8), absl::Seconds(16),
                                    absl::Seconds(30),       absl::Seconds(30)};
  for (absl::Duration pause : kPauses) {
    EXPECT_EQ(policy.Ended(kStart, kStart + absl::Seconds(1)), kStart + absl::Seconds(1) + pause);
  }
  EXPECT_EQ(policy.Ended(kStart, kStart + absl::Seconds(1)), absl::InfiniteFuture());
  policy.Reset();
  EXPECT_EQ(policy.Ended(kStart, kStart), kStart + RestartPolicy::kFirstPause);
}

TEST(RestartPolicy, WhoHasRunForAMinuteBeginsAnew) {
  RestartPolicy policy(3);
  for (int i = 0; i < 20; ++i) {
    const absl::Time now = kStart + RestartPolicy::kStable;
    EXPECT_EQ(policy.Ended(kStart, now), now + RestartPolicy::kFirstPause);
  }
  EXPECT_NE(policy.Ended(kStart, kStart + absl::Seconds(59)), absl::InfiniteFuture());
  EXPECT_EQ(policy.Ended(kStart, kStart + absl::Seconds(59)), absl::InfiniteFuture());
}

TEST(Health, HangsWhenNeitherBeatNorAnswerComes) {
  Health health(absl::Seconds(30), /*has_probe=*/true);
  health.Begin(kStart);
  EXPECT_FALSE(health.Hung(kStart + absl::Seconds(30)));
  EXPECT_TRUE(health.Hung(kStart + absl::Seconds(31)));
  health.Answered(kStart + absl::Seconds(20));
  EXPECT_FALSE(health.Hung(kStart + absl::Seconds(50)));
  EXPECT_TRUE(health.Hung(kStart + absl::Seconds(51)));
}

TEST(Health, WhoBeatsAndDoesNotAnswerIsGivenLonger) {
  Health health(absl::Seconds(30), /*has_probe=*/true);
  health.Begin(kStart);
  absl::Time now = kStart;
  while (now < kStart + absl::Seconds(120)) {
    now += absl::Seconds(1);
    health.Beat(now);
    EXPECT_FALSE(health.Hung(now)) << now;
  }
  now += absl::Seconds(1);
  health.Beat(now);
  EXPECT_TRUE(health.Hung(now));
}

TEST(Health, WithoutAProbeTheBeatDecides) {
  Health health(absl::Seconds(30), /*has_probe=*/false);
  health.Begin(kStart);
  health.Beat(kStart + absl::Seconds(30));
  EXPECT_FALSE(health.Hung(kStart + absl::Seconds(60)));
  EXPECT_TRUE(health.Hung(kStart + absl::Seconds(61)));
}

}  // namespace
}  // namespace oca::watcher
