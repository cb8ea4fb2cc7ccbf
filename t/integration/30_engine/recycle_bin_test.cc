// Recycle bins on the whole engine: contents survive the cleaner and open files, and expire.
#include <fcntl.h>
#include <sys/stat.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/integration/30_engine/checks.h"
#include "t/integration/30_engine/recycle_script.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/fake_clock.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

using support::RandomBytes;

void Reclaim(Filesystem& filesystem) {
  ASSERT_OK(filesystem.StartReclaim());
  WaitWhile([&] { return filesystem.GetCleanerStatus().state == JobState::kRunning; });
  ASSERT_EQ(filesystem.GetCleanerStatus().state, JobState::kDone)
      << filesystem.GetCleanerStatus().error;
}

TEST(EngineRecycleBin, CleanerKeepsWhatTheBinHoldsAndTakesItAfterThePurge) {
  io::FaultFileSystem disk;
  support::FakeClock clock;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk, clock));
  RecycleScript script(*filesystem, clock);
  ASSERT_OK(script.MakeContainer());
  const std::string data = RandomBytes(300'000, 1);
  ASSERT_OK(script.Put("f", data));
  ASSERT_OK(script.Remove("f"));
  ASSERT_NO_FATAL_FAILURE(Reclaim(*filesystem));
  ASSERT_OK_AND_ASSIGN(ContainerStats stats, filesystem->StatsOfContainer(script.container()));
  EXPECT_EQ(stats.recycled_files, 1u);
  EXPECT_EQ(stats.recycled_bytes, data.size());
  EXPECT_EQ(stats.bytes.current_bytes, data.size());
  EXPECT_GE(stats.bytes.physical_bytes, data.size());
  ASSERT_OK(filesystem->Stop());
  filesystem.reset();
  ASSERT_OK_AND_ASSIGN(filesystem, OpenForTest(disk, clock));
  ASSERT_OK_AND_ASSIGN(const auto bin, filesystem->ListRecycled(script.container(), {}, 10));
  ASSERT_EQ(bin.size(), 1u);
  EXPECT_EQ(*ReadAll(*filesystem, bin[0].place.ino), data);
  ASSERT_OK_AND_ASSIGN(const PurgeOutcome purged,
                       filesystem->PurgeRecycled(script.container(), std::nullopt, INT64_MAX));
  EXPECT_EQ(purged.inodes, 1u);
  EXPECT_EQ(purged.bytes, data.size());
  ASSERT_NO_FATAL_FAILURE(Reclaim(*filesystem));
  ASSERT_OK_AND_ASSIGN(stats, filesystem->StatsOfContainer(script.container()));
  EXPECT_EQ(stats.recycled_files, 0u);
  EXPECT_LT(stats.bytes.physical_bytes, data.size() / 10);
  ExpectSound(*filesystem);
  ASSERT_OK(filesystem->Stop());
}

TEST(EngineRecycleBin, OpenFileThatIsDeletedIsWrittenInTheBinAndOutlivesItsPurge) {
  io::FaultFileSystem disk;
  support::FakeClock clock;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk, clock));
  RecycleScript script(*filesystem, clock);
  ASSERT_OK(script.MakeContainer());
  ASSERT_OK(script.Put("f", "before"));
  ASSERT_OK_AND_ASSIGN(const Inode inode, filesystem->Lookup(script.root(), "f"));
  ASSERT_OK_AND_ASSIGN(Handle * handle, filesystem->Open(inode.ino, O_RDWR));
  ASSERT_OK(script.Remove("f"));
  ASSERT_OK(filesystem->Write(handle, 0, "after, and longer", false));
  ASSERT_OK(filesystem->Fsync(inode.ino));
  EXPECT_EQ(filesystem->GetRecycleBin(script.container())->bytes, 17u);
  ASSERT_OK(filesystem->PurgeRecycled(script.container(), inode.ino, 0));
  EXPECT_EQ(filesystem->GetRecycleBin(script.container())->inodes, 0u);
  EXPECT_EQ(filesystem->Read(handle, 0, 100)->Joined(), "after, and longer");
  filesystem->Release(handle);
  EXPECT_ERRNO(filesystem->GetAttr(inode.ino), ENOENT);
  ExpectSound(*filesystem);
  ASSERT_OK(filesystem->Stop());
}

TEST(EngineRecycleBin, RestoringATimeTakesTheNewestOfEachPathAndWholeTrees) {
  io::FaultFileSystem disk;
  support::FakeClock clock;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk, clock));
  std::vector<std::string> told;
  filesystem->SetNamesListener([&](InodeNo, const std::string& name) { told.push_back(name); });
  RecycleScript script(*filesystem, clock);
  ASSERT_OK(script.MakeContainer());
  ASSERT_OK_AND_ASSIGN(const Inode dir,
                       filesystem->Create(script.root(), "d", {.mode = S_IFDIR | 0700}));
  ASSERT_OK(filesystem->Create(dir.ino, "inside", {.mode = S_IFREG | 0600}));
  for (const char* data : {"one", "two", "three"}) {
    ASSERT_OK(script.Put("f", data));
    ASSERT_OK(script.Remove("f"));
  }
  ASSERT_OK(script.Put("taken", "old"));
  ASSERT_OK(script.Remove("taken"));
  ASSERT_OK(script.Put("taken", "new"));
  ASSERT_OK(filesystem->Unlink(dir.ino, "inside"));
  ASSERT_OK(filesystem->Rmdir(script.root(), "d"));
  ASSERT_OK_AND_ASSIGN(const RestoreOutcome none,
                       filesystem->RestoreRecycled(script.container(), {.until_ns = 1}));
  EXPECT_EQ(none.restored + none.skipped, 0u);
  ASSERT_OK_AND_ASSIGN(const RestoreOutcome all,
                       filesystem->RestoreRecycled(script.container(), {}));
  EXPECT_EQ(all.restored, 3u);  // d, d/inside, f
  EXPECT_EQ(all.skipped, 3u);   // two older versions of f, and the old one of what is taken
  EXPECT_THAT(told, testing::ElementsAre("d", "inside", "f"));
  ASSERT_OK_AND_ASSIGN(const Inode again, filesystem->Lookup(script.root(), "d"));
  EXPECT_EQ(again.ino, dir.ino);
  EXPECT_OK(filesystem->Lookup(dir.ino, "inside"));
  EXPECT_EQ(*ReadAll(*filesystem, filesystem->Lookup(script.root(), "f")->ino), "three");
  EXPECT_EQ(*ReadAll(*filesystem, filesystem->Lookup(script.root(), "taken")->ino), "new");
  EXPECT_ERRNO(
      filesystem->RestoreRecycled(script.container(), {.version = InodeNo(99999), .to = ""})
          .status(),
      ENOENT);
  ExpectSound(*filesystem);
  ASSERT_OK(filesystem->Stop());
}

TEST(EngineRecycleBin, ExpiresByItself) {
  io::FaultFileSystem disk;
  support::FakeClock clock;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk, clock));
  RecycleScript script(*filesystem, clock);
  ASSERT_OK(script.MakeContainer());
  ASSERT_OK(script.Put("f", "data"));
  ASSERT_OK(script.Remove("f"));
  const auto held = [&] { return filesystem->GetRecycleBin(script.container())->inodes; };
  EXPECT_EQ(held(), 1u);
  clock.Advance(absl::Hours(24 * 7) + absl::Seconds(1));
  WaitWhile([&] { return held() != 0; });
  EXPECT_EQ(held(), 0u);
  EXPECT_EQ(filesystem->StatsOfContainer(script.container())->files, 0u);
  ASSERT_OK(filesystem->Stop());
}

}  // namespace
}  // namespace oca::engine
