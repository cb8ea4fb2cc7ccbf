#include "fs/index/fingerprint_index.h"

#include <map>

#include "fs/index/index_impl.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/random.h"
#include "t/support/sanitized.h"
#include "t/unit/fs/index/index_test_util.h"

namespace oca::index {
namespace {

using support::Random;

// What the index must hold: the 40 bits that it reads, and each location once.
class Oracle {
 public:
  void Insert(const Fingerprint& fp, Location at) {
    std::vector<Location>& all = by_key_[fp.Prefix64() >> 24];
    if (std::find(all.begin(), all.end(), at) != all.end()) return;
    all.insert(std::upper_bound(all.begin(), all.end(), at, Before), at);
    ++size_;
  }
  bool Erase(const Fingerprint& fp, Location at) {
    size_t n = std::erase(by_key_[fp.Prefix64() >> 24], at);
    size_ -= n;
    return n > 0;
  }
  void DropPack(uint64_t pack) {
    for (auto& [key, all] : by_key_) {
      size_ -= std::erase_if(all, [pack](Location at) { return at.pack.value == pack; });
    }
  }
  const std::vector<Location>& At(const Fingerprint& fp) { return by_key_[fp.Prefix64() >> 24]; }
  uint64_t size() const { return size_; }
  std::vector<Fingerprint> Keys() const {
    std::vector<Fingerprint> keys;
    for (const auto& [key, all] : by_key_) keys.push_back(FingerprintOf(key << 24));
    return keys;
  }

 private:
  std::map<uint64_t, std::vector<Location>> by_key_;
  uint64_t size_ = 0;
};

void ExpectSame(const FingerprintIndex& index, Oracle& oracle) {
  ASSERT_EQ(index.size(), oracle.size());
  std::vector<Fingerprint> keys = oracle.Keys();
  std::vector<Candidates> out(keys.size());
  index.LookupMany(keys, out);
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::vector<Location>& expected = oracle.At(keys[i]);
    ASSERT_EQ(index.LookupInRam(keys[i]), expected);
    ASSERT_EQ(out[i].count, std::min<size_t>(2, expected.size()));
    ASSERT_EQ(out[i].more, expected.size() > 2);
    for (size_t k = 0; k < out[i].count; ++k) ASSERT_EQ(out[i].at[k], expected[k]);
  }
}

// Keys whose bits under `mask` vary: few shards, or few tags, so that shards grow and runs are
// long.
void RunAgainstOracle(uint64_t seed, uint64_t mask, int steps) {
  SCOPED_TRACE(testing::Message() << "seed " << seed << " mask " << std::hex << mask);
  Random random(seed);
  FingerprintIndex index;
  Oracle oracle;
  std::vector<std::pair<Fingerprint, Location>> known;
  for (int step = 1; step <= steps; ++step) {
    Fingerprint fp = FingerprintOf(random.Next() & mask);
    Location at = At(random.Between(1, 40), static_cast<uint32_t>(random.Below(3)));
    // Phases of growth and of shrinking.
    bool grow = step / 4000 % 2 == 0 ? random.Below(10) < 8 : random.Below(10) < 3;
    if (grow) {
      index.Insert(fp, at);
      oracle.Insert(fp, at);
      known.emplace_back(fp, at);
    } else if (!known.empty()) {
      auto [old_fp, old_at] = known[random.Below(known.size())];
      ASSERT_EQ(index.Erase(old_fp, old_at), oracle.Erase(old_fp, old_at));
    }
    ASSERT_EQ(index.Erase(fp, At(41, 0)), false);
    if (step % 7000 == 0) {
      std::vector<PackId> packs = {PackId(random.Between(1, 40)), PackId(random.Between(1, 40)),
                                   PackId(99)};
      index.DropPacks(packs);
      for (PackId pack : packs) oracle.DropPack(pack.value);
    }
    if (step % 2500 == 0) ExpectSame(index, oracle);
  }
  ExpectSame(index, oracle);
  index.Clear();
  EXPECT_EQ(index.size(), 0u);
}

TEST(FingerprintIndex, AgreesWithAMultimap) {
  for (uint64_t seed = 1; seed <= (support::kSanitized ? 1 : 3); ++seed) {
    RunAgainstOracle(seed, ~uint64_t{0}, 20'000);           // all shards
    RunAgainstOracle(seed, 0x0003'ffff'ff00'0000, 30'000);  // four shards
    RunAgainstOracle(seed, 0x0000'0000'ff00'0000, 20'000);  // one shard, first tags
    RunAgainstOracle(seed, 0x0001'f000'0000'0000, 20'000);  // few tags, far apart
  }
}

TEST(FingerprintIndex, HoldsManyEntriesOfTheLastTag) {
  // Those of the last tag run over the last home.
  FingerprintIndex index;
  Oracle oracle;
  for (uint64_t prefix : {~uint64_t{0}, ~uint64_t{0} << 25, uint64_t{0}}) {
    for (uint64_t i = 0; i < 3000; ++i) {
      Location at = At(1 + i * 7919 % 3000, 0);
      index.Insert(FingerprintOf(prefix), at);
      oracle.Insert(FingerprintOf(prefix), at);
    }
  }
  ExpectSame(index, oracle);
  for (uint64_t i = 0; i < 3000; i += 2) {
    ASSERT_TRUE(index.Erase(FingerprintOf(~uint64_t{0}), At(1 + i, 0)));
    oracle.Erase(FingerprintOf(~uint64_t{0}), At(1 + i, 0));
  }
  ExpectSame(index, oracle);
}

TEST(FingerprintIndex, TellsWhenThereAreMoreThanTwo) {
  FingerprintIndex index;
  Fingerprint fp = FingerprintOf(0x1234'5678'9abc'def0);
  EXPECT_EQ(LookupOne(index, fp).count, 0);
  index.Insert(fp, At(9, 1));
  index.Insert(fp, At(9, 1));
  EXPECT_EQ(index.size(), 1u);
  index.Insert(fp, At(3, 1023));
  Candidates two = LookupOne(index, fp);
  EXPECT_EQ(two.count, 2);
  EXPECT_FALSE(two.more);
  EXPECT_EQ(two.at[0], At(3, 1023));
  EXPECT_EQ(two.at[1], At(9, 1));
  index.Insert(fp, At(4, 0));
  EXPECT_TRUE(LookupOne(index, fp).more);
  EXPECT_EQ(index.LookupInRam(fp).size(), 3u);
}

TEST(FingerprintIndex, LeavesOutLocationsThatDoNotFit) {
  FingerprintIndex index;
  Fingerprint fp = FingerprintOf(~uint64_t{0});
  for (Location at : {At(0, 0), At(uint64_t{1} << 30, 0), At((1 << 30) - 1, 1023), At(1, 1024),
                      At(uint64_t{1} << 40 | 1, 0)}) {
    index.Insert(fp, at);
    EXPECT_FALSE(index.Erase(fp, at));
  }
  EXPECT_EQ(index.size(), 0u);
  EXPECT_TRUE(index.LookupInRam(fp).empty());
  index.Insert(fp, At((1 << 30) - 2, 1023));
  EXPECT_EQ(index.LookupInRam(fp), std::vector{At((1 << 30) - 2, 1023)});
}

TEST(FingerprintIndex, StaysWithinElevenBytesAnEntry) {
  FingerprintIndex index;
  const uint64_t empty = index.memory_bytes();
  Random random(5);
  std::vector<Fingerprint> fps;
  // Few shards, so that they are as full as those of a large index.
  for (uint64_t i = 0; i < 200'000; ++i) {
    fps.push_back(FingerprintOf(random.Next() & 0x003f'ffff'ffff'ffff));
    index.Insert(fps.back(), At(1 + i / 500, i % 500 / 16));
    if (i >= 50'000 && i % 10'000 == 0) {
      EXPECT_LT(static_cast<double>(index.memory_bytes() - empty) / index.size(), 11.2) << i;
    }
  }
  // A shrinking index gives memory back.
  const uint64_t full = index.memory_bytes();
  for (uint64_t i = 0; i < 190'000; ++i) index.Erase(fps[i], At(1 + i / 500, i % 500 / 16));
  EXPECT_LT(index.memory_bytes() - empty, (full - empty) / 7);
  index.Clear();
  EXPECT_EQ(index.memory_bytes(), empty);
}

}  // namespace
}  // namespace oca::index
