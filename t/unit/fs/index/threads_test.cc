// What threads do at once to one index.
#include <atomic>
#include <optional>
#include <thread>

#include "t/unit/fs/index/sampled_index.h"

namespace oca::index {
namespace {

using support::Random;

TEST(FingerprintIndex, ServesManyThreads) {
  constexpr int kThreads = 4, kEach = 4000;
  FingerprintIndex index;
  // All in 16 shards of one stripe, so that threads meet.
  auto fp_of = [](int thread, int i) {
    return FingerprintOf(uint64_t(i % 16) << 48 | uint64_t(i) * 2654435761u % 0xfffff << 28 |
                         uint64_t(thread) << 24);
  };
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    std::vector<Fingerprint> fps;
    for (int i = 0; i < 100; ++i) fps.push_back(fp_of(i % kThreads, i * 37));
    std::vector<Candidates> out(fps.size());
    while (!stop) {
      index.LookupMany(fps, out);
      for (const Candidates& c : out) {
        for (int k = 0; k < c.count; ++k) ASSERT_LE(c.at[k].pack.value, uint64_t{kThreads + 1});
      }
    }
  });
  std::thread eraser([&] {
    while (!stop) index.DropPacks({PackId(kThreads + 1)});
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        index.Insert(fp_of(t, i), At(t + 1, i % 1000));
        index.Insert(fp_of(t, i), At(kThreads + 1, i % 1000));
        EXPECT_EQ(i % 3 == 0 && index.Erase(fp_of(t, i), At(t + 1, i % 1000)), i % 3 == 0);
      }
    });
  }
  for (std::thread& w : writers) w.join();
  stop = true;
  reader.join();
  eraser.join();
  index.DropPacks({PackId(kThreads + 1)});
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kEach; ++i) {
      std::vector<Location> all = index.LookupInRam(fp_of(t, i));
      bool there = std::find(all.begin(), all.end(), At(t + 1, i % 1000)) != all.end();
      ASSERT_EQ(there, i % 3 != 0) << t << " " << i;
    }
  }
}

TEST(IndexSnapshot, SaveRunsWhileEntriesChange) {
  FingerprintIndex index;
  const std::vector<Item> kept = RandomItems(1, 3000), moving = RandomItems(2, 3000);
  InsertAll(index, kept);
  std::thread writer([&] {
    for (int round = 0; round < 3; ++round) {
      for (const Item& item : moving) index.Insert(item.fp, item.at);
      for (const Item& item : moving) index.Erase(item.fp, item.at);
    }
  });
  io::MemoryFileSystem fs;
  for (int i = 0; i < 10; ++i) EXPECT_OK(index.Save(fs, kPath, "m"));
  writer.join();
  {
    FingerprintIndex loaded;
    ASSERT_OK(loaded.Load(fs, kPath));
    for (const Item& item : kept) {
      ASSERT_THAT(loaded.LookupInRam(item.fp), testing::Contains(item.at));
    }
  }
  ASSERT_OK(index.Save(fs, kPath, "m"));
  FingerprintIndex loaded;
  ASSERT_OK(loaded.Load(fs, kPath));
  ExpectHoldsExactly(loaded, kept);
}

TEST_F(SampledIndex, ThreadsFindAllWhileItConverts) {
  InsertRange(0, 2 * kFitting);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      Random random(t + 1);
      std::vector<Fingerprint> fps(32);
      std::vector<Candidates> out(32);
      while (!stop) {
        const uint64_t n = random.Below(2 * kFitting);
        auto all = index_.LookupAll(Nth(n));
        ASSERT_OK(all);
        ASSERT_THAT(*all, testing::Contains(PlaceOfNth(n))) << n;
        for (Fingerprint& fp : fps) fp = Nth(random.Below(2 * kFitting));
        index_.LookupMany(fps, out);
        std::vector<std::optional<Fingerprint>> chunks(fps.begin(), fps.end());
        if (index_.WantsNearby(PackId(n + 1))) index_.AddNearby(PackId(3'000'000 + n), chunks);
      }
    });
  }
  threads.emplace_back([&] {
    uint64_t n = 2 * kFitting;
    while (!stop) {
      index_.Insert(Nth(n), PlaceOfNth(n));
      if (n % 3 == 0) index_.Erase(Nth(n), PlaceOfNth(n));
      n = n == 3 * kFitting ? 2 * kFitting : n + 1;
    }
  });
  for (int round = 0; round < 6; ++round) {
    index_.SetBudget(round % 2 == 0 ? kBudget : 20 * kBudget);
    if (absl::Status saved = index_.Save(fs_, kPath, "m"); !saved.ok()) ADD_FAILURE() << saved;
    EXPECT_EQ(index_.stats().one_in > 1, round % 2 == 0) << round;
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace oca::index
