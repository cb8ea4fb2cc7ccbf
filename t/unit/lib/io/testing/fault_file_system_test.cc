// Errors on command, the moment of the power cut, the new start.
#include "lib/io/testing/fault_file_system.h"

#include <cerrno>

#include "gmock/gmock.h"
#include "t/unit/lib/io/testing/fault_fixture.h"

namespace oca::io {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

// One call of each mutating kind, twelve in all; stops at the first error.
absl::Status EveryMutatingCall(FaultFileSystem& fs) {
  OCA_RETURN_IF_ERROR(fs.CreateDir("/d"));                                 // 1
  OCA_ASSIGN_OR_RETURN(auto file, fs.Open("/d/a", OpenMode::kCreateNew));  // 2
  OCA_RETURN_IF_ERROR(file->WriteAt(0, "contents"));                       // 3
  OCA_RETURN_IF_ERROR(file->Sync());                                       // 4
  OCA_RETURN_IF_ERROR(file->Truncate(4));                                  // 5
  OCA_RETURN_IF_ERROR(fs.Rename("/d/a", "/d/b"));                          // 6
  OCA_RETURN_IF_ERROR(fs.Link("/d/b", "/d/c"));                            // 7
  OCA_RETURN_IF_ERROR(fs.SyncDir("/d"));                                   // 8
  OCA_RETURN_IF_ERROR(fs.RemoveFile("/d/c"));                              // 9
  OCA_RETURN_IF_ERROR(fs.Open("/d/b", OpenMode::kTruncate).status());      // 10
  OCA_RETURN_IF_ERROR(fs.RemoveFile("/d/b"));                              // 11
  return fs.RemoveDir("/d");                                               // 12
}

TEST(FaultFileSystem, CountsMutatingCallsAlone) {
  FaultFileSystem fs;
  EXPECT_OK(EveryMutatingCall(fs));
  EXPECT_EQ(fs.MutatingCalls(), 12u);
  PutSynced(fs, "/a", "A");
  uint64_t before = fs.MutatingCalls();
  EXPECT_OK(ReadFile(fs, "/a"));
  EXPECT_OK(fs.Stat("/a"));
  EXPECT_OK(fs.List("/"));
  EXPECT_OK(fs.Space("/"));
  EXPECT_OK(fs.Lock("/a"));
  EXPECT_ERRNO(fs.CreateDir("/a"), EEXIST);
  EXPECT_ERRNO(fs.RemoveFile("/no"), ENOENT);
  MustOpen(fs, "/a", OpenMode::kRead)->StartWriteback(0, 1);
  EXPECT_EQ(fs.MutatingCalls(), before);
}

TEST(FaultFileSystem, CutPowerAtEveryCallStopsThere) {
  for (uint64_t n = 1; n <= 12; ++n) {
    FaultFileSystem fs;
    fs.CutPowerAt(n);
    EXPECT_ERRNO(EveryMutatingCall(fs), EIO);
    EXPECT_EQ(fs.MutatingCalls(), n);
    EXPECT_TRUE(fs.PowerIsCut());
  }
  FaultFileSystem fs;
  fs.CutPowerAt(13);
  EXPECT_OK(EveryMutatingCall(fs));
  EXPECT_FALSE(fs.PowerIsCut());
}

TEST(FaultFileSystem, EverythingFailsAfterThePowerCut) {
  FaultFileSystem fs;
  auto file = PutDurable(fs, "/a", "A");
  fs.CutPower();
  char byte;
  EXPECT_ERRNO(file->ReadAt(0, {&byte, 1}), EIO);
  EXPECT_ERRNO(file->WriteAt(0, "B"), EIO);
  EXPECT_ERRNO(file->Sync(), EIO);
  EXPECT_ERRNO(file->Size(), EIO);
  EXPECT_ERRNO(file->Truncate(0), EIO);
  EXPECT_ERRNO(fs.Open("/a", OpenMode::kRead), EIO);
  EXPECT_ERRNO(fs.Open("/b", OpenMode::kCreateNew), EIO);
  EXPECT_ERRNO(fs.CreateDir("/d"), EIO);
  EXPECT_ERRNO(fs.Rename("/a", "/b"), EIO);
  EXPECT_ERRNO(fs.Link("/a", "/b"), EIO);
  EXPECT_ERRNO(fs.RemoveFile("/a"), EIO);
  EXPECT_ERRNO(fs.RemoveDir("/d"), EIO);
  EXPECT_ERRNO(fs.List("/"), EIO);
  EXPECT_ERRNO(fs.SyncDir("/"), EIO);
  EXPECT_ERRNO(fs.Stat("/a"), EIO);
  EXPECT_ERRNO(fs.Space("/"), EIO);
  EXPECT_ERRNO(fs.Lock("/a"), EIO);
  fs.PowerCycle(1);
  EXPECT_EQ(Tree(fs), "a=A");
}

TEST(FaultFileSystem, TheCallOfThePowerCutMayHaveHappened) {
  auto cut_at_rename = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "A");
    fs.CutPowerAt(1);
    EXPECT_ERRNO(fs.Rename("/a", "/b"), EIO);
  };
  EXPECT_THAT(TreesAfter(cut_at_rename), UnorderedElementsAre("a=A", "b=A"));
  auto cut_at_write = [](FaultFileSystem& fs) {
    auto file = PutDurable(fs, "/a", "");
    fs.CutPowerAt(1);
    EXPECT_ERRNO(file->WriteAt(0, "A"), EIO);
  };
  EXPECT_THAT(TreesAfter(cut_at_write), Contains("a=A"));
  EXPECT_THAT(TreesAfter(cut_at_write), Contains("a="));
}

TEST(FaultFileSystem, TheSyncOfThePowerCutPromisesNothing) {
  auto cut_at_sync = [](FaultFileSystem& fs) {
    auto file = PutDurable(fs, "/a", "");
    EXPECT_OK(file->WriteAt(0, "A"));
    fs.CutPowerAt(1);
    EXPECT_ERRNO(file->Sync(), EIO);
  };
  EXPECT_THAT(TreesAfter(cut_at_sync), Contains("a="));
  EXPECT_THAT(TreesAfter(cut_at_sync), Contains("a=A"));
  auto cut_at_sync_dir = [](FaultFileSystem& fs) {
    PutSynced(fs, "/a", "A");
    fs.CutPowerAt(1);
    EXPECT_ERRNO(fs.SyncDir("/"), EIO);
  };
  EXPECT_THAT(TreesAfter(cut_at_sync_dir), UnorderedElementsAre("", "a=A"));
}

TEST(FaultFileSystem, OneSeedMeansOneOutcome) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    std::string trees[2];
    for (std::string& tree : trees) {
      FaultFileSystem fs;
      for (int i = 0; i < 5; ++i) {
        auto file = PutSynced(fs, fmt::format("/f{}", i), std::string(3'000, 'o'));
        EXPECT_OK(file->WriteAt(1'000, std::string(6'000, 'n')));
      }
      fs.PowerCycle(seed);
      tree = Tree(fs);
    }
    EXPECT_EQ(trees[0], trees[1]);
  }
}

TEST(FaultFileSystem, PowerCycleWithoutALossChangesNothing) {
  FaultFileSystem fs;
  MakeDurableDir(fs, "/d");
  PutDurable(fs, "/d/a", std::string(10'000, 'a'));
  std::string before = Tree(fs);
  for (uint64_t seed = 1; seed <= 20; ++seed) fs.PowerCycle(seed);
  EXPECT_EQ(Tree(fs), before);
}

TEST(FaultFileSystem, FilesOfThePastStayDead) {
  FaultFileSystem fs;
  auto old_file = PutDurable(fs, "/a", "A");
  fs.PowerCycle(1);
  char byte;
  EXPECT_ERRNO(old_file->ReadAt(0, {&byte, 1}), EIO);
  EXPECT_ERRNO(old_file->WriteAt(0, "B"), EIO);
  EXPECT_ERRNO(old_file->Sync(), EIO);
  EXPECT_EQ(GetOrDash(fs, "/a"), "A");
}

TEST(FaultFileSystem, PowerCycleFreesLocks) {
  FaultFileSystem fs;
  PutDurable(fs, "/lock", "");
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<FileLock> old_lock, fs.Lock("/lock"));
  fs.PowerCycle(1);
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<FileLock> lock, fs.Lock("/lock"));
  old_lock.reset();  // must not free the new one
  EXPECT_ERRNO(fs.Lock("/lock"), EAGAIN);
}

TEST(FaultFileSystem, PowerCycleClearsScheduledFaults) {
  FaultFileSystem fs;
  fs.CutPowerAt(1);
  fs.FailAt(2, ENOSPC, FaultFileSystem::Duration::kPersistent);
  fs.FailMatching(Op::kWrite, "", EIO);
  fs.PowerCycle(1);
  EXPECT_OK(EveryMutatingCall(fs));
}

TEST(FaultFileSystem, TransientFailureHitsOneCall) {
  FaultFileSystem fs;
  fs.FailAt(2, ENOSPC);
  EXPECT_OK(fs.CreateDir("/a"));
  EXPECT_ERRNO(fs.CreateDir("/b"), ENOSPC);
  EXPECT_OK(fs.CreateDir("/b"));
  EXPECT_EQ(Tree(fs), "a/ b/");
}

TEST(FaultFileSystem, PersistentFailureHitsAllMutatingCallsAfterIt) {
  FaultFileSystem fs;
  auto file = PutDurable(fs, "/a", "A");
  fs.FailAt(1, EROFS, FaultFileSystem::Duration::kPersistent);
  EXPECT_ERRNO(fs.CreateDir("/b"), EROFS);
  EXPECT_ERRNO(file->Truncate(0), EROFS);
  EXPECT_ERRNO(fs.RemoveFile("/a"), EROFS);
  EXPECT_EQ(GetOrDash(fs, "/a"), "A");  // reading goes on
  fs.ClearFaults();
  EXPECT_OK(fs.CreateDir("/b"));
}

TEST(FaultFileSystem, FailAnyAtCountsReadsAndLookupsToo) {
  FaultFileSystem fs;
  PutSynced(fs, "/a", "A");
  const uint64_t before = fs.Calls();
  EXPECT_OK(ReadFile(fs, "/a"));
  const uint64_t calls = fs.Calls() - before;
  EXPECT_GE(calls, 2u);  // the file is looked up, and read
  for (uint64_t n = 1; n <= calls; ++n) {
    fs.FailAnyAt(n, EIO);
    EXPECT_ERRNO(ReadFile(fs, "/a"), EIO);
    EXPECT_OK(ReadFile(fs, "/a"));
    fs.FailAnyAt(n, EIO, FaultFileSystem::Duration::kPersistent);
    EXPECT_ERRNO(ReadFile(fs, "/a"), EIO);
    EXPECT_ERRNO(ReadFile(fs, "/a"), EIO);
    EXPECT_ERRNO(fs.CreateDir("/d"), EIO);
    fs.ClearFaults();
    EXPECT_OK(ReadFile(fs, "/a"));
  }
}

TEST(FaultFileSystem, FailAtEveryCallFailsThatCall) {
  for (uint64_t n = 1; n <= 12; ++n) {
    FaultFileSystem fs;
    fs.FailAt(n, EDQUOT);
    EXPECT_ERRNO(EveryMutatingCall(fs), EDQUOT) << n;
    EXPECT_FALSE(fs.PowerIsCut());
  }
}

TEST(FaultFileSystem, FailedWriteHasWrittenItsFirstHalf) {
  FaultFileSystem fs;
  auto file = PutDurable(fs, "/a", "");
  fs.FailAt(1, EIO);
  EXPECT_ERRNO(file->WriteAt(0, "abcdef"), EIO);
  EXPECT_EQ(GetOrDash(fs, "/a"), "abc");
}

TEST(FaultFileSystem, MatchingCallsFail) {
  FaultFileSystem fs;
  auto pack = PutDurable(fs, "/7.pack", "P");
  auto log = PutDurable(fs, "/log", "L");
  fs.FailMatching(Op::kWrite, ".pack", ENOSPC);
  fs.FailMatching(Op::kRename, "log2", EXDEV);
  fs.FailMatching(Op::kRead, "log", EIO, FaultFileSystem::Duration::kTransient);
  EXPECT_ERRNO(pack->WriteAt(0, "x"), ENOSPC);
  EXPECT_ERRNO(pack->WriteAt(0, "x"), ENOSPC);
  EXPECT_OK(log->WriteAt(0, "l"));
  EXPECT_OK(pack->Sync());
  EXPECT_ERRNO(fs.Rename("/log", "/log2"), EXDEV);
  EXPECT_ERRNO(ReadFile(fs, "/log"), EIO);
  EXPECT_EQ(GetOrDash(fs, "/log"), "l");
  fs.FailMatching(Op::kLookup, "log", EACCES);
  EXPECT_ERRNO(fs.Open("/log", OpenMode::kRead), EACCES);
  EXPECT_ERRNO(fs.Stat("/log"), EACCES);
  fs.ClearFaults();
  EXPECT_OK(pack->WriteAt(0, "x"));
}

TEST(FaultFileSystem, ManySmallAppendsAndSyncsAreCheap) {
  FaultFileSystem fs;
  auto file = PutDurable(fs, "/log", "");
  const std::string record(100, 'r');
  for (uint64_t i = 0; i < 200'000; ++i) {
    ASSERT_OK(file->WriteAt(i * record.size(), record));
    if (i % 10 == 0) {
      ASSERT_OK(file->Sync());
    }
  }
  EXPECT_EQ(*file->Size(), 20'000'000u);
}

}  // namespace
}  // namespace oca::io
