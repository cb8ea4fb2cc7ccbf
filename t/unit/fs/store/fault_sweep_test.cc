// A scripted life of packs in which the n-th call that changes the disk fails, or the power goes,
// for every n.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fs/store/pack_store.h"
#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/unit/fs/store/test_groups.h"

namespace oca::store {
namespace {

using io::FaultFileSystem;

constexpr char kDir[] = "/packs";

// A pack and what was acknowledged about it.
struct Story {
  explicit Story(PackId id) : pack(id) {}
  TestPack pack;
  size_t durable = 0;  // the first so many groups of `pack` were there at a Sync that was OK
  bool sealed = false;
  bool removed = false;        // Remove was OK
  bool removal_begun = false;  // Remove was called
};

// Runs until something fails for good. `attempts`: how often each step is tried.
class Workload {
 public:
  Workload(FaultFileSystem& fs, int attempts) : fs_(fs), attempts_(attempts) {}

  void Run() {
    std::unique_ptr<PackStore> store;
    if (!Try([&]() -> absl::Status {
          OCA_ASSIGN_OR_RETURN(store, OpenLocalPackStore(fs_, kDir, GroupId(1)));
          return absl::OkStatus();
        })) {
      return;
    }
    // 1 and 0x101 share a fan-out folder. 2 stays unsealed, as when the process dies.
    bool done = WritePack(*store, PackId(1), true) && WritePack(*store, PackId(0x101), true) &&
                WritePack(*store, PackId(2), false);
    if (!done) return;
    stories[0].removal_begun = true;
    stories[0].removed = Try([&]() -> absl::Status {
      absl::Status status = store->Remove(PackId(1));
      return ErrnoOf(status) == ENOENT ? absl::OkStatus() : status;
    });
  }

  std::vector<Story> stories;

 private:
  bool Try(const std::function<absl::Status()>& step) {
    for (int i = 0; i < attempts_; ++i) {
      if (step().ok()) return true;
    }
    return false;
  }

  bool WritePack(PackStore& store, PackId id, bool seal) {
    std::unique_ptr<PackWriter> writer;
    if (!Try([&]() -> absl::Status {
          OCA_ASSIGN_OR_RETURN(writer, store.Create(id));
          return absl::OkStatus();
        })) {
      return false;
    }
    Story& story = stories.emplace_back(id);
    for (uint64_t i = 0; i < 9; ++i) {
      TestGroup group = MakeGroup(10 * id.value + i, 700);
      if (!Try([&] { return story.pack.Append(*writer, group); })) return false;
      if (i % 3 != 1) continue;
      if (!Try([&] { return writer->Sync(); })) return false;
      story.durable = story.pack.groups.size();
    }
    if (!seal) return true;
    story.sealed = Try([&] { return writer->Seal(story.pack.footer); });
    if (story.sealed) story.durable = story.pack.groups.size();
    return story.sealed;
  }

  FaultFileSystem& fs_;
  const int attempts_;
};

// Every group that was durable is there and intact, by ReadFooter or Recover, and nothing false is
// listed.
void CheckPacks(FaultFileSystem& fs, const std::vector<Story>& stories) {
  ASSERT_OK_AND_ASSIGN(auto store, OpenLocalPackStore(fs, kDir, GroupId(1)));
  for (const Story& story : stories) {
    PackId id = story.pack.footer.pack.pack_id;
    SCOPED_TRACE(id.value);
    auto footer = store->ReadFooter(id);
    if (story.sealed && !story.removal_begun) {
      EXPECT_OK(footer);
    }
    if (story.removed) {
      EXPECT_ERRNO(footer, ENOENT);
    }
    if (story.removal_begun && ErrnoOf(footer.status()) == ENOENT) continue;
    if (!footer.ok() && ErrnoOf(footer.status()) != ENOENT) footer = store->Recover(id);
    if (story.durable == 0 && ErrnoOf(footer.status()) == ENOENT) continue;
    ASSERT_OK(footer);
    EXPECT_TRUE(ListsOnlyTrueChunks(*store, *footer));
    for (size_t g = 0; g < story.durable; ++g) {
      EXPECT_TRUE(HoldsGroup(*store, *footer, story.pack.groups[g])) << "group " << g;
    }
    auto again = store->ReadFooter(id);
    ASSERT_OK(again);
    EXPECT_EQ(*again, *footer);
  }
  // What else lies there (a pack whose Create was not acknowledged) can be recovered or goes.
  ASSERT_OK_AND_ASSIGN(std::vector<PackInfo> packs, store->List());
  for (const PackInfo& info : packs) {
    auto footer = store->Recover(info.id);
    EXPECT_TRUE(footer.ok() || ErrnoOf(footer.status()) == ENOENT) << footer.status();
  }
}

uint64_t CallsOfWorkload() {
  FaultFileSystem fs;
  Workload workload(fs, 1);
  workload.Run();
  EXPECT_TRUE(workload.stories.size() == 3 && workload.stories[0].removed);
  return fs.MutatingCalls();
}

TEST(FaultSweep, PowerCutAtEveryCall) {
  uint64_t calls = CallsOfWorkload();
  ASSERT_GT(calls, 50u);
  for (uint64_t n = 1; n <= calls; ++n) {
    for (uint64_t seed = 0; seed < 12; ++seed) {
      SCOPED_TRACE(testing::Message() << "power cut at call " << n << ", seed " << seed);
      FaultFileSystem fs;
      Workload workload(fs, 1);
      fs.CutPowerAt(n);
      workload.Run();
      ASSERT_TRUE(fs.PowerIsCut());
      fs.PowerCycle(seed);
      CheckPacks(fs, workload.stories);
    }
  }
}

TEST(FaultSweep, PowerCutAtEveryCallOfRecover) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (uint64_t n = 1;; ++n) {
      SCOPED_TRACE(testing::Message()
                   << "power cut at call " << n << " of recovery, seed " << seed);
      FaultFileSystem fs;
      Workload workload(fs, 1);
      workload.Run();
      fs.PowerCycle(seed);
      bool cut;
      {
        ASSERT_OK_AND_ASSIGN(auto store, OpenLocalPackStore(fs, kDir, GroupId(1)));
        fs.CutPowerAt(n);
        store->Recover(PackId(2)).IgnoreError();
        cut = fs.PowerIsCut();
      }
      fs.PowerCycle(seed + 1000);
      CheckPacks(fs, workload.stories);
      if (!cut) break;
    }
  }
}

// One group that no Sync covered, so small that group and footer often fare differently.
void WriteUnsynced(FaultFileSystem& fs, TestPack* pack, bool seal) {
  auto store = OpenLocalPackStore(fs, kDir, GroupId(1));
  if (!store.ok()) return;
  auto writer = (*store)->Create(PackId(1));
  if (!writer.ok()) return;
  if (!pack->Append(**writer, MakeGroup({support::RandomBytes(600, 1)}, Compression::kFast)).ok())
    return;
  if (seal) (*writer)->Seal(pack->footer).IgnoreError();
}

TEST(FaultSweep, PowerCutDuringSealNeverListsALostGroup) {
  for (uint64_t n = 1; n <= 12; ++n) {
    for (uint64_t seed = 0; seed < 200; ++seed) {
      SCOPED_TRACE(testing::Message() << "power cut at call " << n << ", seed " << seed);
      FaultFileSystem fs;
      TestPack pack(PackId(1));
      fs.CutPowerAt(n);
      WriteUnsynced(fs, &pack, /*seal=*/true);
      fs.PowerCycle(seed);
      ASSERT_OK_AND_ASSIGN(auto store, OpenLocalPackStore(fs, kDir, GroupId(1)));
      auto footer = store->ReadFooter(PackId(1));
      if (footer.ok()) {
        EXPECT_TRUE(ListsOnlyTrueChunks(*store, *footer));
      }
    }
  }
}

TEST(FaultSweep, RecoverAfterTheProcessDiedMakesAllDurable) {
  // Nothing was synced; the process died, the machine did not. The power goes at the n-th call of
  // Recover, or after it.
  for (uint64_t n = 1; n <= 12; ++n) {
    for (uint64_t seed = 0; seed < 200; ++seed) {
      SCOPED_TRACE(testing::Message() << "power cut at call " << n << ", seed " << seed);
      FaultFileSystem fs;
      TestPack pack(PackId(1));
      WriteUnsynced(fs, &pack, /*seal=*/false);
      bool recovered;
      {
        ASSERT_OK_AND_ASSIGN(auto store, OpenLocalPackStore(fs, kDir, GroupId(1)));
        fs.CutPowerAt(n);
        recovered = store->Recover(PackId(1)).ok();
        EXPECT_EQ(recovered, !fs.PowerIsCut());
      }
      fs.PowerCycle(seed);
      ASSERT_OK_AND_ASSIGN(auto store, OpenLocalPackStore(fs, kDir, GroupId(1)));
      auto footer = store->ReadFooter(PackId(1));
      if (recovered) {
        ASSERT_OK(footer);
        EXPECT_TRUE(HoldsGroup(*store, *footer, pack.groups[0]));
      } else if (footer.ok()) {
        EXPECT_TRUE(ListsOnlyTrueChunks(*store, *footer));
      }
    }
  }
}

TEST(FaultSweep, FailureAtEveryCallThenPowerCut) {
  uint64_t calls = CallsOfWorkload();
  for (int error : {ENOSPC, EIO}) {
    for (auto duration :
         {FaultFileSystem::Duration::kTransient, FaultFileSystem::Duration::kPersistent}) {
      for (uint64_t n = 1; n <= calls; ++n) {
        SCOPED_TRACE(testing::Message() << "errno " << error << " at call " << n << ", persistent "
                                        << static_cast<int>(duration));
        FaultFileSystem fs;
        Workload workload(fs, 3);
        fs.FailAt(n, error, duration);
        workload.Run();
        if (duration == FaultFileSystem::Duration::kTransient) {
          // Each step is tried again, so all of it succeeds in the end.
          ASSERT_EQ(workload.stories.size(), 3u);
          EXPECT_TRUE(workload.stories[0].removed);
        }
        if (n % 2 == 0) {
          fs.ClearFaults();  // only the process dies
        } else {
          fs.PowerCycle(n);
        }
        CheckPacks(fs, workload.stories);
      }
    }
  }
}

TEST(FaultSweep, FullDiskThenSpace) {
  for (uint64_t capacity = 8 << 10; capacity <= 96 << 10; capacity += 4 << 10) {
    SCOPED_TRACE(capacity);
    FaultFileSystem fs;
    fs.SetCapacity(capacity);
    Workload workload(fs, 2);
    workload.Run();
    fs.PowerCycle(capacity);
    fs.SetCapacity(1 << 30);
    CheckPacks(fs, workload.stories);
  }
}

TEST(FaultSweep, ThreadsLoseNothingThatTheySynced) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    FaultFileSystem fs;
    struct Mine {
      std::vector<TestGroup> groups;
      size_t durable = 0;
    };
    std::vector<Mine> threads_groups(3);
    {
      ASSERT_OK_AND_ASSIGN(auto store, OpenLocalPackStore(fs, kDir, GroupId(1)));
      ASSERT_OK_AND_ASSIGN(auto writer, store->Create(PackId(1)));
      // Failures of single calls, then the end.
      fs.FailAt(5 + seed, EIO);
      auto work = [&](uint64_t t) {
        Mine& mine = threads_groups[t];
        support::Random random(seed * 10 + t);
        for (uint64_t i = 0; i < 30; ++i) {
          TestGroup group = MakeGroup(seed * 1000 + t * 100 + i, 400);
          if (!writer->Append(group.encoded).ok()) continue;
          mine.groups.push_back(group);
          size_t count = mine.groups.size();
          if (random.OneIn(4) && writer->Sync().ok()) mine.durable = count;
        }
      };
      std::vector<std::thread> threads;
      for (uint64_t t = 0; t < 3; ++t) threads.emplace_back(work, t);
      for (std::thread& thread : threads) thread.join();
    }
    fs.PowerCycle(seed);
    ASSERT_OK_AND_ASSIGN(auto store, OpenLocalPackStore(fs, kDir, GroupId(1)));
    auto footer = store->Recover(PackId(1));
    bool none = std::all_of(threads_groups.begin(), threads_groups.end(),
                            [](const Mine& mine) { return mine.durable == 0; });
    if (none && !footer.ok()) continue;
    ASSERT_OK(footer);
    EXPECT_TRUE(ListsOnlyTrueChunks(*store, *footer));
    for (const Mine& mine : threads_groups) {
      for (size_t g = 0; g < mine.durable; ++g) {
        EXPECT_TRUE(HoldsGroup(*store, *footer, mine.groups[g]));
      }
    }
  }
}

}  // namespace
}  // namespace oca::store
