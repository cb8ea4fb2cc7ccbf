#include "fs/engine/memory_plan.h"

#include "fs/engine/caches.h"
#include "gtest/gtest.h"

namespace oca::engine {
namespace {

TEST(MemoryPlan, PartsLeaveRoomForTheProgram) {
  for (uint64_t budget = uint64_t{64} << 20; budget <= uint64_t{64} << 30; budget *= 2) {
    SCOPED_TRACE(budget);
    const MemoryPlan plan = PlanMemory(budget);
    const uint64_t parts = plan.index + plan.footers + plan.groups + plan.streams +
                           plan.names_cache + 3 * plan.names_buffer + plan.cleaner + plan.reduction;
    EXPECT_LE(parts, budget - std::min(budget / 2, uint64_t{48} << 20));
    EXPECT_GE(parts, budget * 4 / 10);
    EXPECT_GE(plan.index, uint64_t{8} << 20);
  }
}

TEST(MemoryPlan, ManyWritersHaveSmallerJobs) {
  Caches caches(1 << 20, 1 << 20, uint64_t{120} << 20);
  EXPECT_EQ(caches.JobBytes(), 1u << 20);
  caches.writers = 10;
  EXPECT_EQ(caches.JobBytes(), 1u << 20);
  caches.writers = 20;
  EXPECT_EQ(caches.JobBytes(), 1u << 19);
  caches.writers = 500;
  EXPECT_EQ(caches.JobBytes(), 64u << 10);
}

}  // namespace
}  // namespace oca::engine
