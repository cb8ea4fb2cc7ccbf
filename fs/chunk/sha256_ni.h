// SHA-256 by interleaved SHA-NI lanes. Internal to fs/chunk.
#ifndef OCA_FS_CHUNK_SHA256_NI_H_
#define OCA_FS_CHUNK_SHA256_NI_H_

#include <cstddef>

#include "fs/chunk/sha256_lanes.h"

namespace oca::chunk::internal {

constexpr size_t kShaNiLanes = 4;

// True when this CPU has SHA-NI and what else CompressShaNi needs.
bool HasShaNi();

// Takes `blocks` blocks of each of `count` lanes, 1 to kShaNiLanes, into their words; `next` stays
// where it is. Only where HasShaNi().
void CompressShaNi(Sha256Lane* const* lanes, int count, size_t blocks);

}  // namespace oca::chunk::internal

#endif  // OCA_FS_CHUNK_SHA256_NI_H_
