// The power model of directories: every promise, and every permitted loss.
#include <cerrno>

#include "gmock/gmock.h"
#include "t/support/random.h"
#include "t/unit/lib/io/testing/fault_fixture.h"

namespace oca::io {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST(DirectoryPowerLoss, SyncedFileMayVanishWithoutSyncDir) {
  EXPECT_THAT(TreesAfter([](FaultFileSystem& fs) { PutSynced(fs, "/a", "A"); }),
              UnorderedElementsAre("", "a=A"));
}

TEST(DirectoryPowerLoss, SyncDirKeepsCreation) {
  EXPECT_THAT(TreesAfter([](FaultFileSystem& fs) { PutDurable(fs, "/a", "A"); }),
              ElementsAre("a=A"));
}

TEST(DirectoryPowerLoss, UnsyncedRenameMayBeLostButIsAtomic) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "new");
    PutDurable(fs, "/b", "old");
    EXPECT_OK(fs.Rename("/a", "/b"));
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("a=new b=old", "b=new"));
}

TEST(DirectoryPowerLoss, SyncDirKeepsRename) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "new");
    PutDurable(fs, "/b", "old");
    EXPECT_OK(fs.Rename("/a", "/b"));
    EXPECT_OK(fs.SyncDir("/"));
  };
  EXPECT_THAT(TreesAfter(work), ElementsAre("b=new"));
}

TEST(DirectoryPowerLoss, RenameBetweenDirectoriesNeedsBothSyncs) {
  auto work = [](const char* synced_first, const char* synced_second) {
    return TreesAfter([=](FaultFileSystem& fs) {
      MakeDurableDir(fs, "/d");
      MakeDurableDir(fs, "/e");
      PutDurable(fs, "/d/a", "A");
      EXPECT_OK(fs.Rename("/d/a", "/e/a"));
      EXPECT_OK(fs.SyncDir(synced_first));
      EXPECT_OK(fs.SyncDir(synced_second));
    });
  };
  EXPECT_THAT(work("/d", "/d"), UnorderedElementsAre("d/ d/a=A e/", "d/ e/ e/a=A"));
  EXPECT_THAT(work("/e", "/e"), UnorderedElementsAre("d/ d/a=A e/", "d/ e/ e/a=A"));
  EXPECT_THAT(work("/d", "/e"), ElementsAre("d/ e/ e/a=A"));
  EXPECT_THAT(work("/e", "/d"), ElementsAre("d/ e/ e/a=A"));
}

TEST(DirectoryPowerLoss, UnsyncedRemovalMayBeLost) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "A");
    EXPECT_OK(fs.RemoveFile("/a"));
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("", "a=A"));
}

TEST(DirectoryPowerLoss, RemovedFileComesBackWithItsSyncedContents) {
  auto work = [](FaultFileSystem& fs) {
    auto file = PutDurable(fs, "/a", "A");
    EXPECT_OK(fs.RemoveFile("/a"));
    file.reset();
  };
  EXPECT_TRUE(TreesAfter(work).contains("a=A"));
}

TEST(DirectoryPowerLoss, SyncDirKeepsRemoval) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "A");
    EXPECT_OK(RemoveFileDurably(fs, "/a"));
  };
  EXPECT_THAT(TreesAfter(work), ElementsAre(""));
}

TEST(DirectoryPowerLoss, UnsyncedLinkMayBeLost) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "A");
    EXPECT_OK(fs.Link("/a", "/b"));
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("a=A", "a=A b=A"));
}

TEST(DirectoryPowerLoss, LostDirectoryTakesItsSyncedEntriesWithIt) {
  auto work = [](FaultFileSystem& fs) {
    EXPECT_OK(fs.CreateDir("/d"));
    PutDurable(fs, "/d/a", "A");
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("", "d/ d/a=A"));
}

TEST(DirectoryPowerLoss, SyncDirCoversItsDirectoryAlone) {
  auto work = [](FaultFileSystem& fs) {
    MakeDurableDir(fs, "/d");
    PutSynced(fs, "/d/a", "A");
    PutSynced(fs, "/b", "B");
    EXPECT_OK(fs.SyncDir("/"));
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("b=B d/", "b=B d/ d/a=A"));
}

TEST(DirectoryPowerLoss, IndependentChangesPersistInAnySubset) {
  auto work = [](FaultFileSystem& fs) {
    PutSynced(fs, "/a", "A");
    PutSynced(fs, "/b", "B");
    PutSynced(fs, "/c", "C");
  };
  EXPECT_EQ(TreesAfter(work).size(), 8u);
}

TEST(DirectoryPowerLoss, LaterChangePersistsWithoutAnEarlierOne) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/log", "1");
    EXPECT_OK(fs.RemoveFile("/log"));
    PutSynced(fs, "/log2", "2");
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("log=1", "", "log=1 log2=2", "log2=2"));
}

TEST(DirectoryPowerLoss, OfTwoRenamesOntoOneNameEachMayHappenAlone) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/x", "0");
    PutDurable(fs, "/t1", "1");
    PutDurable(fs, "/t2", "2");
    EXPECT_OK(fs.Rename("/t1", "/x"));
    EXPECT_OK(fs.Rename("/t2", "/x"));
  };
  EXPECT_THAT(TreesAfter(work),
              UnorderedElementsAre("t1=1 t2=2 x=0", "t2=2 x=1", "t1=1 x=2", "x=2"));
}

TEST(DirectoryPowerLoss, CreationAndRenameOfOneFileHappenInOrder) {
  auto work = [](FaultFileSystem& fs) {
    PutSynced(fs, "/t", "T");
    EXPECT_OK(fs.Rename("/t", "/x"));
    EXPECT_OK(fs.Rename("/x", "/y"));
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("", "t=T", "x=T", "y=T"));
}

TEST(DirectoryPowerLoss, CreatingOverALostRemovalDoesNotHappen) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "old");
    EXPECT_OK(fs.RemoveFile("/a"));
    PutSynced(fs, "/a", "new");
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("a=old", "", "a=new"));
}

TEST(DirectoryPowerLoss, CreatingOverALostRenameDoesNotHappen) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "A");
    EXPECT_OK(fs.Rename("/a", "/b"));
    PutSynced(fs, "/a", "new");
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("a=A", "b=A", "a=new b=A"));
}

TEST(DirectoryPowerLoss, ADirectoryIsOnlyReplacedWhenItsRemovalHappened) {
  auto work = [](FaultFileSystem& fs) {
    MakeDurableDir(fs, "/d");
    MakeDurableDir(fs, "/z");
    PutDurable(fs, "/d/a", "A");
    EXPECT_OK(fs.Rename("/d/a", "/a"));
    EXPECT_OK(fs.RemoveDir("/d"));
    EXPECT_OK(fs.Rename("/z", "/d"));
  };
  EXPECT_THAT(TreesAfter(work),
              UnorderedElementsAre("d/ d/a=A z/", "a=A d/ z/", "a=A z/", "a=A d/"));
}

TEST(DirectoryPowerLoss, DurableChangeMakesDurableWhatItRestsOn) {
  auto work = [](FaultFileSystem& fs) {
    MakeDurableDir(fs, "/d");
    MakeDurableDir(fs, "/e");
    PutDurable(fs, "/d/a", "A");
    EXPECT_OK(fs.Rename("/d/a", "/e/a"));  // only half synced below
    EXPECT_OK(fs.Rename("/e/a", "/e/b"));
    EXPECT_OK(fs.SyncDir("/e"));
  };
  EXPECT_THAT(TreesAfter(work), ElementsAre("d/ e/ e/b=A"));
}

TEST(DirectoryPowerLoss, DurableRenameIsNotUndoneByAnEarlierHalfSyncedOne) {
  auto work = [](FaultFileSystem& fs) {
    MakeDurableDir(fs, "/d");
    MakeDurableDir(fs, "/e");
    PutDurable(fs, "/d/1", "1");
    PutDurable(fs, "/e/2", "2");
    EXPECT_OK(fs.Rename("/d/1", "/e/x"));
    EXPECT_OK(fs.Rename("/e/2", "/e/x"));
    EXPECT_OK(fs.SyncDir("/e"));
  };
  EXPECT_THAT(TreesAfter(work), ElementsAre("d/ e/ e/x=2"));
}

TEST(DirectoryPowerLoss, RemovingADirectoryNeverLosesWhatWasMovedOut) {
  for (bool synced : {false, true}) {
    auto work = [=](FaultFileSystem& fs) {
      MakeDurableDir(fs, "/d");
      MakeDurableDir(fs, "/e");
      PutDurable(fs, "/d/a", "A");
      EXPECT_OK(fs.Rename("/d/a", "/e/a"));
      EXPECT_OK(fs.RemoveDir("/d"));
      if (synced) {
        EXPECT_OK(fs.SyncDir("/"));
      }
    };
    if (synced) {
      EXPECT_THAT(TreesAfter(work), ElementsAre("e/ e/a=A"));
    } else {
      EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("d/ d/a=A e/", "d/ e/ e/a=A", "e/ e/a=A"));
    }
  }
}

TEST(DirectoryPowerLoss, SwappedDirectoriesNeverContainEachOther) {
  auto work = [](FaultFileSystem& fs) {
    MakeDurableDir(fs, "/a");
    MakeDurableDir(fs, "/a/b");
    PutDurable(fs, "/a/b/f", "F");
    EXPECT_OK(fs.Rename("/a/b", "/b"));
    EXPECT_OK(fs.Rename("/a", "/b/a"));
  };
  EXPECT_THAT(TreesAfter(work),
              UnorderedElementsAre("a/ a/b/ a/b/f=F", "a/ b/ b/f=F", "b/ b/a/ b/f=F"));
}

TEST(DirectoryPowerLoss, MovingIntoALostDirectoryDoesNotHappen) {
  auto work = [](FaultFileSystem& fs) {
    PutDurable(fs, "/a", "A");
    EXPECT_OK(fs.CreateDir("/d"));
    EXPECT_OK(fs.Rename("/a", "/d/a"));
  };
  EXPECT_THAT(TreesAfter(work), UnorderedElementsAre("a=A", "a=A d/", "d/ d/a=A"));
}

// Random trees: as long as no name is used twice, no durable file is ever lost or doubled, wherever
// the power goes.
TEST(DirectoryPowerLoss, RandomMovesNeitherLoseNorDoubleAFile) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    support::Random random(seed);
    FaultFileSystem fs;
    std::vector<std::string> dirs = {"/"};
    int next_name = 0;
    for (int i = 0; i < 6; ++i) {
      std::string dir = JoinPath(dirs[random.Below(dirs.size())], fmt::format("d{}", i));
      MakeDurableDir(fs, dir);
      dirs.push_back(dir);
      PutDurable(fs, JoinPath(dir, fmt::format("f{}", i)), fmt::format("[{}]", i));
    }
    for (int step = 0; step < 30; ++step) {
      // The present tree, from the root.
      std::vector<std::string> all = {"/"};
      dirs = {"/"};
      for (size_t i = 0; i < dirs.size(); ++i) {
        ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, fs.List(dirs[i]));
        for (const std::string& name : names) {
          all.push_back(JoinPath(dirs[i], name));
          if (fs.Stat(all.back())->is_directory) dirs.push_back(all.back());
        }
      }
      const std::string& one = all[random.Below(all.size())];
      const std::string& dir = dirs[random.Below(dirs.size())];
      std::string fresh = JoinPath(dir, fmt::format("n{}", next_name++));
      switch (random.Below(5)) {
        case 0:
          ASSERT_OK(fs.SyncDir(dir));
          break;
        case 1:
          ASSERT_OK(fs.CreateDir(fresh));
          ASSERT_OK(fs.SyncDir(dir));
          break;
        case 2:
          fs.RemoveDir(one).IgnoreError();  // often refused: not empty, not a directory
          break;
        default:
          fs.Rename(one, fresh).IgnoreError();  // refused: into itself
      }
    }
    fs.PowerCycle(random.Next());
    std::string tree = Tree(fs);
    for (int i = 0; i < 6; ++i) {
      std::string contents = fmt::format("=[{}]", i);
      size_t first = tree.find(contents);
      ASSERT_NE(first, tree.npos) << contents << " in " << tree;
      ASSERT_EQ(tree.find(contents, first + 1), tree.npos) << contents << " in " << tree;
    }
    fs.PowerCycle(random.Next());
    ASSERT_EQ(Tree(fs), tree);  // what survived is durable
  }
}

}  // namespace
}  // namespace oca::io
