// Where chunks lie that may serve as bases of deltas, found by what they are like (chunk::Sketch).
// A cache in RAM of bounded size: the newest entries drive out the oldest of their bucket, and what
// it does not know costs reduction, nothing else. What it says may be stale: the caller looks.
#ifndef OCA_FS_INDEX_SIMILARITY_TABLE_H_
#define OCA_FS_INDEX_SIMILARITY_TABLE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "fs/chunk/sketch.h"
#include "lib/base/ids.h"

namespace oca::index {

struct SimilarChunk {
  PackId pack;
  uint32_t ordinal = 0;
  friend bool operator==(const SimilarChunk&, const SimilarChunk&) = default;
};

// Not thread-safe. 8 bytes an entry, one entry for each feature of a chunk.
class SimilarityTable {
 public:
  // Forgets everything. Takes at most `budget_bytes` from now on, all of them at the first Insert.
  explicit SimilarityTable(uint64_t budget_bytes = 0);

  void Insert(const chunk::Sketch& sketch, const SimilarChunk& at);
  // Those that share a feature, the ones that share most first, and of these the newest.
  std::vector<SimilarChunk> Find(const chunk::Sketch& sketch) const;
  uint64_t memory_bytes() const { return entries_.capacity() * sizeof(uint64_t); }

  // As it stands on disk (docs/format/similarity.md).
  std::string Encode() const;
  // kDataLoss when it is damaged; then, and when it is of another size, the table stays empty.
  absl::Status Decode(std::string_view bytes);

 private:
  static constexpr size_t kWays = 8;  // a bucket is a cache line
  size_t BucketOf(uint64_t feature) const { return (feature >> 16) % buckets_ * kWays; }

  size_t buckets_ = 0;
  std::vector<uint64_t> entries_;  // newest first in each bucket; 0: none
};

}  // namespace oca::index

#endif  // OCA_FS_INDEX_SIMILARITY_TABLE_H_
