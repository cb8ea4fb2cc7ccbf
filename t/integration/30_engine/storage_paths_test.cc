// Packs in more than one path: a path that fills up, goes missing or comes back takes along what
// lies there alone, for as long as it is away.
#include <cerrno>
#include <memory>
#include <string>

#include "t/integration/30_engine/disk_image.h"
#include "t/integration/30_engine/storage_paths_fixture.h"

namespace oca::engine {
namespace {

using support::RandomBytes;
using Duration = io::FaultFileSystem::Duration;
using StoragePathsTest = StoragePathsFixture;

TEST_F(StoragePathsTest, PacksAreSpreadAndFoundAfterARestart) {
  Put("before");
  Add();
  Put("after", true, 8 * kMiB);
  StoragePathStatus two = Two();
  EXPECT_GT(two.packs, 8u);
  EXPECT_GT(two.pack_bytes, 2 * kMiB);
  EXPECT_GT(filesystem_->ListStoragePaths().at(0).pack_bytes, 4 * kMiB);
  ExpectAllWhole();
  Reopen();
  EXPECT_EQ(Two().state, PathState::kOnline);
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(StoragePathsTest, AMissingPathTakesAlongWhatLiesThereAlone) {
  Put("before");
  Add();
  Put("after");
  ASSERT_GT(Two().packs, 0u);
  Lose();
  ExpectWhole("before");
  ExpectMissing("after");
  Put("while missing");
  ExpectWhole("while missing");
  // Nothing counts on what lies there: the same data is stored again, and serves the first file
  // too.
  PutData("again", files_["after"], true);
  files_["again"] = files_["after"];
  ExpectWhole("again");
  ExpectWhole("after");
  BringBack();
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(StoragePathsTest, WhatWasNotDurableOnALostPathIsStoredElsewhere) {
  Add();
  FillHome();
  Put("unsynced", false, 150'000);
  ASSERT_GT(Two().packs, 0u);
  GiveRoom();
  mounts_.Unmount("/two");
  two_.CutPower();  // and nothing that was open there works on
  EXPECT_OK(filesystem_->Sync());
  ExpectWhole("unsynced");
  Put("later");
  ExpectAllWhole();
  filesystem_.reset();  // a crash
  Open();
  ExpectAllWhole();
}

TEST_F(StoragePathsTest, ReadersDoNotNoticeThatUnsyncedDataMoves) {
  Add();
  FillHome();
  Put("unsynced", false, 150'000);
  ASSERT_GT(Two().packs, 0u);
  GiveRoom();
  mounts_.Unmount("/two");
  two_.CutPower();
  ExpectWhole("unsynced");
}

TEST_F(StoragePathsTest, MissingAtTheStartAndBackLater) {
  Put("before");
  Add();
  Put("after");
  Put("to be deleted");
  ASSERT_OK(filesystem_->Stop());
  mounts_.Unmount("/two");
  Open();
  EXPECT_EQ(Two().state, PathState::kMissing);
  ExpectWhole("before");
  ExpectMissing("after");
  Remove("to be deleted");
  Put("while missing");
  const CleanerStatus cleaner = Reclaim();
  EXPECT_EQ(cleaner.state, JobState::kDone) << cleaner.error;
  const std::vector<std::string> faults = Scan();
  EXPECT_THAT(faults, ::testing::Contains(::testing::HasSubstr("after")));
  EXPECT_THAT(faults, ::testing::Contains(::testing::HasSubstr("storage path that is missing")));
  EXPECT_THAT(filesystem_->GetHealth(std::nullopt).damaged, ::testing::IsEmpty());
  BringBack();
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
  const uint64_t packs = Two().packs;
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  EXPECT_LT(Two().packs, packs);  // what was deleted meanwhile
  ExpectAllWhole();
}

// No snapshot of the index knows of the packs, and the next ones must not get their numbers.
TEST_F(StoragePathsTest, MissingAfterACrash) {
  Put("before");
  Add();
  Put("after");
  const uint64_t packs = Two().packs;
  filesystem_.reset();
  mounts_.Unmount("/two");
  Open();
  ExpectWhole("before");
  EXPECT_EQ(ErrnoOf(Read("after").status()), EIO);
  Put("while missing", true, 4 * kMiB);
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  BringBack();
  EXPECT_GE(Two().packs, packs);
  ExpectAllWhole();
  Reopen();
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(StoragePathsTest, ALostIndexIsMadeAnewWhileAPathIsMissing) {
  Add();
  Put("after");
  ASSERT_OK(filesystem_->Stop());
  mounts_.Unmount("/two");
  ASSERT_OK(base_.RemoveFile("/oca/groups/00000001/index.snapshot"));
  Open();
  EXPECT_EQ(ErrnoOf(Read("after").status()), EIO);
  Put("while missing");
  BringBack();
  ExpectAllWhole();
}

TEST_F(StoragePathsTest, WhenAllAreFullThereIsNoSpaceUntilSomethingIsDeleted) {
  base_.SetCapacity(24 * kMiB);
  two_.SetCapacity(8 * kMiB);
  Add();
  absl::Status status;
  for (int i = 0; i < 40 && status.ok(); ++i) {
    const std::string name = "file " + std::to_string(i);
    const std::string data = RandomBytes(kMiB, 77 + i);
    status = WriteFile(*filesystem_, root_, name, data);
    if (status.ok()) files_[name] = data;
  }
  EXPECT_EQ(ErrnoOf(status), ENOSPC) << status;
  EXPECT_GT(files_.size(), 20u);
  ExpectAllWhole();
  for (int i = 0; i < 10; ++i) Remove("file " + std::to_string(i));
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  Put("again");
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

// Another one fills the disk while packs are open on it.
TEST_F(StoragePathsTest, APathThatFillsUpUnderOpenPacks) {
  Add();
  Put("first", false, 3 * kMiB);
  two_.SetCapacity(1);
  Put("second", true, 3 * kMiB);
  EXPECT_EQ(Two().state, PathState::kFull);
  ExpectAllWhole();
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  Put("third");
  ExpectAllWhole();
  Reopen();
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(StoragePathsTest, APathThatFailsToWriteIsTakenForMissingUntilItWorks) {
  Put("before");
  Add();
  Put("after");
  two_.FailMatching(io::Op::kWrite, "", EIO, Duration::kPersistent);
  Put("on failing disk", true, 4 * kMiB);
  EXPECT_EQ(Two().state, PathState::kMissing);
  EXPECT_FALSE(Two().why.empty());
  ExpectWhole("before");
  ExpectWhole("on failing disk");
  two_.ClearFaults();
  ASSERT_OK(filesystem_->RescanStoragePaths());
  EXPECT_EQ(Two().state, PathState::kOnline);
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(StoragePathsTest, ADiskThatFailsToReadIsNotDamage) {
  Add();
  Put("after");
  Reopen();  // nothing is cached
  two_.FailMatching(io::Op::kRead, "", EIO, Duration::kPersistent);
  two_.FailMatching(io::Op::kWrite, "", EIO, Duration::kPersistent);
  (void)Scan();
  EXPECT_THAT(filesystem_->GetHealth(std::nullopt).damaged, ::testing::IsEmpty());
  EXPECT_EQ(Two().state, PathState::kMissing);
  two_.ClearFaults();
  ASSERT_OK(filesystem_->RescanStoragePaths());
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(StoragePathsTest, AnotherFolderInItsPlaceIsNotTakenForIt) {
  Add();
  Put("after");
  io::FaultFileSystem other;
  mounts_.Mount("/two", other);  // empty
  ASSERT_OK(filesystem_->RescanStoragePaths());
  EXPECT_EQ(Two().state, PathState::kMissing);
  ASSERT_OK_AND_ASSIGN(std::string identity, io::ReadFile(two_, "/oca-storage-path"));
  identity[20] ^= 1;
  ASSERT_OK(io::WriteFileAtomically(other, "/oca-storage-path", identity));
  ASSERT_OK(filesystem_->RescanStoragePaths());
  EXPECT_EQ(Two().state, PathState::kMissing);
  EXPECT_TRUE(absl::StrContains(Two().why, "checksum")) << Two().why;
  // Mounted elsewhere it is taken in there.
  mounts_.Mount("/three", two_);
  ASSERT_OK_AND_ASSIGN(StoragePathStatus moved, filesystem_->AddStoragePath("/three"));
  EXPECT_EQ(moved.dir, "/three");
  EXPECT_EQ(filesystem_->ListStoragePaths().size(), 2u);
  ExpectAllWhole();
  Reopen();
  ExpectAllWhole();
}

TEST_F(StoragePathsTest, ADamagedListIsMadeGoodByAddingThePathsAgain) {
  Put("before");
  Add();
  Put("after");
  ASSERT_OK(filesystem_->Stop());
  ASSERT_OK_AND_ASSIGN(std::string list, io::ReadFile(base_, "/oca/storage-paths"));
  list[12] ^= 1;
  ASSERT_OK(io::WriteFileAtomically(base_, "/oca/storage-paths", list));
  Open();
  ExpectWhole("before");
  EXPECT_EQ(ErrnoOf(Read("after").status()), EIO);
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  Put("while unknown");
  Add();
  ExpectAllWhole();
  Reopen();
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(StoragePathsTest, AGroupIsNotDeletedWhileItsDataMayLieOnAMissingPath) {
  Add();
  StorageGroup group;
  group.name = "h";
  ASSERT_OK_AND_ASSIGN(group, filesystem_->AddGroup(group));
  Lose();
  EXPECT_EQ(ErrnoOf(filesystem_->DeleteGroup(group.id)), EBUSY);
  BringBack();
  EXPECT_OK(filesystem_->DeleteGroup(group.id));
}

}  // namespace
}  // namespace oca::engine
