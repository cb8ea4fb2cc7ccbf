// A storage path that is drained: what lies there is moved elsewhere, over restarts and failures,
// and only then is it removed. And one that is given up for lost.
#include <cerrno>
#include <memory>
#include <string>

#include "t/integration/30_engine/disk_image.h"
#include "t/integration/30_engine/storage_paths_fixture.h"

namespace oca::engine {
namespace {

class Drain : public StoragePathsFixture {
 protected:
  // A file that lies in /two alone.
  void PutInTwo(const std::string& name) {
    FillHome();
    Put(name, true, 150'000);
    GiveRoom();
  }
  absl::StatusOr<StoragePathStatus> StartDrain() { return filesystem_->DrainStoragePath("/two"); }
  void AwaitRemoval() {
    WaitWhile([&] { return Paths() > 0; });
    EXPECT_EQ(Paths(), 0u) << Two().why;
  }
};

TEST_F(Drain, AllIsMovedAndThePathIsRemoved) {
  Put("before");
  Add();
  Put("after", true, 8 * kMiB);
  ASSERT_GT(PacksOf(two_, "/", group_), 8u);
  ASSERT_OK_AND_ASSIGN(StoragePathStatus status, StartDrain());
  EXPECT_FALSE(status.removed);
  EXPECT_EQ(status.state, PathState::kDraining);
  EXPECT_GT(status.packs, 8u);
  Put("meanwhile");
  ExpectAllWhole();
  AwaitRemoval();
  ExpectAllWhole();
  EXPECT_EQ(PacksOf(two_, "/", group_), 0u);
  WaitWhile([&] { return two_.Stat("/oca-storage-path").ok(); });  // that goes last
  EXPECT_EQ(ErrnoOf(two_.Stat("/oca-storage-path").status()), ENOENT);
  mounts_.Unmount("/two");
  Reopen();
  EXPECT_EQ(Paths(), 0u);
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  ExpectAllWhole();
  mounts_.Mount("/two", two_);
  Add();
  Put("once more", true, 8 * kMiB);
  EXPECT_GT(Two().packs, 8u);
  ExpectAllWhole();
}

TEST_F(Drain, AnEmptyPathIsRemovedAtOnce) {
  Add();
  ASSERT_OK_AND_ASSIGN(StoragePathStatus status, StartDrain());
  EXPECT_TRUE(status.removed);
  EXPECT_EQ(Paths(), 0u);
  EXPECT_EQ(ErrnoOf(StartDrain().status()), ENOENT);
}

TEST_F(Drain, WhileItLastsNewPacksGoElsewhereAndARestartDoesNotEndIt) {
  Add();
  Put("after", true, 4 * kMiB);
  moves_ = false;
  Reopen();
  ASSERT_OK(StartDrain().status());
  const uint64_t packs = Two().packs;
  ASSERT_GT(packs, 0u);
  Put("meanwhile", true, 8 * kMiB);
  EXPECT_EQ(Two().packs, packs);
  filesystem_.reset();  // a crash
  Open();
  EXPECT_TRUE(Two().draining);
  EXPECT_EQ(Two().state, PathState::kDraining);
  ExpectAllWhole();
  moves_ = true;
  Reopen();
  AwaitRemoval();
  ExpectAllWhole();
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
}

TEST_F(Drain, AddCallsItOff) {
  Add();
  Put("after", true, 4 * kMiB);
  moves_ = false;
  Reopen();
  ASSERT_OK(StartDrain().status());
  Add();
  EXPECT_FALSE(Two().draining);
  const uint64_t packs = Two().packs;
  Put("later", true, 4 * kMiB);
  EXPECT_GT(Two().packs, packs);
  moves_ = true;
  Reopen();
  EXPECT_EQ(Two().state, PathState::kOnline);
  ExpectAllWhole();
}

TEST_F(Drain, WithoutRoomElsewhereItIsRefused) {
  Add();
  Put("after", true, 8 * kMiB);
  FillHome();
  const absl::Status refused = StartDrain().status();
  EXPECT_EQ(ErrnoOf(refused), ENOSPC) << refused;
  EXPECT_EQ(Two().state, PathState::kOnline);
  GiveRoom();
  ExpectAllWhole();
}

TEST_F(Drain, RoomThatRunsOutMeanwhileStopsItUntilThereIsSome) {
  Add();
  Put("after", true, 8 * kMiB);
  moves_ = false;
  Reopen();
  ASSERT_OK(StartDrain().status());
  FillHome();
  moves_ = true;
  Reopen();
  (void)filesystem_->StartReclaim();
  WaitWhile([&] { return filesystem_->GetCleanerStatus().state == JobState::kRunning; });
  EXPECT_EQ(Two().state, PathState::kDraining);
  ExpectAllWhole();
  GiveRoom();
  ASSERT_OK(StartDrain().status());  // asked again it does not wait
  AwaitRemoval();
  ExpectAllWhole();
}

TEST_F(Drain, APathThatGoesMissingMeanwhileGoesOnWhenItIsBack) {
  Add();
  Put("after", true, 4 * kMiB);
  moves_ = false;
  Reopen();
  ASSERT_OK(StartDrain().status());
  Lose();
  EXPECT_TRUE(Two().draining);
  EXPECT_EQ(ErrnoOf(StartDrain().status()), EBUSY);
  moves_ = true;
  Reopen();
  EXPECT_EQ(Paths(), 1u);
  BringBackDraining();
  AwaitRemoval();
  ExpectAllWhole();
}

TEST_F(Drain, ADamagedPackStaysUntilNothingNeedsIt) {
  moves_ = false;
  Reopen();
  Add();
  PutInTwo("damaged");
  ASSERT_OK(filesystem_->Stop());
  Disk disk;
  ReadDisk(two_, "/groups", &disk);
  for (auto& [path, bytes] : disk) {
    if (!absl::EndsWith(path, ".pack")) continue;
    bytes[bytes.size() / 3] ^= 1;
    ASSERT_OK(io::WriteFileAtomically(two_, path, bytes));
  }
  Open();
  ASSERT_OK(StartDrain().status());
  (void)Reclaim();
  (void)Reclaim();
  EXPECT_EQ(Two().state, PathState::kDraining);
  EXPECT_GT(Two().packs, 0u);
  EXPECT_EQ(ErrnoOf(Read("damaged").status()), EIO);
  PutData("the same again", files_["damaged"], true);
  files_["the same again"] = files_["damaged"];
  (void)Reclaim();
  (void)Reclaim();
  ASSERT_OK_AND_ASSIGN(StoragePathStatus status, StartDrain());
  EXPECT_TRUE(status.removed) << status.packs;
  ExpectAllWhole();
}

TEST_F(Drain, ALostPathCanBeGivenUp) {
  Put("before");
  Add();
  PutInTwo("lost");
  EXPECT_EQ(ErrnoOf(filesystem_->ForgetStoragePath("/two")), EINVAL);
  Lose();
  EXPECT_EQ(ErrnoOf(StartDrain().status()), EBUSY);
  ASSERT_OK(filesystem_->ForgetStoragePath("/two"));
  EXPECT_EQ(Paths(), 0u);
  ExpectWhole("before");
  EXPECT_EQ(ErrnoOf(Read("lost").status()), EIO);
  EXPECT_THAT(Scan(), ::testing::Contains(::testing::HasSubstr("lost")));
  Reopen();
  ExpectWhole("before");
  EXPECT_EQ(ErrnoOf(Read("lost").status()), EIO);
  // The same data again heals it.
  PutData("again", files_["lost"], true);
  ExpectWhole("lost");
  EXPECT_THAT(Scan(), ::testing::IsEmpty());
  EXPECT_EQ(Reclaim().state, JobState::kDone);
  ExpectAllWhole();
}

TEST_F(Drain, AGroupOnALostPathCanBeDeletedOnceThatIsGivenUp) {
  Add();
  StorageGroup group;
  group.name = "h";
  ASSERT_OK_AND_ASSIGN(group, filesystem_->AddGroup(group));
  Lose();
  const absl::Status refused = filesystem_->DeleteGroup(group.id);
  EXPECT_EQ(ErrnoOf(refused), EBUSY);
  EXPECT_TRUE(absl::StrContains(refused.message(), "--remove --path DIR --force")) << refused;
  ASSERT_OK(filesystem_->ForgetStoragePath("/two"));
  EXPECT_OK(filesystem_->DeleteGroup(group.id));
}

TEST_F(Drain, TheOnlyPathOfTheTierStaysWhileAGroupIsInIt) {
  ASSERT_OK(filesystem_->AddStoragePath("/two", true).status());
  GroupId tier;
  MakeGroup("PerformanceTier", true, &tier, &root_);
  Put("fast");
  const absl::Status refused = StartDrain().status();
  EXPECT_EQ(ErrnoOf(refused), EBUSY) << refused;
  EXPECT_TRUE(absl::StrContains(refused.message(), "PerformanceTier")) << refused;
  mounts_.Mount("/three", three_);
  ASSERT_OK(filesystem_->AddStoragePath("/three", true).status());
  ASSERT_OK(StartDrain().status());
  WaitWhile([&] { return Paths() > 1; });
  EXPECT_EQ(Paths(), 1u);
  EXPECT_EQ(PacksOf(base_, "/oca", tier), 0u);
  EXPECT_GT(PacksOf(three_, "/", tier), 0u);
  ExpectAllWhole();
  Reopen();
  ExpectAllWhole();
}

TEST_F(Drain, EveryCallThatFailsOnceLosesNothing) {
  bool failed = true;
  for (uint64_t n = 1; failed && !HasFailure(); ++n) {
    if (n % 40 == 0) Reopen();  // each path has a number, of which there are 64
    SCOPED_TRACE("failed call " + std::to_string(n));
    Add();
    const std::string name = "after " + std::to_string(n);
    Put(name, true, 2 * kMiB);
    ASSERT_GT(Two().packs, 0u);
    const uint64_t before = two_.MutatingCalls();
    two_.FailAt(n, EIO);
    for (int i = 0; Paths() > 0 && i < 20; ++i) {
      (void)StartDrain();
      if (filesystem_->StartReclaim().ok()) {
        WaitWhile([&] { return filesystem_->GetCleanerStatus().state == JobState::kRunning; });
      }
      ASSERT_OK(filesystem_->RescanStoragePaths());
    }
    EXPECT_EQ(Paths(), 0u) << Two().why;
    failed = two_.MutatingCalls() - before >= n;
    two_.ClearFaults();
    ExpectAllWhole();
    Remove(name);
  }
}

}  // namespace
}  // namespace oca::engine
