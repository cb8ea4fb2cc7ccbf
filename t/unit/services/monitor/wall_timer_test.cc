#include "services/monitor/wall_timer.h"

#include <thread>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::monitor {
namespace {

TEST(WallTimer, WakesAtItsTimeAndNotBefore) {
  ASSERT_OK_AND_ASSIGN(auto timer, WallTimer::Create());
  const absl::Time time = absl::Now() + absl::Milliseconds(50);
  ASSERT_EQ(timer->WaitUntil(time), Woke::kDue);
  EXPECT_GE(absl::Now() + absl::Milliseconds(1), time);
  // What is over is due.
  EXPECT_EQ(timer->WaitUntil(time - absl::Hours(1)), Woke::kDue);
}

TEST(WallTimer, StopWakesAtOnceAndForEver) {
  ASSERT_OK_AND_ASSIGN(auto timer, WallTimer::Create());
  std::thread waiting(
      [&] { EXPECT_EQ(timer->WaitUntil(absl::Now() + absl::Hours(24)), Woke::kStopped); });
  timer->Stop();
  waiting.join();
  EXPECT_EQ(timer->WaitUntil(absl::Now() + absl::Hours(24)), Woke::kStopped);
}

}  // namespace
}  // namespace oca::monitor
