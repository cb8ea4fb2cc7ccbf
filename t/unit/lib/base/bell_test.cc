#include "lib/base/bell.h"

#include <thread>

#include "gtest/gtest.h"

namespace oca {
namespace {

TEST(Bell, WaitsUntilItIsRung) {
  Bell bell;
  std::thread ringer([&] { bell.Ring(); });
  EXPECT_TRUE(bell.WaitFor(absl::InfiniteDuration()));
  ringer.join();
  EXPECT_FALSE(bell.WaitFor(absl::Milliseconds(1)));
}

TEST(Bell, ARingThatNobodyWaitedForEndsTheNextWait) {
  Bell bell;
  bell.Ring();
  bell.Ring();
  EXPECT_TRUE(bell.WaitFor(absl::Hours(1)));
  EXPECT_FALSE(bell.WaitFor(absl::ZeroDuration()));
  EXPECT_FALSE(bell.WaitFor(-absl::Hours(1)));
}

TEST(Bell, WaitsAtLeastSoLong) {
  Bell bell;
  const absl::Time begin = MonotonicNow();
  EXPECT_FALSE(bell.WaitFor(absl::Milliseconds(20)));
  EXPECT_GE(MonotonicNow() - begin, absl::Milliseconds(20));
}

}  // namespace
}  // namespace oca
