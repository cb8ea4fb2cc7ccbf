#include "fs/chunk/sketch.h"

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "t/support/random.h"

namespace oca::chunk {
namespace {

using support::RandomBytes;

size_t Shared(const Sketch& a, const Sketch& b) {
  return static_cast<size_t>(std::count_if(a.begin(), a.end(), [&](uint64_t feature) {
    return std::find(b.begin(), b.end(), feature) != b.end();
  }));
}

TEST(Sketch, ChunksThatAreNearlyEqualShareFeatures) {
  int similar = 0, found = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    std::string data =
        seed % 2 == 0 ? RandomBytes(16 << 10, seed) : support::Random(seed).Text(16 << 10);
    const auto before = SketchOf(data);
    data.replace(data.size() / 3, 40, RandomBytes(33, seed + 1000));  // and what follows moves
    const auto after = SketchOf(data);
    ASSERT_TRUE(before && after);
    ++similar;
    found += Shared(*before, *after) > 0 ? 1 : 0;
  }
  EXPECT_GE(found, similar * 95 / 100);
}

TEST(Sketch, OtherChunksShareNone) {
  const auto one = SketchOf(RandomBytes(16 << 10, 1));
  for (uint64_t seed = 2; seed < 500; ++seed) {
    const auto other = SketchOf(RandomBytes(16 << 10, seed));
    ASSERT_TRUE(one && other);
    EXPECT_EQ(Shared(*one, *other), 0u);
  }
}

TEST(Sketch, ShortAndMonotonousChunksHaveNone) {
  EXPECT_FALSE(SketchOf(""));
  EXPECT_FALSE(SketchOf("abc"));
  EXPECT_FALSE(SketchOf(std::string(64 << 10, 'x')));
}

}  // namespace
}  // namespace oca::chunk
