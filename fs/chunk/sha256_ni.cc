// One SHA-256 stream is bound by the latency of sha256rnds2: each pair of rounds needs the pair
// before. Up to four chunks are therefore hashed in one loop, their instructions interleaved.
// Instruction sequence as in Gulley et al., "Intel SHA Extensions" (2013), and FIPS 180-4.
#include "fs/chunk/sha256_ni.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#include <cstdint>

// AVX for its three-operand forms of the other instructions: compilers spill less.
#define OCA_SHA_TARGET __attribute__((target("sha,avx")))

namespace oca::chunk::internal {
namespace {

// sha256rnds2 wants the eight words in two registers, from the lowest: F E B A, H G D C.
OCA_SHA_TARGET inline void Load(const uint32_t* words, __m128i* abef, __m128i* cdgh) {
  const __m128i abcd = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words));
  const __m128i efgh = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words + 4));
  const __m128i cdab = _mm_shuffle_epi32(abcd, 0xB1);  // from the lowest: B A D C
  const __m128i efgh_reversed = _mm_shuffle_epi32(efgh, 0x1B);
  *abef = _mm_alignr_epi8(cdab, efgh_reversed, 8);
  *cdgh = _mm_blend_epi16(efgh_reversed, cdab, 0xF0);
}

OCA_SHA_TARGET inline void Store(__m128i abef, __m128i cdgh, uint32_t* words) {
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B);  // from the lowest: A B E F
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);  // from the lowest: G H C D
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Hashes `blocks` blocks of each of lanes[0..N).
template <int N>
OCA_SHA_TARGET void Compress(Sha256Lane* const* lanes, size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0C0D0E0F08090A0B, 0x0405060700010203);
  __m128i abef[N], cdgh[N];
  const uint8_t* next[N];
#pragma GCC unroll 4
  for (int l = 0; l < N; ++l) {
    Load(lanes[l]->words, &abef[l], &cdgh[l]);
    next[l] = lanes[l]->next;
  }
  for (; blocks != 0; --blocks) {
    __m128i abef_before[N], cdgh_before[N];
    __m128i w[N][4];  // the last 16 words of the message schedule
#pragma GCC unroll 4
    for (int l = 0; l < N; ++l) {
      abef_before[l] = abef[l];
      cdgh_before[l] = cdgh[l];
    }
#pragma GCC unroll 16
    for (int step = 0; step < 16; ++step) {  // four rounds each
      const __m128i constants =
          _mm_load_si128(reinterpret_cast<const __m128i*>(kSha256Constants + 4 * step));
#pragma GCC unroll 4
      for (int l = 0; l < N; ++l) {
        __m128i& now = w[l][step & 3];
        if (step < 4) {
          now = _mm_shuffle_epi8(
              _mm_loadu_si128(reinterpret_cast<const __m128i*>(next[l] + 16 * step)), big_endian);
        } else {
          const __m128i last = w[l][(step + 3) & 3];
          now = _mm_add_epi32(_mm_sha256msg1_epu32(now, w[l][(step + 1) & 3]),
                              _mm_alignr_epi8(last, w[l][(step + 2) & 3], 4));
          now = _mm_sha256msg2_epu32(now, last);
        }
        __m128i sum = _mm_add_epi32(now, constants);
        cdgh[l] = _mm_sha256rnds2_epu32(cdgh[l], abef[l], sum);
        sum = _mm_shuffle_epi32(sum, 0x0E);
        abef[l] = _mm_sha256rnds2_epu32(abef[l], cdgh[l], sum);
      }
    }
#pragma GCC unroll 4
    for (int l = 0; l < N; ++l) {
      abef[l] = _mm_add_epi32(abef[l], abef_before[l]);
      cdgh[l] = _mm_add_epi32(cdgh[l], cdgh_before[l]);
      next[l] += kSha256Block;
    }
  }
#pragma GCC unroll 4
  for (int l = 0; l < N; ++l) {
    Store(abef[l], cdgh[l], lanes[l]->words);
  }
}

}  // namespace

bool HasShaNi() {
  unsigned a, b, c, d;
  const bool sha = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
  return sha && __builtin_cpu_supports("avx");
}

void CompressShaNi(Sha256Lane* const* lanes, int count, size_t blocks) {
  switch (count) {
    case 1:
      return Compress<1>(lanes, blocks);
    case 2:
      return Compress<2>(lanes, blocks);
    case 3:
      return Compress<3>(lanes, blocks);
    default:
      return Compress<4>(lanes, blocks);
  }
}

}  // namespace oca::chunk::internal

#else

namespace oca::chunk::internal {

bool HasShaNi() { return false; }
void CompressShaNi(Sha256Lane* const*, int, size_t) {}

}  // namespace oca::chunk::internal

#endif
