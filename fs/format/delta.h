// The payload of a group of deltas (Codec::kDelta): each chunk is what it has beyond another chunk,
// its base, which lies elsewhere. Byte map in docs/format/pack.md.
#ifndef OCA_FS_FORMAT_DELTA_H_
#define OCA_FS_FORMAT_DELTA_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/ids.h"

namespace oca::format {

// The fingerprint stands here so that a scan finds it without the base.
struct DeltaChunk {
  Fingerprint fp;
  Fingerprint base;
  std::string_view delta;  // a zstd frame with the base as prefix
};
// What a delta takes beside its own bytes: in its group's payload and table, and in the footer.
inline constexpr size_t kDeltaOverhead = (32 + 32 + 4) + 4 + (32 + 4 + 32);

std::string EncodeDeltas(std::span<const DeltaChunk> deltas);
// Of a group with so many chunks; views into `payload`. kDataLoss when it is none.
absl::StatusOr<std::vector<DeltaChunk>> DecodeDeltas(std::string_view payload, size_t chunks);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_DELTA_H_
