// Storage groups in the performance tier: their packs lie in its paths, and what becomes of one
// does not touch the others.
#include <cerrno>
#include <memory>
#include <string>

#include "t/integration/30_engine/disk_image.h"
#include "t/integration/30_engine/storage_paths_fixture.h"

namespace oca::engine {
namespace {

using Duration = io::FaultFileSystem::Duration;

// The path /two is the tier's. What is put goes there, but for what PutHome puts.
class PerformanceTier : public StoragePathsFixture {
 protected:
  void SetUp() override {
    StoragePathsFixture::SetUp();
    home_root_ = root_;
    ASSERT_OK_AND_ASSIGN(StoragePathStatus added, filesystem_->AddStoragePath("/two", true));
    EXPECT_TRUE(added.tier);
    MakeGroup("PerformanceTier", true, &tier_, &tier_root_);
    root_ = tier_root_;
  }
  void PutHome(const std::string& name) {
    root_ = home_root_;
    Put(name);
    root_ = tier_root_;
  }
  // Both in one pack that they do not fill: a full pack is sealed in the background, which makes
  // all of it durable at no known time.
  void PutUnsyncedBehindDurable() {
    Put("durable", true, 60'000);
    Put("unsynced", false, 150'000);
  }
  size_t AtHome() { return PacksOf(base_, "/oca", tier_); }
  size_t InTier() { return PacksOf(two_, "/", tier_); }

  GroupId tier_;
  InodeNo home_root_, tier_root_;
};

TEST_F(PerformanceTier, ItsPacksLieInItsPathAndNoOthersDo) {
  PutHome("slow");
  Put("fast");
  EXPECT_EQ(AtHome(), 0u);
  EXPECT_GT(InTier(), 4u);
  EXPECT_EQ(PacksOf(two_, "/", group_), 0u);
  EXPECT_TRUE(Two().tier);
  EXPECT_GT(Two().pack_bytes, 2 * kMiB);
  ExpectAllWhole();
  Reopen();
  EXPECT_EQ(AtHome(), 0u);
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
  ASSERT_OK_AND_ASSIGN(GroupStats stats, filesystem_->StatsOfGroup(tier_));
  EXPECT_GT(stats.bytes.physical_bytes, 2 * kMiB);
}

TEST_F(PerformanceTier, SizesAreThoseOfItsPath) {
  base_.SetCapacity(1000 * kMiB);
  two_.SetCapacity(100 * kMiB);
  ASSERT_OK_AND_ASSIGN(GroupStats tier, filesystem_->StatsOfGroup(tier_));
  EXPECT_LE(tier.capacity_free_bytes, 100 * kMiB);
  ASSERT_OK_AND_ASSIGN(GroupStats other, filesystem_->StatsOfGroup(group_));
  EXPECT_GT(other.capacity_free_bytes, 900 * kMiB);
  ASSERT_OK_AND_ASSIGN(StatFs space, filesystem_->GetStatFs(tier_root_));
  EXPECT_LE(space.free_bytes, 100 * kMiB);
  ASSERT_OK_AND_ASSIGN(space, filesystem_->GetStatFs(home_root_));
  EXPECT_GT(space.free_bytes, 900 * kMiB);
}

TEST_F(PerformanceTier, MissingItTakesAlongNothingElse) {
  PutHome("slow");
  PutHome("to be deleted");
  Put("fast");
  Lose();
  ExpectWhole("slow");
  ExpectMissing("fast");
  // It takes nothing new, and says why.
  const absl::Status refused = WriteFile(*filesystem_, tier_root_, "refused", "data");
  EXPECT_EQ(ErrnoOf(refused), EIO);
  EXPECT_TRUE(absl::StrContains(refused.message(), "/two")) << refused;
  EXPECT_OK(filesystem_->Unlink(tier_root_, "refused"));
  // All else goes on: writers, names, commits, the cleaner.
  PutHome("while missing");
  Remove("to be deleted");
  const size_t packs = PacksOf(base_, "/oca", group_);
  const CleanerStatus cleaner = Reclaim();
  EXPECT_EQ(cleaner.state, JobState::kDone) << cleaner.error;
  EXPECT_LT(PacksOf(base_, "/oca", group_), packs);
  ASSERT_OK(filesystem_->Sync());
  EXPECT_THAT(filesystem_->GetHealth(std::nullopt).damaged, ::testing::IsEmpty());
  const absl::Status deleted = filesystem_->DeleteGroup(tier_);
  EXPECT_EQ(ErrnoOf(deleted), EBUSY);
  EXPECT_TRUE(absl::StrContains(deleted.message(), "--force")) << deleted;
  BringBack();
  ExpectAllWhole();
  Put("again");
  Reopen();
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(PerformanceTier, MissingAtTheStartAndBackLater) {
  PutHome("slow");
  Put("fast");
  Put("to be deleted");
  ASSERT_OK(filesystem_->Stop());
  mounts_.Unmount("/two");
  Open();
  EXPECT_EQ(Two().state, PathState::kMissing);
  ExpectWhole("slow");
  EXPECT_EQ(ErrnoOf(Read("fast").status()), EIO);
  PutHome("while missing");
  Remove("to be deleted");
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  BringBack();
  ExpectAllWhole();
  const size_t packs = InTier();
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  EXPECT_LT(InTier(), packs);
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(PerformanceTier, MissingAfterACrash) {
  PutHome("slow");
  Put("fast");
  filesystem_.reset();
  mounts_.Unmount("/two");
  Open();
  ExpectWhole("slow");
  EXPECT_EQ(ErrnoOf(Read("fast").status()), EIO);
  PutHome("while missing");
  BringBack();
  Put("later");
  ExpectAllWhole();
  Reopen();
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(PerformanceTier, WhatWasTakenBeforeItWentMissingIsKeptAtHomeAndMovesBack) {
  PutUnsyncedBehindDurable();
  mounts_.Unmount("/two");
  two_.CutPower();
  EXPECT_OK(filesystem_->Sync());
  ExpectWhole("unsynced");
  EXPECT_GT(AtHome(), 0u);
  two_.PowerCycle(1);
  BringBack();
  WaitWhile([&] { return AtHome() > 0; });
  EXPECT_EQ(AtHome(), 0u);
  ExpectAllWhole();
  Reopen();
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(PerformanceTier, ACrashBeforeThatHasMovedBackLosesNothing) {
  PutUnsyncedBehindDurable();
  mounts_.Unmount("/two");
  two_.CutPower();
  EXPECT_OK(filesystem_->Sync());
  filesystem_.reset();
  Open();  // without the path
  ExpectWhole("unsynced");
  two_.PowerCycle(2);
  BringBack();
  WaitWhile([&] { return AtHome() > 0; });
  EXPECT_EQ(AtHome(), 0u);
  ExpectAllWhole();
}

TEST_F(PerformanceTier, FullItRefusesWritesUntilSomethingIsDeleted) {
  two_.SetCapacity(12 * kMiB);
  absl::Status status;
  for (int i = 0; i < 40 && status.ok(); ++i) {
    const std::string name = "file " + std::to_string(i);
    const std::string data = support::RandomBytes(kMiB, 99 + i);
    status = WriteFile(*filesystem_, tier_root_, name, data);
    if (status.ok()) files_[name] = data;
  }
  EXPECT_EQ(ErrnoOf(status), ENOSPC) << status;
  EXPECT_GT(files_.size(), 5u);
  EXPECT_LT(files_.size(), 12u);
  PutHome("slow");
  ExpectAllWhole();
  for (int i = 0; i < 3; ++i) Remove("file " + std::to_string(i));
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  Put("again", true, kMiB);
  WaitWhile([&] { return AtHome() > 0; });
  EXPECT_EQ(AtHome(), 0u);
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(PerformanceTier, ADiskThatFailsToWriteIsTakenForMissingUntilItWorks) {
  PutHome("slow");
  Put("fast");
  two_.FailMatching(io::Op::kWrite, "", EIO, Duration::kPersistent);
  (void)WriteFile(*filesystem_, tier_root_, "on failing disk", "data");
  ASSERT_OK(filesystem_->Sync());
  PutHome("meanwhile");
  ExpectWhole("slow");
  two_.ClearFaults();
  ASSERT_OK(filesystem_->RescanStoragePaths());
  EXPECT_EQ(Two().state, PathState::kOnline);
  WaitWhile([&] { return AtHome() > 0; });
  EXPECT_EQ(AtHome(), 0u);
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(PerformanceTier, ASecondPathTakesItsShare) {
  mounts_.Mount("/three", three_);
  ASSERT_OK(filesystem_->AddStoragePath("/three", true).status());
  Put("fast", true, 8 * kMiB);
  EXPECT_GT(InTier(), 4u);
  EXPECT_GT(PacksOf(three_, "/", tier_), 4u);
  EXPECT_EQ(AtHome(), 0u);
  ExpectAllWhole();
}

TEST_F(PerformanceTier, EncryptionAndQuotaAreItsOwn) {
  ASSERT_OK(filesystem_->SetGroupPassphrase(tier_, "a passphrase of the tier"));
  ASSERT_OK(filesystem_->EncryptGroup(tier_, EncryptionMode::kStatic, 0));
  StorageGroup group;
  for (const StorageGroup& each : filesystem_->ListGroups()) {
    if (each.id == tier_) group = each;
  }
  group.quota_bytes = 3 * kMiB;
  ASSERT_OK(filesystem_->UpdateGroup(group));
  Put("fast");
  PutHome("slow");
  (void)WriteFile(*filesystem_, tier_root_, "more", support::RandomBytes(2 * kMiB, 5));
  EXPECT_EQ(ErrnoOf(WriteFile(*filesystem_, tier_root_, "beyond", "data")), EDQUOT);
  PutHome("slow too");
  ExpectAllWhole();
  ASSERT_OK_AND_ASSIGN(EncryptionStatus encryption, filesystem_->EncryptionOf(tier_));
  EXPECT_GT(encryption.encrypted_bytes, 2 * kMiB);
  EXPECT_TRUE(filesystem_->ListGroups().back().performance_tier);
  ASSERT_OK_AND_ASSIGN(encryption, filesystem_->EncryptionOf(group_));
  EXPECT_EQ(encryption.encrypted_bytes, 0u);
}

TEST_F(PerformanceTier, WithoutAPathItTakesNothing) {
  ASSERT_OK(filesystem_->DeleteContainer(filesystem_->ListContainers().back().id, true));
  WaitWhile([&] { return filesystem_->ListContainers().size() > 1; });
  WaitWhile([&] { return !filesystem_->DeleteGroup(tier_).ok(); });
  ASSERT_OK_AND_ASSIGN(StoragePathStatus gone, filesystem_->DrainStoragePath("/two"));
  EXPECT_TRUE(gone.removed);
  MakeGroup("another", true, &tier_, &tier_root_);
  const absl::Status refused = WriteFile(*filesystem_, tier_root_, "refused", "data");
  EXPECT_EQ(ErrnoOf(refused), EIO) << refused;
  root_ = tier_root_;
  mounts_.Mount("/three", three_);
  ASSERT_OK(filesystem_->AddStoragePath("/three", true).status());
  Put("fast");
  EXPECT_EQ(AtHome(), 0u);
  ExpectAllWhole();
}

}  // namespace
}  // namespace oca::engine
