#include <algorithm>
#include <array>
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

// The first position in [first, last] above `floor`. `hash` holds the hashes of the four positions
// before `first`, at the index of their position mod 4, and is left so for the position after the
// last one tested.
size_t Roll(const uint8_t* data, size_t first, size_t last, int32_t floor,
            std::array<uint32_t, 4>* hash) {
  for (size_t p = first; p <= last; ++p) {
    uint32_t& h = (*hash)[p & 3];
    h = kInverse * (h - Load(data + p - kWindow - 4)) + kNewest * Load(data + p - 4);
    if (static_cast<int32_t>(h) > floor) return p;
  }
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
  std::array<uint32_t, 4> hash;
  // The first four have no predecessor to roll from.
  const size_t warm = std::min(last, first + 3);
  for (size_t p = first; p <= warm; ++p) {
    const uint32_t h = hash[p & 3] = HashAt(data, p);
    if (static_cast<int32_t>(h) > (p < split ? strict : loose)) return p;
  }
  size_t p = first + 4;
  if (p < split) {
    const size_t found = Roll(data, p, std::min(split - 1, last), strict, &hash);
    if (found != kNone) return found;
    p = split;
  }
  return Roll(data, p, last, loose, &hash);
}

size_t FindLastScalar(const uint8_t* data, size_t first, size_t last, int32_t floor) {
  for (size_t p = last; p >= first; --p) {
    if (static_cast<int32_t>(HashAt(data, p)) > floor) return p;
  }
  return kNone;
}

}  // namespace oca::chunk::internal
