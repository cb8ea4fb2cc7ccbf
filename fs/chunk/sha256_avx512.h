// SHA-256 of sixteen chunks in the sixteen words of AVX-512 registers. Internal to fs/chunk.
#ifndef OCA_FS_CHUNK_SHA256_AVX512_H_
#define OCA_FS_CHUNK_SHA256_AVX512_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace oca::chunk::internal {

constexpr size_t kAvx512Lanes = 16;

// True when this CPU has what CompressAvx512 needs.
bool HasAvx512();

// True when it has, and is of a kind on which that is quicker than SHA-NI: Intel's have one SHA
// unit, AMD's have more, and halve registers of 512 bits up to Zen 4.
bool PrefersAvx512();

// The hash values of sixteen chunks: word i of chunk l is [i][l].
using Avx512Words = std::array<std::array<uint32_t, kAvx512Lanes>, 8>;

// Takes `blocks` blocks from each place of `from` into the words of its chunk. Only where
// HasAvx512().
void CompressAvx512(const std::array<const uint8_t*, kAvx512Lanes>& from, size_t blocks,
                    Avx512Words* words);

}  // namespace oca::chunk::internal

#endif  // OCA_FS_CHUNK_SHA256_AVX512_H_
