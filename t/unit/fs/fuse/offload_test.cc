#include "fs/fuse/offload.h"

#include <atomic>
#include <vector>

#include "absl/synchronization/barrier.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace oca::fuse {
namespace {

TEST(Offload, RunsEverythingBeforeItEnds) {
  std::atomic<int> runs{0};
  {
    Offload offload(3);
    for (int i = 0; i < 1000; ++i) offload.Run([&] { ++runs; });
  }
  EXPECT_EQ(runs, 1000);
}

TEST(Offload, UsesAsManyThreadsAsWaitAtOnce) {
  Offload offload(4);
  // Passes only when four run at the same time.
  auto* barrier = new absl::Barrier(4);
  absl::BlockingCounter ended(4);
  for (int i = 0; i < 4; ++i) {
    offload.Run([&, barrier] {
      if (barrier->Block()) delete barrier;
      ended.DecrementCount();
    });
  }
  ended.Wait();
}

TEST(Offload, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  Offload offload(1);
  for (int i = 0; i < 100; ++i) offload.Run([&order, i] { order.push_back(i); });
  offload.Drain();
  ASSERT_EQ(order.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
}

TEST(Offload, NeverUsesMoreThreadsThanAllowed) {
  std::atomic<int> now{0}, most{0};
  Offload offload(2);
  for (int i = 0; i < 200; ++i) {
    offload.Run([&] {
      int running = ++now;
      int seen = most;
      while (running > seen && !most.compare_exchange_weak(seen, running)) {
      }
      --now;
    });
  }
  offload.Drain();
  EXPECT_LE(most, 2);
}

TEST(Offload, WorksAgainAfterDrain) {
  Offload offload(2);
  offload.Drain();
  absl::Notification ran;
  offload.Run([&] { ran.Notify(); });
  EXPECT_TRUE(ran.WaitForNotificationWithTimeout(absl::Seconds(30)));
}

}  // namespace
}  // namespace oca::fuse
