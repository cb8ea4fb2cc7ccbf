// Inside oca_index: the runs of an index, and their entries merged.
#ifndef OCA_FS_INDEX_RUN_SET_H_
#define OCA_FS_INDEX_RUN_SET_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "fs/index/run.h"

namespace oca::index {

// Immutable, thread-safe.
struct RunSet {
  std::vector<std::shared_ptr<const Run>> runs;  // oldest first
  std::vector<uint64_t> dropped;                 // packs whose entries do not count; ascending

  bool IsDropped(const Entry& entry) const;
  // The entries of `key` that count, ascending. Adds the pages read to *reads.
  absl::Status Find(uint64_t key, std::vector<Entry>* out, uint64_t* reads) const;
  uint64_t memory_bytes() const;
  uint64_t stored_bytes() const;
  // Entries that count, when nothing was inserted twice.
  uint64_t entries() const;
};

// Leaves the newest of each entry. `entries` are pieces, the newest first, each ascending;
// ends[i] is where piece i ends.
void KeepNewest(std::vector<Entry>* entries, std::span<const size_t> ends);

// Reads runs of a set shard by shard. Not thread-safe; the set must outlive it.
class MergedRuns {
 public:
  // Of the runs from number `first_run` (0 = the oldest) on, from `first_shard` on.
  MergedRuns(const RunSet& set, size_t first_run, uint32_t first_shard);
  // Sets *out to the newest of each entry of `shard`, erased ones too, without those of dropped
  // packs. Shards in ascending order.
  absl::Status Take(uint32_t shard, std::vector<Entry>* out);

 private:
  const RunSet& set_;
  std::deque<RunReader> newest_first_;
  std::vector<size_t> ends_;
};

// Where a merge should begin that keeps the number of runs small at little cost: it takes all from
// there on. set.runs.size() when none is due.
size_t MergeFrom(const RunSet& set);

}  // namespace oca::index

#endif  // OCA_FS_INDEX_RUN_SET_H_
