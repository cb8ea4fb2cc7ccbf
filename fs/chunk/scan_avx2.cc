#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <bit>

#include "fs/chunk/scan.h"

#define OCA_TARGET __attribute__((target("avx2")))

namespace oca::chunk::internal {
namespace {

struct Vec {
  using Reg = __m256i;
  static constexpr size_t kLanes = 8;
  OCA_TARGET static Reg Load(const uint8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  OCA_TARGET static Reg Broadcast(uint32_t x) { return _mm256_set1_epi32(static_cast<int>(x)); }
  OCA_TARGET static Reg Mul(Reg a, Reg b) { return _mm256_mullo_epi32(a, b); }
  OCA_TARGET static Reg Add(Reg a, Reg b) { return _mm256_add_epi32(a, b); }
  OCA_TARGET static Reg Max(Reg a, Reg b) { return _mm256_max_epi32(a, b); }
  OCA_TARGET static Reg Shift4(Reg before, Reg now) {
    return _mm256_permute2x128_si256(before, now, 0x21);
  }
  OCA_TARGET static Reg Shift2(Reg before, Reg now) {
    return _mm256_alignr_epi8(now, Shift4(before, now), 8);
  }
  OCA_TARGET static uint64_t Above(Reg a, Reg floor) {
    return static_cast<unsigned>(
        _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(a, floor))));
  }
};

#include "fs/chunk/scan_vector.inc"

}  // namespace

size_t FindFirstAvx2(const uint8_t* data, size_t first, size_t split, size_t last, int32_t strict,
                     int32_t loose) {
  return FindFirstVector(data, first, split, last, strict, loose);
}

size_t FindLastAvx2(const uint8_t* data, size_t first, size_t last, int32_t floor) {
  return FindLastVector(data, first, last, floor);
}

}  // namespace oca::chunk::internal

#endif
