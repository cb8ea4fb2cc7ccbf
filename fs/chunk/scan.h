// The rolling hash and the searches for candidate positions, one set per code path. Internal to
// fs/chunk. The definition is in docs/format/chunking.md: it is on-disk behaviour and never
// changes.
#ifndef OCA_FS_CHUNK_SCAN_H_
#define OCA_FS_CHUNK_SCAN_H_

#include <cstddef>
#include <cstdint>

namespace oca::chunk::internal {

// Bytes before a position that decide whether it is a candidate.
inline constexpr size_t kWindow = 32;

// The hash of a window is sum(w[i] * kMultiplier^i) mod 2^32, where w[0..7] are its 32-bit
// little-endian words. It is 333 times the 32-bit golden ratio constant: the first such multiple
// that is 5 mod 8 and for which no run of one byte value is a candidate at a threshold of 2^27 or
// less (so that those runs become chunks of maximum size; the loosest threshold in use is 2^25).
inline constexpr uint32_t kMultiplier = 0xCE2955A5u;

constexpr uint32_t Power(uint32_t base, unsigned exponent) {
  uint32_t result = 1;
  for (; exponent != 0; --exponent) result *= base;
  return result;
}

// A hash is a candidate at threshold t when 2^31 - t <= hash < 2^31, that is, when as a signed
// number it exceeds FloorOf(t). Zero is never one.
constexpr int32_t FloorOf(uint32_t threshold) {
  return static_cast<int32_t>(0x7FFFFFFFu - threshold);
}

inline constexpr size_t kNone = SIZE_MAX;

// The first position p in [first, last] whose hash exceeds the floor that holds there: `strict` for
// p < split, `loose` from split on; kNone when there is none. Needs first <= split, first >= 128,
// and split - first a multiple of 64 (the widest block); reads data[0, last) only.
using FindFirst = size_t (*)(const uint8_t* data, size_t first, size_t split, size_t last,
                             int32_t strict, int32_t loose);
// The last position p in [first, last] whose hash exceeds `floor`, or kNone. Needs first >= 128.
using FindLast = size_t (*)(const uint8_t* data, size_t first, size_t last, int32_t floor);

// Computes one hash from scratch: the window is data[position - kWindow, position).
uint32_t HashAt(const uint8_t* data, size_t position);

size_t FindFirstScalar(const uint8_t* data, size_t first, size_t split, size_t last, int32_t strict,
                       int32_t loose);
size_t FindLastScalar(const uint8_t* data, size_t first, size_t last, int32_t floor);

#if defined(__x86_64__)
size_t FindFirstAvx2(const uint8_t* data, size_t first, size_t split, size_t last, int32_t strict,
                     int32_t loose);
size_t FindLastAvx2(const uint8_t* data, size_t first, size_t last, int32_t floor);

size_t FindFirstAvx512(const uint8_t* data, size_t first, size_t split, size_t last, int32_t strict,
                       int32_t loose);
size_t FindLastAvx512(const uint8_t* data, size_t first, size_t last, int32_t floor);
#endif

}  // namespace oca::chunk::internal

#endif  // OCA_FS_CHUNK_SCAN_H_
