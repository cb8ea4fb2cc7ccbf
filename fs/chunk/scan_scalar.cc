#include <algorithm>
#include <bit>
#include <cstring>

#include "fs/chunk/scan.h"

namespace oca::chunk::internal {
namespace {

// The inverse of kMultiplier mod 2^32: it moves a word from weight M^i to M^(i-1).
constexpr uint32_t kInverse = 0xB57D8A2Du;
static_assert(kMultiplier * kInverse == 1);
constexpr uint32_t kNewest = Power(kMultiplier, 7);

uint32_t Load(const uint8_t* p) {
  static_assert(std::endian::native == std::endian::little);
  uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// The hash of `position` from that of position - 4.
uint32_t Roll(const uint8_t* data, size_t position, uint32_t hash) {
  return kInverse * (hash - Load(data + position - kWindow - 4)) +
         kNewest * Load(data + position - 4);
}

// Rolls four positions at a time from *position while all four are <= last; leaves in *position
// where it stopped. hash[i] is that of *position - 4 + i.
size_t FindInFours(const uint8_t* data, size_t last, int32_t floor, uint32_t (&hash)[4],
                   size_t* position) {
  uint32_t h0 = hash[0], h1 = hash[1], h2 = hash[2], h3 = hash[3];
  size_t p = *position;
  for (; p + 3 <= last; p += 4) {
    if (static_cast<int32_t>(h0 = Roll(data, p, h0)) > floor) return p;
    if (static_cast<int32_t>(h1 = Roll(data, p + 1, h1)) > floor) return p + 1;
    if (static_cast<int32_t>(h2 = Roll(data, p + 2, h2)) > floor) return p + 2;
    if (static_cast<int32_t>(h3 = Roll(data, p + 3, h3)) > floor) return p + 3;
  }
  hash[0] = h0, hash[1] = h1, hash[2] = h2, hash[3] = h3;
  *position = p;
  return kNone;
}

}  // namespace

uint32_t HashAt(const uint8_t* data, size_t position) {
  const uint8_t* window = data + position - kWindow;
  uint32_t h = 0;
  for (int i = 7; i >= 0; --i) h = h * kMultiplier + Load(window + 4 * i);
  return h;
}

size_t FindFirstScalar(const uint8_t* data, size_t first, size_t split, size_t last, int32_t strict,
                       int32_t loose) {
  uint32_t hash[4];
  for (size_t i = 0; i < 4; ++i) hash[i] = HashAt(data, first - 4 + i);
  size_t p = first;
  if (p < split) {
    const size_t found = FindInFours(data, std::min(split - 1, last), strict, hash, &p);
    if (found != kNone) return found;
  }
  // split - first is a multiple of four: either p is split, or less than four positions are left.
  if (p == split) {
    const size_t found = FindInFours(data, last, loose, hash, &p);
    if (found != kNone) return found;
  }
  for (; p <= last; ++p) {
    if (static_cast<int32_t>(HashAt(data, p)) > (p < split ? strict : loose)) return p;
  }
  return kNone;
}

size_t FindLastScalar(const uint8_t* data, size_t first, size_t last, int32_t floor) {
  for (size_t p = last; p >= first; --p) {
    if (static_cast<int32_t>(HashAt(data, p)) > floor) return p;
  }
  return kNone;
}

}  // namespace oca::chunk::internal
