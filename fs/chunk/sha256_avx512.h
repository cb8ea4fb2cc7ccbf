// SHA-256 of sixteen chunks in the sixteen words of AVX-512 registers. Internal to fs/chunk.
#ifndef OCA_FS_CHUNK_SHA256_AVX512_H_
#define OCA_FS_CHUNK_SHA256_AVX512_H_

#include <cstddef>

#include "fs/chunk/sha256_lanes.h"

namespace oca::chunk::internal {

constexpr int kAvx512Lanes = 16;

// True when this CPU has what CompressAvx512 needs.
bool HasAvx512();

// True when it has, and is of a kind on which that is quicker than SHA-NI: Intel's have one SHA
// unit, AMD's have more, and halve registers of 512 bits up to Zen 4.
bool PrefersAvx512();

// As CompressShaNi, of 1 to kAvx512Lanes lanes, all in the time of kAvx512Lanes. Only where
// HasAvx512().
void CompressAvx512(Sha256Lane* const* lanes, int count, size_t blocks);

}  // namespace oca::chunk::internal

#endif  // OCA_FS_CHUNK_SHA256_AVX512_H_
