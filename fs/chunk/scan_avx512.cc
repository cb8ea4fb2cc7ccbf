#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <bit>

#include "fs/chunk/scan.h"

#define OCA_TARGET __attribute__((target("avx512f")))

namespace oca::chunk::internal {
namespace {

// The maskz forms with every lane kept: gcc 12's header reads an uninitialised register in the
// plain ones, and that warning is an error here. The same instructions come out.
struct Vec {
  using Reg = __m512i;
  static constexpr size_t kLanes = 16;
  OCA_TARGET static Reg Load(const uint8_t* p) { return _mm512_loadu_si512(p); }
  OCA_TARGET static Reg Broadcast(uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
  OCA_TARGET static Reg Mul(Reg a, Reg b) { return _mm512_mullo_epi32(a, b); }
  OCA_TARGET static Reg Add(Reg a, Reg b) { return _mm512_add_epi32(a, b); }
  OCA_TARGET static Reg Max(Reg a, Reg b) { return _mm512_maskz_max_epi32(0xFFFF, a, b); }
  OCA_TARGET static Reg Shift4(Reg before, Reg now) {
    return _mm512_maskz_alignr_epi32(0xFFFF, now, before, 12);
  }
  OCA_TARGET static Reg Shift2(Reg before, Reg now) {
    return _mm512_maskz_alignr_epi32(0xFFFF, now, before, 14);
  }
  OCA_TARGET static uint64_t Above(Reg a, Reg floor) { return _mm512_cmpgt_epi32_mask(a, floor); }
};

#include "fs/chunk/scan_vector.inc"

}  // namespace

size_t FindFirstAvx512(const uint8_t* data, size_t first, size_t split, size_t last, int32_t strict,
                       int32_t loose) {
  return FindFirstVector(data, first, split, last, strict, loose);
}

size_t FindLastAvx512(const uint8_t* data, size_t first, size_t last, int32_t floor) {
  return FindLastVector(data, first, last, floor);
}

}  // namespace oca::chunk::internal

#endif
