// Locks on files: what begins and ends them, what they forbid, what lives through restarts.
#include <linux/fs.h>
#include <sys/xattr.h>

#include <cerrno>

#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

class RetentionTest : public NamesTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(NamesTest::SetUp());
    SetPolicy(policy_);
  }
  void TearDown() override { ExpectSound(); }

  void SetPolicy(const RetentionPolicy& policy) {
    ASSERT_OK(names_->SetRetention(container_.id, policy));
  }
  void SetMode(RetentionMode mode) {
    policy_.mode = mode;
    SetPolicy(policy_);
  }
  int64_t Now() { return names_->TrustedNowNs(); }
  int64_t In(int64_t seconds) { return Now() + seconds * kSecond; }
  Inode Locked(std::string_view name) {
    const Inode file = MustCreate(root_, name);
    auto inode = names_->SetAttr(file.ino, {.mode = 0444});
    EXPECT_OK(inode);
    EXPECT_TRUE(inode.ok() && names_->IsLocked(*inode));
    return inode.ok() ? *inode : Inode();
  }
  uint64_t LockedFiles() {
    auto status = names_->GetRetention(container_.id);
    EXPECT_OK(status);
    return status.ok() ? status->locked_files : 0;
  }

  RetentionPolicy policy_ = {.mode = RetentionMode::kGovernance,
                             .min_seconds = 10,
                             .max_seconds = 1000,
                             .default_seconds = 100};
};

TEST_F(RetentionTest, TakingTheLastWritePermissionAwayLocksForTheDefaultPeriod) {
  const Inode file = MustCreate(root_, "f", FileOf(0664));
  ASSERT_OK_AND_ASSIGN(Inode inode, names_->SetAttr(file.ino, {.mode = 0464}));
  EXPECT_FALSE(names_->IsLocked(inode));  // others may write
  const int64_t until = In(100);
  ASSERT_OK_AND_ASSIGN(inode, names_->SetAttr(file.ino, {.mode = 0444}));
  EXPECT_TRUE(names_->IsLocked(inode));
  EXPECT_EQ(inode.retain_until_ns, until);
  EXPECT_EQ(inode.atime_ns, until);
  EXPECT_EQ(Get(file.ino).retain_until_ns, until);
}

TEST_F(RetentionTest, AnAccessTimeInTheFutureNamesTheEnd) {
  const Inode file = MustCreate(root_, "f");
  const int64_t until = In(500);
  ASSERT_OK_AND_ASSIGN(Inode inode, names_->SetAttr(file.ino, {.atime_ns = until}));
  EXPECT_FALSE(names_->IsLocked(inode));  // it can still be written
  ASSERT_OK_AND_ASSIGN(inode, names_->SetAttr(file.ino, {.mode = 0400}));
  EXPECT_EQ(inode.retain_until_ns, until);
}

TEST_F(RetentionTest, AReadOnlyFileIsLockedByItsAccessTime) {
  const Inode file = MustCreate(root_, "f", FileOf(0444));
  ASSERT_OK_AND_ASSIGN(Inode inode, names_->SetAttr(file.ino, {.atime_ns = Now() - 1}));
  EXPECT_FALSE(names_->IsLocked(inode));
  ASSERT_OK_AND_ASSIGN(inode, names_->SetAttr(file.ino, {.atime_ns = In(500)}));
  EXPECT_TRUE(names_->IsLocked(inode));
}

TEST_F(RetentionTest, TheEndLiesWithinThePolicysBounds) {
  const Inode soon = MustCreate(root_, "soon", FileOf(0444));
  const Inode late = MustCreate(root_, "late", FileOf(0444));
  ASSERT_OK_AND_ASSIGN(Inode inode, names_->SetAttr(soon.ino, {.atime_ns = In(1)}));
  EXPECT_EQ(inode.retain_until_ns, In(10));
  ASSERT_OK_AND_ASSIGN(inode, names_->SetAttr(late.ino, {.atime_ns = INT64_MAX}));
  EXPECT_EQ(inode.retain_until_ns, In(1000));
  EXPECT_EQ(inode.atime_ns, In(1000));
}

TEST_F(RetentionTest, WithoutADefaultPeriodPermissionsAloneLockNothing) {
  policy_.default_seconds = 0;
  SetPolicy(policy_);
  const Inode file = MustCreate(root_, "f");
  ASSERT_OK_AND_ASSIGN(const Inode inode, names_->SetAttr(file.ino, {.mode = 0444}));
  EXPECT_FALSE(names_->IsLocked(inode));
}

TEST_F(RetentionTest, OtherContainersAndOtherTypesAreNotLocked) {
  const InodeNo other = AddContainer("other");
  const Inode file = MustCreate(other, "f");
  const Inode dir = MustCreate(root_, "d", DirOf());
  for (const Inode& inode : {file, dir}) {
    ASSERT_OK_AND_ASSIGN(const Inode changed,
                         names_->SetAttr(inode.ino, {.mode = 0444, .atime_ns = In(100)}));
    EXPECT_EQ(changed.retain_until_ns, 0);
  }
}

TEST_F(RetentionTest, NothingChangesALockedFile) {
  const Inode file = Locked("f");
  MustCreate(root_, "g");
  const Inode before = Get(file.ino);
  EXPECT_ERRNO(names_->SetContent(file.ino, {}).status(), EPERM);
  EXPECT_ERRNO(names_->Unlink(root_, "f").status(), EPERM);
  EXPECT_ERRNO(names_->Rename(root_, "f", root_, "h", 0).status(), EPERM);
  EXPECT_ERRNO(names_->Rename(root_, "g", root_, "f", 0).status(), EPERM);
  EXPECT_ERRNO(names_->Rename(root_, "g", root_, "f", RENAME_EXCHANGE).status(), EPERM);
  EXPECT_ERRNO(names_->Rename(root_, "f", root_, "g", RENAME_EXCHANGE).status(), EPERM);
  EXPECT_ERRNO(names_->Link(file.ino, root_, "h").status(), EPERM);
  EXPECT_ERRNO(names_->SetXattr(file.ino, "user.a", "b", 0), EPERM);
  EXPECT_ERRNO(names_->RemoveXattr(file.ino, "user.a"), EPERM);
  EXPECT_ERRNO(names_->SetAttr(file.ino, {.mode = 0644}).status(), EPERM);
  EXPECT_ERRNO(names_->SetAttr(file.ino, {.mode = 0400}).status(), EPERM);
  EXPECT_ERRNO(names_->SetAttr(file.ino, {.uid = 7}).status(), EPERM);
  EXPECT_ERRNO(names_->SetAttr(file.ino, {.gid = 7}).status(), EPERM);
  EXPECT_ERRNO(names_->SetAttr(file.ino, {.mtime_ns = 7}).status(), EPERM);
  EXPECT_ERRNO(names_->SetAttr(file.ino, {.atime_ns = file.retain_until_ns - 1}).status(), EPERM);
  // What is as it was is no change.
  EXPECT_OK(names_->SetAttr(file.ino, {.mode = 0444, .uid = 0, .atime_ns = file.retain_until_ns}));
  EXPECT_EQ(EncodeInode(Get(file.ino)), EncodeInode(before));
}

TEST_F(RetentionTest, TheEndMovesToLaterTimesOnly) {
  const Inode file = Locked("f");
  const int64_t later = In(300);
  ASSERT_OK_AND_ASSIGN(Inode inode, names_->SetAttr(file.ino, {.atime_ns = later}));
  EXPECT_EQ(inode.retain_until_ns, later);
  EXPECT_ERRNO(names_->SetAttr(file.ino, {.atime_ns = later - 1}).status(), EPERM);
  ASSERT_OK_AND_ASSIGN(inode, names_->SetAttr(file.ino, {.atime_ns = INT64_MAX}));
  EXPECT_EQ(inode.retain_until_ns, In(1000));
  EXPECT_EQ(LockedFiles(), 1u);
}

TEST_F(RetentionTest, AFileIsFreeWhenItsTimeHasCome) {
  const Inode file = Locked("f");
  clock_.Advance(absl::Seconds(99));
  EXPECT_ERRNO(names_->Unlink(root_, "f").status(), EPERM);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(LockedFiles(), 0u);
  EXPECT_OK(names_->SetAttr(file.ino, {.mode = 0644}));
  EXPECT_EQ(Get(file.ino).retain_until_ns, 0);
  EXPECT_OK(names_->SetContent(file.ino, {}));
  EXPECT_OK(names_->Unlink(root_, "f"));
  EXPECT_OK(names_->DeleteOrphan(file.ino));
}

TEST_F(RetentionTest, AFreeFileCanBeLockedAgainOrRemovedAsItIs) {
  const Inode again = Locked("again");
  const Inode removed = Locked("removed");
  clock_.Advance(absl::Seconds(100));
  ASSERT_OK_AND_ASSIGN(const Inode inode, names_->SetAttr(again.ino, {.atime_ns = In(50)}));
  EXPECT_EQ(inode.retain_until_ns, In(50));
  EXPECT_EQ(LockedFiles(), 1u);
  EXPECT_OK(names_->Unlink(root_, "removed"));
  EXPECT_OK(names_->DeleteOrphan(removed.ino));
}

TEST_F(RetentionTest, DirectoriesThatHoldSomethingKeepTheirPlace) {
  MustCreate(root_, "empty", DirOf());
  const Inode full = MustCreate(root_, "full", DirOf());
  MustCreate(full.ino, "f");
  EXPECT_OK(names_->Rename(root_, "empty", root_, "moved", 0));
  EXPECT_ERRNO(names_->Rename(root_, "full", root_, "away", 0).status(), EPERM);
  EXPECT_ERRNO(names_->Rename(root_, "moved", root_, "full", RENAME_EXCHANGE).status(), EPERM);
}

TEST_F(RetentionTest, AnOpenFileWithoutANameIsNotLocked) {
  const Inode file = MustCreate(root_, "f");
  ASSERT_OK(names_->Unlink(root_, "f"));
  ASSERT_OK_AND_ASSIGN(const Inode inode, names_->SetAttr(file.ino, {.mode = 0444}));
  EXPECT_FALSE(names_->IsLocked(inode));
  EXPECT_OK(names_->DeleteOrphan(file.ino));
}

TEST_F(RetentionTest, SettingTheWallClockEndsNoLock) {
  Locked("f");
  clock_.SetWallTime(clock_.Now() + absl::Hours(24 * 365));
  EXPECT_ERRNO(names_->Unlink(root_, "f").status(), EPERM);
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_ERRNO(names_->Unlink(root_, "f").status(), EPERM);
  clock_.SetWallTime(clock_.Now() - absl::Hours(24 * 365 * 40));
  EXPECT_ERRNO(names_->Unlink(root_, "f").status(), EPERM);
  clock_.Advance(absl::Seconds(100));
  EXPECT_OK(names_->Unlink(root_, "f"));
}

TEST_F(RetentionTest, TheClockLivesThroughRestartsAndLosesAMinuteInACrash) {
  Locked("f");
  for (int i = 0; i < 50; ++i) {
    clock_.Advance(absl::Seconds(11));
    ASSERT_OK(names_->Commit());
  }
  const int64_t before = Now();
  ASSERT_NO_FATAL_FAILURE(Crash());
  EXPECT_LE(Now(), before);
  EXPECT_GT(Now(), before - 62 * kSecond);
}

TEST_F(RetentionTest, LocksThatWereCommittedLiveThroughACrash) {
  const Inode file = Locked("f");
  ASSERT_OK(names_->Commit());
  ASSERT_NO_FATAL_FAILURE(Crash());
  EXPECT_TRUE(names_->IsLocked(Get(file.ino)));
  EXPECT_EQ(LockedFiles(), 1u);
}

TEST_F(RetentionTest, GovernanceReleasesAndComplianceDoesNot) {
  const Inode released = Locked("released");
  const Inode kept = Locked("kept");
  ASSERT_OK(names_->ReleaseLock(released.ino));
  EXPECT_EQ(names_->ReleaseLock(released.ino).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_OK(names_->Unlink(root_, "released"));
  SetMode(RetentionMode::kCompliance);
  EXPECT_ERRNO(names_->ReleaseLock(kept.ino).status(), EPERM);
  EXPECT_ERRNO(names_->Unlink(root_, "kept").status(), EPERM);
}

TEST_F(RetentionTest, AModeIsLeftOnlyWhenNothingIsLockedAndComplianceNever) {
  Locked("f");
  EXPECT_ERRNO(names_->SetRetention(container_.id, {}).status(), EPERM);
  clock_.Advance(absl::Seconds(100));
  EXPECT_OK(names_->SetRetention(container_.id, {}));
  SetMode(RetentionMode::kCompliance);
  EXPECT_ERRNO(names_->SetRetention(container_.id, {}).status(), EPERM);
  policy_.mode = RetentionMode::kGovernance;
  EXPECT_ERRNO(names_->SetRetention(container_.id, policy_).status(), EPERM);
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_ERRNO(names_->SetRetention(container_.id, policy_).status(), EPERM);
}

TEST_F(RetentionTest, PeriodsMustMakeSense) {
  RetentionPolicy policy = policy_;
  const auto refused = [&] {
    EXPECT_ERRNO(names_->SetRetention(container_.id, policy).status(), EINVAL);
    policy = policy_;
  };
  policy.max_seconds = 0;
  refused();
  policy.min_seconds = 1001;
  refused();
  policy.default_seconds = 9;
  refused();
  policy.default_seconds = 1001;
  refused();
  policy.max_seconds = kMaxRetentionSeconds + 1;
  refused();
  policy.default_seconds = 0;
  policy.auto_lock_seconds = 1;
  refused();
  EXPECT_ERRNO(names_->SetRetention(ContainerId(99), policy).status(), ENOENT);
}

TEST_F(RetentionTest, AContainerWithLockedFilesCannotBeDeleted) {
  Locked("f");
  EXPECT_ERRNO(names_->StartDeleteContainer(container_.id, /*with_files=*/true), EPERM);
  clock_.Advance(absl::Seconds(100));
  ASSERT_OK(names_->StartDeleteContainer(container_.id, /*with_files=*/true));
  ASSERT_OK_AND_ASSIGN(const bool finished,
                       names_->DeleteContainerStep(container_.id, 100, [](const Inode&) {}));
  EXPECT_TRUE(finished);
}

TEST_F(RetentionTest, FilesThatDoNotChangeAreLockedWithTheirWritePermissionsTakenAway) {
  const Inode file = MustCreate(root_, "f", FileOf(0664));
  EXPECT_ERRNO(names_->LockUnchanged(file.ino, file.ctime_ns).status(), EAGAIN);  // not asked for
  policy_.auto_lock_seconds = 5;
  SetPolicy(policy_);
  EXPECT_ERRNO(names_->LockUnchanged(file.ino, file.ctime_ns - 1).status(), EAGAIN);
  ASSERT_OK_AND_ASSIGN(const Inode inode, names_->LockUnchanged(file.ino, file.ctime_ns));
  EXPECT_EQ(inode.retain_until_ns, In(100));
  EXPECT_EQ(inode.mode & 07777, 0444u);
  EXPECT_ERRNO(names_->LockUnchanged(file.ino, inode.ctime_ns).status(), EAGAIN);
  const Inode dir = MustCreate(root_, "d", DirOf());
  EXPECT_ERRNO(names_->LockUnchanged(dir.ino, dir.ctime_ns).status(), EAGAIN);
}

TEST_F(RetentionTest, InodesAreListedInPieces) {
  const Inode a = MustCreate(root_, "a");
  const Inode b = MustCreate(root_, "b");
  ASSERT_OK_AND_ASSIGN(std::vector<Inode> inodes, names_->ListInodes(a.ino, 1));
  ASSERT_EQ(inodes.size(), 1u);
  EXPECT_EQ(inodes[0].ino, a.ino);
  ASSERT_OK_AND_ASSIGN(inodes, names_->ListInodes(InodeNo(a.ino.value + 1), 9));
  ASSERT_EQ(inodes.size(), 1u);
  EXPECT_EQ(inodes[0].ino, b.ino);
}

TEST_F(RetentionTest, TheFirstPolicyStartsTheClockAndOldLocksKeepIt) {
  clock_.SetWallTime(clock_.Now() - absl::Hours(1));
  SetPolicy(policy_);  // nothing was ever locked: the clock is set by the wall clock
  EXPECT_EQ(Now(), absl::ToUnixNanos(clock_.Now()));
  Locked("f");
  clock_.SetWallTime(clock_.Now() + absl::Hours(1));
  SetPolicy(policy_);
  EXPECT_LT(Now(), absl::ToUnixNanos(clock_.Now()));
}

TEST_F(RetentionTest, VerifyFindsLocksThatAreNotListedAndTheReverse) {
  const Inode file = Locked("f");
  const std::string key = RetentionKey(file.container, file.retain_until_ns, file.ino);
  ASSERT_NO_FATAL_FAILURE(Edit([&](const Database&, Changes* batch) { Delete(batch, key); }));
  ASSERT_OK_AND_ASSIGN(auto faults, names_->Verify([](uint64_t) { return true; }));
  EXPECT_THAT(faults, ::testing::ElementsAre(::testing::HasSubstr("1 files have a lock, but 0")));
  ASSERT_NO_FATAL_FAILURE(Edit([&](const Database&, Changes* batch) {
    Put(batch, RetentionKey(file.container, file.retain_until_ns + 1, file.ino), "");
  }));
  ASSERT_OK_AND_ASSIGN(faults, names_->Verify([](uint64_t) { return true; }));
  EXPECT_THAT(faults, ::testing::ElementsAre(::testing::HasSubstr("where none is")));
  ASSERT_NO_FATAL_FAILURE(Edit([&](const Database&, Changes* batch) {
    Delete(batch, RetentionKey(file.container, file.retain_until_ns + 1, file.ino));
    Put(batch, key, "");
  }));
}

}  // namespace
}  // namespace oca::names
