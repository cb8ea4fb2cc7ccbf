// Lookup, GetInode and ForEachInode.
#include <cerrno>

#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::ElementsAre;

class LookupTest : public NamesTest {
 protected:
  std::vector<uint64_t> AllInodes() {
    std::vector<uint64_t> all;
    EXPECT_OK(names_->ForEachInode([&](const Inode& inode) {
      all.push_back(inode.ino.value);
      return absl::OkStatus();
    }));
    return all;
  }
};

TEST_F(LookupTest, FindsContainersInTheMountsRoot) {
  ASSERT_OK_AND_ASSIGN(const Inode found, names_->Lookup(kRootInode, "c"));
  EXPECT_EQ(found.ino, root_);
  EXPECT_EQ(found.parent, kRootInode);
  EXPECT_ERRNO(names_->Lookup(kRootInode, "C"), ENOENT);
}

TEST_F(LookupTest, FailsWithTheErrnoOfWhatIsWrong) {
  const Inode file = MustCreate(root_, "f");
  const Inode dir = MustCreate(root_, "d", DirOf());
  EXPECT_ERRNO(names_->Lookup(root_, "g"), ENOENT);
  EXPECT_ERRNO(names_->Lookup(file.ino, "f"), ENOTDIR);
  EXPECT_ERRNO(names_->Lookup(InodeNo(12345), "f"), ENOENT);
  EXPECT_ERRNO(names_->Lookup(InodeNo(0), "f"), ENOENT);
  EXPECT_ERRNO(names_->GetInode(InodeNo(12345)), ENOENT);
  ASSERT_OK(names_->Rmdir(root_, "d"));
  EXPECT_ERRNO(names_->Lookup(dir.ino, "f"), ENOENT);
  EXPECT_OK(names_->GetInode(dir.ino));
}

TEST_F(LookupTest, ReadingMovesNoTimes) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  const Inode file = MustCreate(dir.ino, "f");
  const Inode before = Get(dir.ino);
  Tick();
  ASSERT_OK(names_->Lookup(dir.ino, "f"));
  List(dir.ino);
  ASSERT_OK(names_->ListXattrs(file.ino));
  ExpectMoved(before, kNothing, 0);
  ExpectMoved(file, kNothing, 0);
}

TEST_F(LookupTest, EntryWithoutItsInodeIsDamage) {
  const Inode file = MustCreate(root_, "f");
  ASSERT_NO_FATAL_FAILURE(
      Edit([&](const Database&, Changes* batch) { Delete(batch, InodeKey(file.ino)); }));
  EXPECT_THAT(names_->Lookup(root_, "f"), support::StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_ERRNO(names_->Lookup(root_, "f"), EIO);
}

TEST_F(LookupTest, RecordOfAnotherInodeIsDamage) {
  const Inode file = MustCreate(root_, "f");
  ASSERT_NO_FATAL_FAILURE(EditInode(file.ino, [](Inode* inode) { inode->ino.value += 1; }));
  EXPECT_THAT(names_->GetInode(file.ino), support::StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(LookupTest, ForEachInodeGivesAllOfOneMomentAscending) {
  const Inode a = MustCreate(root_, "a");
  const Inode b = MustCreate(root_, "b");
  ASSERT_OK(names_->Unlink(root_, "a"));  // orphans too
  const std::vector<uint64_t> expected = {1, root_.value, a.ino.value, b.ino.value};
  EXPECT_EQ(AllInodes(), expected);
  std::vector<uint64_t> seen;
  EXPECT_OK(names_->ForEachInode([&](const Inode& inode) {
    if (seen.empty()) {
      MustCreate(root_, "later");
      EXPECT_OK(names_->DeleteOrphan(a.ino));
    }
    seen.push_back(inode.ino.value);
    return absl::OkStatus();
  }));
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(AllInodes().size(), 4u);
}

TEST_F(LookupTest, ForEachInodeEndsWithTheErrorOfItsCaller) {
  int calls = 0;
  EXPECT_ERRNO(names_->ForEachInode([&](const Inode&) {
    ++calls;
    return PosixError(EINTR, "enough");
  }),
               EINTR);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace oca::names
