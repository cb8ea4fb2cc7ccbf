#include "fs/engine/gate.h"

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"

namespace oca::engine {
namespace {

// Calls that the analysis of locks cannot follow.
int Enter(Gate& gate) ABSL_NO_THREAD_SAFETY_ANALYSIS { return gate.Enter(); }
void Leave(Gate& gate, int turn) ABSL_NO_THREAD_SAFETY_ANALYSIS { gate.Leave(turn); }

TEST(Gate, WhoWaitsIsPassedByWhoComesLater) {
  Gate gate;
  const int turn = Enter(gate);
  absl::Notification quiet;
  std::thread waiting([&] {
    gate.Quiesce();
    quiet.Notify();
  });
  while (true) {  // until the wait has begun, which shows in the turn that is given
    const int later = Enter(gate);
    Leave(gate, later);
    if (later != turn) break;
  }
  EXPECT_FALSE(quiet.HasBeenNotified());
  Leave(gate, turn);
  waiting.join();
  EXPECT_TRUE(quiet.HasBeenNotified());
  EXPECT_GE(gate.entries(), 2u);
}

// Nobody returns while a call from before is inside, however many wait.
TEST(Gate, SeveralMayWait) {
  Gate gate;
  std::atomic<int> changes{0};
  std::vector<std::thread> threads;
  std::atomic<bool> stop{false};
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        GatePass pass(&gate);
        const int before = changes.load();
        std::this_thread::yield();
        // Two that wait may both have been at work meanwhile, but each returns after this call.
        EXPECT_LE(changes.load() - before, 2);
      }
    });
  }
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        gate.Quiesce();
        changes.fetch_add(1);
      }
      stop = true;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(changes.load(), 1000);
}

}  // namespace
}  // namespace oca::engine
