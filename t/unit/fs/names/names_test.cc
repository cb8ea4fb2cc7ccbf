// The life of a database: opening, commits, restarts.
#include "fs/names/names.h"

#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::ElementsAre;

TEST_F(NamesTest, KeepsWhatWasCommitted) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  const Inode file = MustCreate(dir.ino, "f");
  ASSERT_OK(names_->SetXattr(file.ino, "user.a", "1", 0));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  ASSERT_OK_AND_ASSIGN(const Inode found, names_->Lookup(dir.ino, "f"));
  EXPECT_EQ(found.ino, file.ino);
  EXPECT_THAT(NamesIn(dir.ino), ElementsAre("f"));
  ASSERT_OK_AND_ASSIGN(const std::string value, names_->GetXattr(file.ino, "user.a"));
  EXPECT_EQ(value, "1");
  EXPECT_EQ(names_->Counters(container_.id).files, 1u);
  ExpectSound();
}

TEST_F(NamesTest, LosesOnlyWhatWasNotCommitted) {
  MustCreate(root_, "kept");
  ASSERT_OK(names_->Commit());
  MustCreate(root_, "lost");
  names_.reset();  // as a crash does
  ASSERT_NO_FATAL_FAILURE(Open());
  EXPECT_THAT(NamesIn(root_), ElementsAre("kept"));
  ExpectSound();
}

TEST_F(NamesTest, CallsTheBarrierBeforeEachCommitThatWrites) {
  ASSERT_OK(names_->Commit());
  const int before = barriers_;
  ASSERT_OK(names_->Commit());
  EXPECT_EQ(barriers_, before);
  MustCreate(root_, "f");
  EXPECT_EQ(barriers_, before);
  ASSERT_OK(names_->Commit());
  EXPECT_GT(barriers_, before);
}

TEST_F(NamesTest, DeletesAContainerWithItsTree) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  const Inode file = MustCreate(dir.ino, "f");
  ASSERT_OK(names_->Link(file.ino, root_, "g"));
  ASSERT_OK(names_->StartDeleteContainer(container_.id, true));
  int deleted = 0;
  for (int steps = 0;; ++steps) {
    ASSERT_LT(steps, 100);
    ASSERT_OK_AND_ASSIGN(const bool done, names_->DeleteContainerStep(
                                              container_.id, 1, [&](const Inode&) { ++deleted; }));
    ExpectSound();
    if (done) break;
  }
  EXPECT_EQ(deleted, 3);
  EXPECT_TRUE(names_->ListContainers().empty());
}

}  // namespace
}  // namespace oca::names
