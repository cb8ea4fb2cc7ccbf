#include "fs/chunk/sketch.h"

#include <algorithm>

namespace oca::chunk {
namespace {

constexpr size_t kFeatures = 12;
constexpr size_t kPerSuperFeature = kFeatures / kSketchFeatures;
constexpr size_t kLeastSamples = 8;
// One position of 64. The top bits of a gear hash depend on the most bytes.
constexpr uint64_t kSampleMask = uint64_t{0x3f} << 58;

// One step of splitmix64.
constexpr uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

template <size_t n>
constexpr std::array<uint64_t, n> RandomWords(uint64_t seed) {
  std::array<uint64_t, n> words{};
  for (size_t i = 0; i < n; ++i) words[i] = Mix(seed + i);
  return words;
}

constexpr std::array<uint64_t, 256> kGear = RandomWords<256>(0x6f63612d67656172u);
constexpr std::array<uint64_t, 2 * kFeatures> kPermutations =
    RandomWords<2 * kFeatures>(0x6f63612d7065726du);

}  // namespace

std::optional<Sketch> SketchOf(std::string_view chunk) {
  std::array<uint64_t, kFeatures> greatest{};
  uint64_t hash = 0;
  uint64_t last = 0;
  size_t samples = 0;
  for (const char byte : chunk) {
    hash = (hash << 1) + kGear[static_cast<uint8_t>(byte)];
    if ((hash & kSampleMask) != 0 || hash == last) continue;  // a run of one byte counts once
    last = hash;
    ++samples;
    for (size_t i = 0; i < kFeatures; ++i) {
      const uint64_t value = (kPermutations[2 * i] | 1) * hash + kPermutations[2 * i + 1];
      greatest[i] = std::max(greatest[i], value);
    }
  }
  if (samples < kLeastSamples) return std::nullopt;
  Sketch sketch;
  for (size_t s = 0; s < kSketchFeatures; ++s) {
    uint64_t super = s;
    for (size_t i = 0; i < kPerSuperFeature; ++i)
      super = Mix(super ^ greatest[s * kPerSuperFeature + i]);
    sketch[s] = super;
  }
  return sketch;
}

}  // namespace oca::chunk
