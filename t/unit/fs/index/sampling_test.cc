// The index above its budget: what RAM holds, that the disk answers for the rest, and that nothing
// is lost on the way from one to the other.
#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/random.h"
#include "t/support/sanitized.h"
#include "t/support/status_matchers.h"
#include "t/unit/fs/index/sampled_index.h"

namespace oca::index {
namespace {

using support::Random;

TEST_F(SampledIndex, StaysWithinItsBudgetAtTenTimesWhatFits) {
  InsertRange(0, kFitting / 2);
  EXPECT_EQ(index_.stats().one_in, 1u);
  InsertRange(kFitting / 2, 10 * kFitting);
  const IndexStats stats = index_.stats();
  EXPECT_GE(stats.one_in, 8u);
  EXPECT_LE(stats.one_in, 256u);
  EXPECT_NEAR(static_cast<double>(stats.entries), 10. * kFitting, kFitting / 100.);
  ExpectThere(index_, 0, 10 * kFitting, true);
  ExpectThere(index_, 10 * kFitting, 20 * kFitting, false);
  // What is pinned is in RAM; so is about one in one_in of the rest.
  uint64_t in_ram = 0;
  for (uint64_t n = 0; n < 100'000; ++n) {
    const bool found = testing::Value(index_.LookupInRam(Nth(n)), testing::Contains(PlaceOfNth(n)));
    ASSERT_TRUE(found || n % 200 != 0) << n;
    in_ram += found ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(in_ram), 500 + 100'000. / stats.one_in, 1000);
  EXPECT_GT(index_.stats().disk_reads, 5000u);

  ASSERT_OK(index_.Save(fs_, kPath, "m"));
  FingerprintIndex loaded;
  loaded.SetBudget(kBudget);
  ASSERT_OK(loaded.Load(fs_, kPath));
  EXPECT_GE(loaded.stats().one_in, 8u);
  EXPECT_LE(loaded.memory_bytes(), kBudget);
  ExpectThere(loaded, 0, 10 * kFitting, true);
}

TEST_F(SampledIndex, BecomesExactAgainWhenItFits) {
  constexpr uint64_t kLeft = 40'000;
  InsertRange(0, 2 * kFitting);
  EXPECT_GT(index_.stats().one_in, 1u);
  // A little less is not enough: it does not go to and fro.
  EraseRange(0, kFitting + kFitting / 10);
  EXPECT_GT(index_.stats().one_in, 1u);
  ExpectThere(index_, 0, kFitting, false);
  ExpectThere(index_, kFitting + kFitting / 10, 2 * kFitting, true);
  EraseRange(kFitting + kFitting / 10, 2 * kFitting - kLeft);
  Care();
  EXPECT_EQ(index_.stats().one_in, 1u);
  const uint64_t reads = index_.stats().disk_reads;
  ExpectThere(index_, 2 * kFitting - kLeft, 2 * kFitting, true);
  ExpectThere(index_, 0, 2 * kFitting - kLeft, false);
  EXPECT_EQ(index_.stats().disk_reads, reads);
  EXPECT_EQ(index_.size(), kLeft);
  // A larger budget has the same effect.
  InsertRange(2 * kFitting, 4 * kFitting);
  EXPECT_GT(index_.stats().one_in, 1u);
  index_.SetBudget(100 * kBudget);
  Care();
  EXPECT_EQ(index_.stats().one_in, 1u);
  EXPECT_EQ(index_.size(), kLeft + 2 * kFitting);
}

TEST_F(SampledIndex, DropsPacksFromRamAndRuns) {
  InsertRange(0, 2 * kFitting);
  index_.DropPacks({PackId(1), PackId(7), PackId(1 + kFitting / 500)});
  for (int save = 0; save < 2; ++save) {
    for (uint64_t n : {uint64_t{0}, uint64_t{499}, uint64_t{3100}, kFitting + 3}) {
      ASSERT_OK_AND_ASSIGN(std::vector<Location> all, index_.LookupAll(Nth(n)));
      ASSERT_THAT(all, testing::Not(testing::Contains(PlaceOfNth(n)))) << n;
    }
    ExpectThere(index_, 500, 3000, true);
    ASSERT_OK(index_.Save(fs_, kPath, "m"));
  }
}

TEST_F(SampledIndex, FindsWhatLiesNearToWhatIsInUse) {
  InsertRange(0, 3 * kFitting);
  ASSERT_GT(index_.stats().one_in, 1u);
  const auto found_of_pack = [&](uint64_t pack) {
    int found = 0;
    for (uint64_t n = (pack - 1) * 500; n < pack * 500; ++n) {
      const Candidates c = LookupOne(index_, Nth(n));
      for (int i = 0; i < c.count; ++i) found += c.at[i] == PlaceOfNth(n) ? 1 : 0;
    }
    return found;
  };
  const auto add = [&](uint64_t pack) {
    std::vector<std::optional<Fingerprint>> chunks;
    for (uint64_t n = (pack - 1) * 500; n < pack * 500; ++n) chunks.emplace_back(Nth(n));
    chunks[3].reset();
    index_.AddNearby(PackId(pack), chunks);
  };
  EXPECT_LT(found_of_pack(5), 200);
  EXPECT_TRUE(index_.WantsNearby(PackId(5)));
  add(5);
  EXPECT_FALSE(index_.WantsNearby(PackId(5)));
  EXPECT_GE(found_of_pack(5), 499);
  // Erased ones are not found there.
  index_.Erase(Nth(2001), PlaceOfNth(2001));
  EXPECT_GE(found_of_pack(5), 498);
  EXPECT_THAT(index_.LookupInRam(Nth(2001)), testing::Not(testing::Contains(PlaceOfNth(2001))));
  // Many others later it is gone, and memory is bounded.
  for (uint64_t pack = 10; pack < 400; ++pack) {
    add(pack);
    ASSERT_LE(index_.memory_bytes(), kBudget);
  }
  EXPECT_GE(found_of_pack(399), 499);
  EXPECT_LT(found_of_pack(5), 200);
  EXPECT_TRUE(index_.WantsNearby(PackId(5)));
}

// Random changes and saves while the budget goes up and down, against a map.
TEST_F(SampledIndex, AgreesWithAMapThroughConversions) {
  for (uint64_t seed = 1; seed <= (support::kSanitized ? 1 : 2); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    index_.Clear();
    std::map<uint64_t, std::vector<Location>> model;  // by n
    const auto check = [&](uint64_t n) {
      ASSERT_OK_AND_ASSIGN(std::vector<Location> all, index_.LookupAll(Nth(n)));
      ASSERT_EQ(all, Sorted(model[n])) << n;
      const std::vector<Location> in_ram = index_.LookupInRam(Nth(n));
      ASSERT_TRUE(std::includes(all.begin(), all.end(), in_ram.begin(), in_ram.end(), Before));
      ASSERT_TRUE(index_.stats().one_in > 1 || in_ram == all);
    };
    InsertRange(1'000'000, 1'000'000 + kFitting);  // so that the budget counts
    std::set<uint32_t> seen;
    for (int step = 0; step < 60'000; ++step) {
      const uint64_t n = random.Below(5000);
      const Location at = At(random.Between(100'000, 100'002), static_cast<uint32_t>(n % 7));
      std::vector<Location>& all = model[n];
      if (random.Below(3) > 0) {
        index_.Insert(Nth(n), at, n % 50 == 0);
        if (std::find(all.begin(), all.end(), at) == all.end()) all.push_back(at);
      } else {
        index_.Erase(Nth(n), at);
        std::erase(all, at);
      }
      if (step % 10 == 0) check(random.Below(5000));
      if (step % 5000 == 0) {
        index_.SetBudget(random.Below(2) == 0 ? kBudget / 4 : 8 * kBudget);
        seen.insert(index_.stats().one_in);
      }
      if (step % 700 == 0) {
        ASSERT_OK(index_.Save(fs_, kPath, "m"));
      }
      if (step % 20'000 == 19'999) {
        ASSERT_OK(index_.Save(fs_, kPath, "m"));
        ASSERT_OK(index_.Load(fs_, kPath));
      }
    }
    for (uint64_t n = 0; n < 5000; ++n) check(n);
    EXPECT_GE(seen.size(), 2u);
    index_.SetBudget(kBudget);
  }
}

TEST_F(SampledIndex, DamageOfARunIsReportedAndCured) {
  InsertRange(0, 2 * kFitting);
  ASSERT_OK(index_.Save(fs_, kPath, "m"));
  ASSERT_GT(index_.stats().one_in, 1u);
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, fs_.List("/"));
  for (const std::string& name : names) {
    if (name == "index") continue;
    ASSERT_OK_AND_ASSIGN(auto file, fs_.Open("/" + name, io::OpenMode::kReadWrite));
    ASSERT_OK_AND_ASSIGN(uint64_t size, file->Size());
    ASSERT_OK(file->WriteAt(4096 + 100, std::string(size - 4096 - 100, 'x')));
  }
  int damaged = 0;
  for (uint64_t n = 0; n < 100; ++n) {
    absl::StatusOr<std::vector<Location>> all = index_.LookupAll(Nth(n));
    if (all.ok()) continue;
    ASSERT_TRUE(absl::IsDataLoss(all.status())) << all.status();
    ++damaged;
  }
  EXPECT_GT(damaged, 50);
  index_.Clear();
  InsertRange(0, 2 * kFitting);
  ASSERT_OK(index_.Save(fs_, kPath, "m"));
  ExpectThere(index_, 0, 2 * kFitting, true);
}

}  // namespace
}  // namespace oca::index
