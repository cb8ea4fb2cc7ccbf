// What a chunk is like: a few numbers that similar chunks have in common, so that one can be stored
// as a delta against another. A hint for the search, never proof: nothing on disk depends on it.
#ifndef OCA_FS_CHUNK_SKETCH_H_
#define OCA_FS_CHUNK_SKETCH_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace oca::chunk {

// Super-features: two chunks that share one have most of their contents in common, very likely.
inline constexpr size_t kSketchFeatures = 3;
using Sketch = std::array<uint64_t, kSketchFeatures>;

// Nothing for a chunk that is too short, or too monotonous, to be told from others. About 1 GB/s.
//
// Hashes of a rolling window are sampled by their value, so that equal parts give equal samples
// wherever they stand; of twelve permutations of the samples the greatest value is kept each, and
// four of these make a super-feature (Shilane et al., "WAN optimized replication of backup datasets
// using stream-informed delta compression", FAST 2012; sampling as in Zou et al., "Odess", ICDE
// 2021). Thread-safe.
std::optional<Sketch> SketchOf(std::string_view chunk);

}  // namespace oca::chunk

#endif  // OCA_FS_CHUNK_SKETCH_H_
