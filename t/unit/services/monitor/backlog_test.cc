#include "services/monitor/backlog.h"

#include <thread>

#include "gtest/gtest.h"

namespace oca::monitor {
namespace {

Sample At(int64_t seconds, size_t values = 1) {
  Sample sample;
  sample.at = absl::FromUnixSeconds(seconds);
  sample.values.resize(values, {&Catalogue()[0], "", 1.0});
  return sample;
}

TEST(Backlog, GivesAllOldestFirstAndKeepsThemUntilDone) {
  Backlog backlog;
  backlog.Put(At(1));
  backlog.Put(At(2));
  const auto first = backlog.Wait();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0]->at, absl::FromUnixSeconds(1));
  EXPECT_EQ(backlog.Wait().size(), 2u);
  backlog.Put(At(3));
  backlog.Done(first);
  const auto rest = backlog.Wait();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0]->at, absl::FromUnixSeconds(3));
}

TEST(Backlog, DropsTheOldestWhenItIsFull) {
  Backlog backlog;
  size_t dropped = 0;
  for (size_t i = 0; i < kMostWaiting; ++i) dropped += backlog.Put(At(static_cast<int64_t>(i)));
  EXPECT_EQ(dropped, 0u);
  const auto taken = backlog.Wait();
  EXPECT_EQ(backlog.Put(At(1000)), 1u);
  EXPECT_EQ(backlog.size(), kMostWaiting);
  EXPECT_EQ(backlog.Wait()[0]->at, absl::FromUnixSeconds(1));
  // One of these has been dropped meanwhile.
  backlog.Done(taken);
  EXPECT_EQ(backlog.size(), 1u);
}

TEST(Backlog, BoundsTheValuesToo) {
  Backlog backlog;
  size_t dropped = 0;
  for (int64_t i = 0; i < 150; ++i) dropped += backlog.Put(At(i, kMostValues));
  EXPECT_EQ(backlog.size(), kMostWaitingValues / kMostValues);
  EXPECT_EQ(dropped, 150 - kMostWaitingValues / kMostValues);
  backlog.Done(backlog.Wait());
  EXPECT_EQ(backlog.size(), 0u);
  EXPECT_EQ(backlog.Put(At(200, kMostValues)), 0u);
}

TEST(Backlog, StopEndsTheWait) {
  Backlog backlog;
  std::thread waiting([&] { EXPECT_TRUE(backlog.Wait().empty()); });
  backlog.Stop();
  waiting.join();
}

}  // namespace
}  // namespace oca::monitor
