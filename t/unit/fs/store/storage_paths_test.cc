#include "fs/store/storage_paths.h"

#include <cerrno>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/io/testing/fault_file_system.h"
#include "lib/io/testing/mount_file_system.h"
#include "t/support/status_matchers.h"

namespace oca::store {
namespace {

class StoragePathsTest : public testing::Test {
 protected:
  StoragePathsTest() {
    for (const char* dir : {"/home", "/two", "/three", "/file.d"}) {
      EXPECT_OK(base_.CreateDir(dir));
    }
    mounts_.Mount("/two", two_);
    mounts_.Mount("/three", three_);
    base_.SetCapacity(100'000'000);
    two_.SetCapacity(300'000'000);
    three_.SetCapacity(100'000'000);
  }
  std::unique_ptr<StoragePaths> Load(uint8_t repository = 7) {
    format::RepositoryUuid uuid{};
    uuid[0] = repository;
    auto paths = std::make_unique<StoragePaths>(
        StoragePaths::Options{.fs = &mounts_,
                              .home = "/home",
                              .repository = uuid,
                              .reserve = [](const io::SpaceInfo&) { return uint64_t{1'000'000}; },
                              .pack_target_bytes = 1'000'000});
    EXPECT_OK(paths->Load());
    return paths;
  }
  void ExpectRefused(StoragePaths& paths, const std::string& dir, int error,
                     const std::string& text) {
    const absl::Status status = paths.Add(dir).status();
    EXPECT_EQ(ErrnoOf(status), error) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), text)) << status;
  }

  io::FaultFileSystem base_, two_, three_;
  io::MountFileSystem mounts_{base_};
};

TEST_F(StoragePathsTest, AddedOnesAreThereAfterARestart) {
  {
    auto paths = Load();
    EXPECT_EQ(paths->count(), 0u);
    EXPECT_TRUE(paths->all_online());
    ASSERT_OK_AND_ASSIGN(size_t two, paths->Add("/two"));
    EXPECT_EQ(two, 0u);
    ASSERT_OK_AND_ASSIGN(size_t three, paths->Add("/three"));
    EXPECT_EQ(three, 1u);
    EXPECT_NE(paths->generation(0), 0u);
  }
  auto paths = Load();
  ASSERT_EQ(paths->count(), 2u);
  EXPECT_EQ(paths->dir(0), "/two");
  EXPECT_EQ(paths->dir(1), "/three");
  EXPECT_TRUE(paths->all_online());
}

TEST_F(StoragePathsTest, FoldersThatAreNotFitAreRefusedWithWhy) {
  auto paths = Load();
  ExpectRefused(*paths, "two", EINVAL, "no absolute path");
  ExpectRefused(*paths, "/nowhere", ENOENT, "/nowhere");
  ASSERT_OK(io::WriteFileAtomically(base_, "/plain", "x"));
  ExpectRefused(*paths, "/plain", ENOTDIR, "/plain");
  ExpectRefused(*paths, "/home", EINVAL, "lie in one another");
  ExpectRefused(*paths, "/", EINVAL, "lie in one another");
  ASSERT_OK(io::WriteFileAtomically(three_, "/somebody's", "x"));
  ExpectRefused(*paths, "/three", EINVAL, "not empty: it holds somebody's");
  ASSERT_OK(two_.CreateDir("/lost+found"));  // of every ext4
  ASSERT_OK(paths->Add("/two").status());
  ExpectRefused(*paths, "/two", EEXIST, "already");
  ASSERT_OK(two_.CreateDir("/inner"));
  ExpectRefused(*paths, "/two/inner", EINVAL, "lie in one another");
  EXPECT_EQ(paths->count(), 1u);
}

TEST_F(StoragePathsTest, AnotherAppliancesPathIsRefused) {
  ASSERT_OK(Load(7)->Add("/two").status());
  ASSERT_OK(base_.RemoveFile("/home/storage-paths"));
  auto other = Load(8);
  ExpectRefused(*other, "/two", EBUSY, "another appliance");
}

TEST_F(StoragePathsTest, AFolderOfAnAddThatWasCutIsTaken) {
  ASSERT_OK(Load()->Add("/two").status());
  ASSERT_OK(base_.RemoveFile("/home/storage-paths"));  // as if it had not been written
  auto paths = Load();
  EXPECT_EQ(paths->count(), 0u);
  ASSERT_OK(paths->Add("/two").status());
}

TEST_F(StoragePathsTest, AMissingPathIsSeenAndItsReturnToo) {
  auto paths = Load();
  ASSERT_OK(paths->Add("/two").status());
  const uint64_t first = paths->generation(0);
  EXPECT_TRUE(paths->Check(0, true, PosixError(ENOENT, "a pack")));
  mounts_.Unmount("/two");
  EXPECT_FALSE(paths->Check(0, false, PosixError(ENOENT, "a pack")));
  EXPECT_EQ(paths->generation(0), 0u);
  EXPECT_FALSE(paths->all_online());
  StoragePaths::Status status = paths->List().at(0);
  EXPECT_EQ(status.state, PathState::kMissing);
  EXPECT_TRUE(absl::StrContains(status.why, "is it mounted")) << status.why;
  mounts_.Mount("/two", two_);
  paths->Probe();
  EXPECT_GT(paths->generation(0), first);
}

TEST_F(StoragePathsTest, ADiskThatCannotBeWrittenIsMissing) {
  auto paths = Load();
  ASSERT_OK(paths->Add("/two").status());
  two_.FailMatching(io::Op::kWrite, "", EIO);
  EXPECT_TRUE(paths->Check(0, /*writes=*/false, PosixError(EIO, "a pack")));
  EXPECT_FALSE(paths->Check(0, /*writes=*/true, PosixError(EIO, "a pack")));
  paths->Probe();
  EXPECT_EQ(paths->generation(0), 0u);
  two_.ClearFaults();
  paths->Probe();
  EXPECT_NE(paths->generation(0), 0u);
}

TEST_F(StoragePathsTest, PacksGoWhereThereIsRoom) {
  auto paths = Load();
  EXPECT_EQ(paths->Choose(0), std::nullopt);
  ASSERT_OK(paths->Add("/two").status());
  ASSERT_OK(paths->Add("/three").status());
  std::map<std::optional<size_t>, int> chosen;
  for (int i = 0; i < 500; ++i) ++chosen[paths->Choose(0)];
  EXPECT_NEAR(chosen[0], 300, 5);
  EXPECT_NEAR(chosen[1], 100, 5);
  EXPECT_NEAR(chosen[std::nullopt], 100, 5);
  two_.SetCapacity(1'500'000);  // less than the reserve and a pack
  chosen.clear();
  for (int i = 0; i < 100; ++i) ++chosen[paths->Choose(0)];
  EXPECT_EQ(chosen[0], 0);
  EXPECT_TRUE(paths->List().at(0).full);
  EXPECT_EQ(paths->Choose(0b10), std::nullopt);
  paths->NoteRefused(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(paths->Choose(0), std::nullopt);
}

TEST_F(StoragePathsTest, ThoseOfTheTierAreForItAlone) {
  auto paths = Load();
  ASSERT_OK(paths->Add("/two", PathUse::kTier).status());
  EXPECT_EQ(paths->Choose(0), std::nullopt);
  EXPECT_EQ(paths->Choose(0, PathUse::kTier), 0u);
  EXPECT_EQ(paths->room().available_bytes, 0u);
  EXPECT_GT(paths->room(PathUse::kTier).available_bytes, 0u);
  EXPECT_OK(paths->CheckAny(PathUse::kTier));
  EXPECT_TRUE(IsPathMissing(paths->CheckAny(PathUse::kCapacity)));
  ExpectRefused(*paths, "/two", EINVAL, "of the performance tier");
  ASSERT_OK(paths->Add("/three").status());
  const absl::Status other = paths->Add("/three", PathUse::kTier).status();
  EXPECT_EQ(ErrnoOf(other), EINVAL) << other;
  EXPECT_EQ(paths->Choose(1, PathUse::kTier), std::nullopt);
  two_.SetCapacity(1'500'000);  // less than the reserve and a pack, which the tier may use
  EXPECT_FALSE(paths->PathsHaveRoom(PathUse::kTier));
  EXPECT_EQ(paths->Choose(0, PathUse::kTier), 0u);
  two_.SetCapacity(500'000);
  EXPECT_EQ(paths->Choose(0, PathUse::kTier), std::nullopt);
  mounts_.Unmount("/two");
  paths->Probe();
  EXPECT_TRUE(paths->all_online());
  EXPECT_FALSE(paths->all_online(PathUse::kTier));
  paths = Load();
  EXPECT_EQ(paths->use(0), PathUse::kTier);
  EXPECT_EQ(paths->use(1), PathUse::kCapacity);
  // The folder knows what it is, whatever becomes of the list.
  ASSERT_OK(base_.RemoveFile("/home/storage-paths"));
  mounts_.Mount("/two", two_);
  paths = Load();
  ExpectRefused(*paths, "/two", EINVAL, "of the performance tier");
  EXPECT_OK(paths->Add("/two", PathUse::kTier).status());
}

TEST_F(StoragePathsTest, OneThatIsDrainedTakesNoPacksUntilItIsAddedAgain) {
  auto paths = Load();
  ASSERT_OK(paths->Add("/two").status());
  ASSERT_OK(paths->Add("/three").status());
  ASSERT_OK(paths->StartDrain(0, 777));
  for (int i = 0; i < 50; ++i) EXPECT_NE(paths->Choose(0), 0u);
  EXPECT_EQ(paths->room().available_bytes, paths->room(PathUse::kCapacity, 0).available_bytes);
  paths = Load();
  EXPECT_TRUE(paths->any_draining());
  EXPECT_TRUE(paths->draining(0));
  EXPECT_FALSE(paths->draining(1));
  EXPECT_EQ(paths->List().at(0).drain_from_bytes, 777u);
  EXPECT_NE(paths->generation(0), 0u);  // what lies there can be read
  ASSERT_OK(paths->Add("/two").status());
  EXPECT_FALSE(paths->any_draining());
  EXPECT_FALSE(Load()->any_draining());
}

TEST_F(StoragePathsTest, OneThatIsRemovedLeavesAnEmptyFolderBehind) {
  auto paths = Load();
  ASSERT_OK(paths->Add("/two").status());
  ASSERT_OK(paths->Add("/three").status());
  ASSERT_OK(io::CreateDirs(two_, "/groups/00000001/packs/ab"));
  ASSERT_OK_AND_ASSIGN(const size_t two, paths->Find("/two"));
  EXPECT_EQ(two, 0u);
  EXPECT_EQ(ErrnoOf(paths->Find("/nowhere").status()), ENOENT);
  ASSERT_OK(paths->Remove(two));
  EXPECT_EQ(ErrnoOf(paths->Find("/two").status()), ENOENT);
  EXPECT_TRUE(paths->removed(0));
  EXPECT_EQ(paths->generation(0), 0u);
  paths->Probe();
  EXPECT_EQ(paths->generation(0), 0u);
  EXPECT_TRUE(paths->all_online());
  ASSERT_EQ(paths->List().size(), 1u);
  EXPECT_EQ(paths->List().at(0).dir, "/three");
  EXPECT_EQ(paths->List().at(0).number, 1u);
  ASSERT_OK_AND_ASSIGN(auto left, two_.List("/"));
  EXPECT_TRUE(left.empty());
  EXPECT_EQ(Load()->count(), 1u);
  ASSERT_OK_AND_ASSIGN(const size_t again, paths->Add("/two"));
  EXPECT_EQ(again, 2u);
  EXPECT_EQ(paths->count(), 3u);
}

TEST_F(StoragePathsTest, WhatIsLeftInARemovedOneStaysAndSaysWhoseItIs) {
  auto paths = Load();
  ASSERT_OK(paths->Add("/two").status());
  ASSERT_OK(io::CreateDirs(two_, "/groups/00000001/packs/ab"));
  ASSERT_OK(io::WriteFileAtomically(two_, "/groups/00000001/packs/ab/set-aside", "x"));
  ASSERT_OK(paths->Remove(0));
  EXPECT_OK(two_.Stat("/groups/00000001/packs/ab/set-aside").status());
  EXPECT_OK(two_.Stat("/oca-storage-path").status());
  EXPECT_OK(Load()->Add("/two").status());
}

TEST_F(StoragePathsTest, ADamagedListIsToldOf) {
  ASSERT_OK(Load()->Add("/two").status());
  ASSERT_OK(io::WriteFileAtomically(base_, "/home/storage-paths", "rubbish"));
  auto paths = Load();
  EXPECT_TRUE(paths->lost());
  EXPECT_FALSE(paths->all_online());
  ASSERT_OK(paths->Add("/two").status());
  EXPECT_TRUE(paths->lost());  // until the next start: there may have been others
  EXPECT_FALSE(Load()->lost());
}

}  // namespace
}  // namespace oca::store
