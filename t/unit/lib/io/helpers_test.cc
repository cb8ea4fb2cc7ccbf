// The helpers under failures and power cuts; what they do on a good day is in the conformance
// suite.
#include <cerrno>

#include "gmock/gmock.h"
#include "t/unit/lib/io/testing/fault_fixture.h"

namespace oca::io {
namespace {

using testing::ElementsAre;

TEST(DirName, CutsTheLastName) {
  EXPECT_EQ(DirName("/a/b"), "/a");
  EXPECT_EQ(DirName("/a"), "/");
  EXPECT_EQ(DirName("/"), "/");
  EXPECT_EQ(DirName("/a/b/"), "/a");
  EXPECT_EQ(DirName("/a//b"), "/a");
  EXPECT_EQ(DirName("//a"), "/");
  EXPECT_EQ(DirName("a"), ".");
  EXPECT_EQ(DirName("a/b"), "a");
}

TEST(JoinPath, PutsOneSlash) {
  EXPECT_EQ(JoinPath("/a", "b"), "/a/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(JoinPath("/a/", "b"), "/a/b");
}

TEST(WriteFileAtomically, IsOldOrNewWhereverThePowerGoes) {
  const std::string old(3'000, 'o'), fresh(5'000, 'n');
  bool saw_old = false, saw_new = false;
  for (uint64_t n = 1;; ++n) {
    bool cut = false;
    for (uint64_t seed = 1; seed <= 50; ++seed) {
      FaultFileSystem fs;
      PutDurable(fs, "/f", old);
      fs.CutPowerAt(n);
      absl::Status status = WriteFileAtomically(fs, "/f", fresh);
      cut = fs.PowerIsCut();
      ASSERT_EQ(status.ok(), !cut);
      fs.PowerCycle(seed);
      std::string contents = GetOrDash(fs, "/f");
      ASSERT_TRUE(contents == fresh || (cut && contents == old)) << n << " " << seed;
      (contents == old ? saw_old : saw_new) = true;
    }
    if (!cut) break;
    ASSERT_LT(n, 10u);
  }
  EXPECT_TRUE(saw_old);
  EXPECT_TRUE(saw_new);
}

TEST(WriteFileAtomically, KeepsTheOldFileWhicheverCallFails) {
  for (uint64_t n = 1;; ++n) {
    FaultFileSystem fs;
    PutDurable(fs, "/f", "old");
    uint64_t before = fs.MutatingCalls();
    fs.FailAt(n, ENOSPC);
    absl::Status status = WriteFileAtomically(fs, "/f", "new");
    if (status.ok()) {
      EXPECT_EQ(fs.MutatingCalls() - before, 5u);  // create, write, sync, rename, sync directory
      EXPECT_EQ(n, 6u);
      break;
    }
    EXPECT_ERRNO(status, ENOSPC);
    EXPECT_EQ(Tree(fs), n == 5 ? "f=new" : "f=old") << n;
  }
}

TEST(CreateDirs, IsDurableWhereverThePowerWentBefore) {
  for (uint64_t n = 1; n <= 8; ++n) {
    for (uint64_t seed = 1; seed <= 30; ++seed) {
      FaultFileSystem fs;
      MakeDurableDir(fs, "/base");
      fs.CutPowerAt(n);
      absl::Status first = CreateDirs(fs, "/base/a/b/c");
      ASSERT_EQ(first.ok(), !fs.PowerIsCut());
      fs.PowerCycle(seed);
      ASSERT_OK(CreateDirs(fs, "/base/a/b/c"));
      fs.PowerCycle(seed + 1);
      ASSERT_EQ(Tree(fs), "base/ base/a/ base/a/b/ base/a/b/c/");
    }
  }
}

// The process died, not the machine: what it left unsynced is there to see, but not on the disk.
TEST(CreateDirs, SyncsADirectoryThatADeadProcessLeft) {
  auto work = [](FaultFileSystem& fs) {
    EXPECT_OK(fs.CreateDir("/a"));
    EXPECT_OK(CreateDirs(fs, "/a/b"));
  };
  EXPECT_THAT(TreesAfter(work), ElementsAre("a/ a/b/"));
  auto all_there = [](FaultFileSystem& fs) {
    EXPECT_OK(fs.CreateDir("/a"));
    EXPECT_OK(CreateDirs(fs, "/a"));
  };
  EXPECT_THAT(TreesAfter(all_there), ElementsAre("a/"));
}

TEST(RemoveFileDurably, IsDurable) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "A");
    EXPECT_OK(RemoveFileDurably(fs, "/a"));
  };
  EXPECT_THAT(TreesAfter(work), ElementsAre(""));
}

TEST(RemoveFileDurably, FailsWhenTheDirectoryCannotBeSynced) {
  FaultFileSystem fs;
  PutDurable(fs, "/a", "A");
  fs.FailMatching(Op::kSyncDir, "/", EIO);
  EXPECT_ERRNO(RemoveFileDurably(fs, "/a"), EIO);
}

TEST(ReadFile, FailsWhenTheDiskDoes) {
  FaultFileSystem fs;
  PutDurable(fs, "/a", "A");
  fs.FailMatching(Op::kRead, "/a", EIO);
  EXPECT_ERRNO(ReadFile(fs, "/a"), EIO);
}

}  // namespace
}  // namespace oca::io
