#include "fs/index/similarity_table.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "lib/base/coding.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::index {
namespace {

using support::StatusIs;

chunk::Sketch RandomSketch(support::Random& random) {
  chunk::Sketch sketch;
  for (uint64_t& feature : sketch) feature = random.Below(UINT64_MAX);
  return sketch;
}

TEST(SimilarityTable, FindsThoseThatShareMostFirstAndTheNewestOfThem) {
  support::Random random(1);
  SimilarityTable table(1 << 20);
  const chunk::Sketch sketch = RandomSketch(random);
  chunk::Sketch half = RandomSketch(random);
  half[1] = sketch[1];
  table.Insert(sketch, {PackId(7), 3});
  table.Insert(half, {PackId(8), 16383});
  table.Insert(sketch, {PackId(9), 4});
  table.Insert(RandomSketch(random), {PackId(10), 5});
  EXPECT_EQ(table.Find(sketch),
            (std::vector<SimilarChunk>{{PackId(9), 4}, {PackId(7), 3}, {PackId(8), 16383}}));
  EXPECT_TRUE(table.Find(RandomSketch(random)).empty());
}

TEST(SimilarityTable, KeepsToItsBudgetAndForgetsTheOldest) {
  support::Random random(2);
  SimilarityTable table(64 << 10);
  std::vector<chunk::Sketch> all;
  for (uint32_t i = 0; i < 20'000; ++i) {
    all.push_back(RandomSketch(random));
    table.Insert(all.back(), {PackId(i + 1), 0});
  }
  EXPECT_LE(table.memory_bytes(), 64u << 10);
  const auto found = [&](size_t first, size_t count) {
    size_t n = 0;
    for (size_t i = first; i < first + count; ++i) n += table.Find(all[i]).empty() ? 0 : 1;
    return n;
  };
  EXPECT_LT(found(0, 1000), 10u);  // by chance
  EXPECT_EQ(found(all.size() - 500, 500), 500u);
}

TEST(SimilarityTable, TheSameChunkAgainTakesNoSecondEntry) {
  support::Random random(3);
  SimilarityTable table(64);  // one bucket
  const chunk::Sketch first = RandomSketch(random), second = RandomSketch(random);
  table.Insert(first, {PackId(1), 1});
  for (int i = 0; i < 100; ++i) table.Insert(second, {PackId(2), 2});
  EXPECT_EQ(table.Find(first), (std::vector<SimilarChunk>{{PackId(1), 1}}));
}

TEST(SimilarityTable, ComesBackFromItsBytes) {
  support::Random random(4);
  SimilarityTable table(4096);
  const chunk::Sketch sketch = RandomSketch(random);
  table.Insert(sketch, {PackId(1), 1});
  const std::string bytes = table.Encode();
  SimilarityTable back(4096);
  ASSERT_OK(back.Decode(bytes));
  EXPECT_EQ(back.Find(sketch), table.Find(sketch));
  SimilarityTable smaller(1024);
  ASSERT_OK(smaller.Decode(bytes));
  EXPECT_TRUE(smaller.Find(sketch).empty());
  EXPECT_THAT(back.Decode(bytes.substr(0, bytes.size() - 1)),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_TRUE(back.Find(sketch).empty());
  EXPECT_THAT(back.Decode(bytes + std::string(9, '\xff')), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(back.Decode(""), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(SimilarityTable, HostileBytesAreDamageOrEntries) {
  support::Random random(6);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    PutVarint(&bytes, 512);  // entries of such a table
    bytes += random.Bytes(random.Below(60));
    SimilarityTable table(4096);
    (void)table.Decode(bytes);
    EXPECT_LE(table.memory_bytes(), 4096u);
  }
}

TEST(SimilarityTable, WithoutABudgetKnowsNothing) {
  support::Random random(5);
  SimilarityTable table;
  const chunk::Sketch sketch = RandomSketch(random);
  table.Insert(sketch, {PackId(1), 1});
  EXPECT_TRUE(table.Find(sketch).empty());
}

}  // namespace
}  // namespace oca::index
