// How the configured memory is shared out. Every part is bounded by what stands here; together they
// and the program itself stay below the budget (t/e2e/memory_stays_within_the_budget.sh).
#ifndef OCA_FS_ENGINE_MEMORY_PLAN_H_
#define OCA_FS_ENGINE_MEMORY_PLAN_H_

#include <algorithm>
#include <cstdint>

namespace oca::engine {

// Bytes.
struct MemoryPlan {
  uint64_t index = 0;         // fingerprint indexes of all storage groups
  uint64_t footers = 0;       // cache
  uint64_t groups = 0;        // cache of decoded groups
  uint64_t streams = 0;       // buffers of files being written
  uint64_t names_cache = 0;   // RocksDB's block cache
  uint64_t names_buffer = 0;  // one memtable of RocksDB; it has two, and one on its way out
  uint64_t reduction = 0;     // where chunks lie that others may resemble
  uint64_t cleaner = 0;       // counts of references, and what changed since they were counted

  // Percent of what is shared out.
  static constexpr uint64_t kIndex = 42;
  static constexpr uint64_t kReduction = 3;
  static constexpr uint64_t kCleaner = 10;
};

// The program, its libraries and threads, and what malloc keeps free come first: an eighth, at
// least 48 MiB and at most a half.
inline MemoryPlan PlanMemory(uint64_t budget) {
  const uint64_t program = std::min(budget / 2, std::max<uint64_t>(budget / 8, uint64_t{48} << 20));
  const uint64_t percent = (budget - program) / 100;
  MemoryPlan plan;
  plan.index = MemoryPlan::kIndex * percent;
  plan.footers = 8 * percent;
  plan.groups = 15 * percent;
  plan.streams = 13 * percent;
  plan.names_cache = 4 * percent;
  plan.reduction = MemoryPlan::kReduction * percent;
  plan.names_buffer = std::min<uint64_t>(5 * percent / 3, uint64_t{64} << 20);
  plan.cleaner = MemoryPlan::kCleaner * percent;
  return plan;
}

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_MEMORY_PLAN_H_
