// Rename: all flags, all pairs of types, link counts, times, places in the listing.
#include <linux/fs.h>

#include <cerrno>

#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class RenameTest : public NamesTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(NamesTest::SetUp());
    a_ = MustCreate(root_, "a", DirOf()).ino;
    b_ = MustCreate(root_, "b", DirOf()).ino;
  }
  absl::StatusOr<RenameResult> Rename(InodeNo from, std::string_view name, InodeNo to,
                                      std::string_view new_name, uint32_t flags = 0) {
    return names_->Rename(from, name, to, new_name, flags);
  }
  InodeNo At(InodeNo dir, std::string_view name) {
    auto inode = names_->Lookup(dir, name);
    return inode.ok() ? inode->ino : InodeNo();
  }
  std::vector<InodeNo> Orphans() {
    auto orphans = names_->ListOrphans();
    EXPECT_OK(orphans);
    return orphans.ok() ? *orphans : std::vector<InodeNo>();
  }

  InodeNo a_, b_;
};

TEST_F(RenameTest, MovesAFileToAnotherDirectory) {
  const Inode file = MustCreate(a_, "f");
  const Inode a = Get(a_), b = Get(b_), root = Get(root_);
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(const RenameResult result, Rename(a_, "f", b_, "g"));
  EXPECT_EQ(result.moved.ino, file.ino);
  EXPECT_EQ(result.moved.ctime_ns, now);
  EXPECT_FALSE(result.replaced);
  EXPECT_FALSE(result.exchanged);
  ExpectMoved(file, kCtime, now);
  ExpectMoved(a, kMtime | kCtime, now);
  ExpectMoved(b, kMtime | kCtime, now);
  ExpectMoved(root, kNothing, now);
  EXPECT_THAT(NamesIn(a_), IsEmpty());
  EXPECT_THAT(NamesIn(b_), ElementsAre("g"));
  EXPECT_EQ(Get(a_).entries, 0u);
  EXPECT_EQ(Get(b_).entries, 1u);
  EXPECT_EQ(Get(a_).nlink, 2u);
  EXPECT_EQ(Get(b_).nlink, 2u);
  EXPECT_EQ(At(b_, "g"), file.ino);
  ExpectSound();
}

TEST_F(RenameTest, ChangesANameInItsDirectory) {
  const Inode file = MustCreate(a_, "f");
  const Inode a = Get(a_);
  const int64_t now = Tick();
  ASSERT_OK(Rename(a_, "f", a_, "g"));
  ExpectMoved(file, kCtime, now);
  ExpectMoved(a, kMtime | kCtime, now);
  EXPECT_EQ(Get(a_).entries, 1u);
  EXPECT_THAT(NamesIn(a_), ElementsAre("g"));
  ExpectSound();
}

TEST_F(RenameTest, MovesADirectoryWithItsLink) {
  const Inode dir = MustCreate(a_, "d", DirOf());
  const Inode inside = MustCreate(dir.ino, "x");
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(const RenameResult result, Rename(a_, "d", b_, "e"));
  EXPECT_EQ(result.moved.parent, b_);
  EXPECT_EQ(Get(dir.ino).parent, b_);
  EXPECT_EQ(Get(dir.ino).nlink, 2u);
  EXPECT_EQ(Get(a_).nlink, 2u);
  EXPECT_EQ(Get(b_).nlink, 3u);
  EXPECT_EQ(Get(dir.ino).ctime_ns, now);
  EXPECT_EQ(At(dir.ino, "x"), inside.ino);
  ExpectSound();
}

TEST_F(RenameTest, DirectoryThatStaysInItsParentChangesNoLinkCount) {
  MustCreate(a_, "d", DirOf());
  ASSERT_OK(Rename(a_, "d", a_, "e"));
  EXPECT_EQ(Get(a_).nlink, 3u);
  ExpectSound();
}

TEST_F(RenameTest, FileReplacesFileWhichBecomesAnOrphan) {
  const Inode file = MustCreate(a_, "f");
  const Inode old = MustCreate(b_, "g");
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(const RenameResult result, Rename(a_, "f", b_, "g"));
  ASSERT_TRUE(result.replaced);
  EXPECT_EQ(result.replaced->ino, old.ino);
  EXPECT_EQ(result.replaced->nlink, 0u);
  ExpectMoved(old, kCtime, now);
  EXPECT_THAT(Orphans(), ElementsAre(old.ino));
  EXPECT_EQ(At(b_, "g"), file.ino);
  EXPECT_EQ(Get(b_).entries, 1u);
  ExpectSound();
}

TEST_F(RenameTest, ReplacedFileKeepsItsOtherNames) {
  MustCreate(a_, "f");
  const Inode old = MustCreate(b_, "g");
  ASSERT_OK(names_->Link(old.ino, root_, "other"));
  ASSERT_OK_AND_ASSIGN(const RenameResult result, Rename(a_, "f", b_, "g"));
  EXPECT_EQ(result.replaced->nlink, 1u);
  EXPECT_THAT(Orphans(), IsEmpty());
  EXPECT_EQ(At(root_, "other"), old.ino);
  ExpectSound();
}

TEST_F(RenameTest, DirectoryReplacesEmptyDirectory) {
  const Inode dir = MustCreate(a_, "d", DirOf());
  const Inode old = MustCreate(b_, "e", DirOf());
  ASSERT_OK_AND_ASSIGN(const RenameResult result, Rename(a_, "d", b_, "e"));
  EXPECT_EQ(result.replaced->ino, old.ino);
  EXPECT_EQ(result.replaced->nlink, 0u);
  EXPECT_EQ(Get(a_).nlink, 2u);
  EXPECT_EQ(Get(b_).nlink, 3u);
  EXPECT_EQ(Get(dir.ino).parent, b_);
  EXPECT_THAT(Orphans(), ElementsAre(old.ino));
  ExpectSound();
}

TEST_F(RenameTest, DirectoryReplacesEmptyDirectoryBesideIt) {
  MustCreate(a_, "d", DirOf());
  MustCreate(a_, "e", DirOf());
  ASSERT_OK(Rename(a_, "d", a_, "e"));
  EXPECT_EQ(Get(a_).nlink, 3u);
  EXPECT_EQ(Get(a_).entries, 1u);
  ExpectSound();
}

TEST_F(RenameTest, WhatCannotReplaceWhat) {
  MustCreate(a_, "file");
  MustCreate(a_, "link", SymlinkTo("file"));
  MustCreate(a_, "dir", DirOf());
  const Inode full = MustCreate(b_, "full", DirOf());
  MustCreate(full.ino, "x");
  MustCreate(b_, "empty", DirOf());
  MustCreate(b_, "file");
  const Inode a = Get(a_), b = Get(b_);
  Tick();
  EXPECT_ERRNO(Rename(a_, "dir", b_, "full"), ENOTEMPTY);
  EXPECT_ERRNO(Rename(a_, "dir", b_, "file"), ENOTDIR);
  EXPECT_ERRNO(Rename(a_, "file", b_, "empty"), EISDIR);
  EXPECT_ERRNO(Rename(a_, "file", b_, "full"), EISDIR);
  EXPECT_ERRNO(Rename(a_, "link", b_, "empty"), EISDIR);
  ExpectMoved(a, kNothing, 0);
  ExpectMoved(b, kNothing, 0);
  EXPECT_THAT(NamesIn(a_), ElementsAre("file", "link", "dir"));
  EXPECT_OK(Rename(a_, "link", b_, "file"));
  ExpectSound();
}

TEST_F(RenameTest, OntoItselfDoesNothing) {
  const Inode file = MustCreate(a_, "f");
  const Inode dir = MustCreate(a_, "d", DirOf());
  const Inode a = Get(a_);
  Tick();
  ASSERT_OK_AND_ASSIGN(const RenameResult result, Rename(a_, "f", a_, "f"));
  EXPECT_EQ(result.moved.ino, file.ino);
  EXPECT_FALSE(result.replaced);
  EXPECT_OK(Rename(a_, "d", a_, "d"));
  EXPECT_OK(Rename(a_, "d", a_, "d", RENAME_EXCHANGE));
  EXPECT_ERRNO(Rename(a_, "f", a_, "f", RENAME_NOREPLACE), EEXIST);
  ExpectMoved(a, kNothing, 0);
  ExpectMoved(file, kNothing, 0);
  ExpectMoved(dir, kNothing, 0);
}

TEST_F(RenameTest, OntoAnotherNameOfTheSameInodeDoesNothing) {
  const Inode file = MustCreate(a_, "f");
  ASSERT_OK(names_->Link(file.ino, b_, "g"));
  const Inode before = Get(file.ino), a = Get(a_), b = Get(b_);
  Tick();
  for (uint32_t flags : {0, RENAME_EXCHANGE}) {
    ASSERT_OK_AND_ASSIGN(const RenameResult result, Rename(a_, "f", b_, "g", flags));
    EXPECT_EQ(result.moved.nlink, 2u);
    EXPECT_FALSE(result.replaced);
    EXPECT_FALSE(result.exchanged);
  }
  EXPECT_EQ(At(a_, "f"), file.ino);  // both names stay
  EXPECT_EQ(At(b_, "g"), file.ino);
  ExpectMoved(before, kNothing, 0);
  ExpectMoved(a, kNothing, 0);
  ExpectMoved(b, kNothing, 0);
  ExpectSound();
}

TEST_F(RenameTest, NoReplaceKeepsWhatIsThere) {
  const Inode file = MustCreate(a_, "f");
  const Inode there = MustCreate(b_, "g");
  EXPECT_ERRNO(Rename(a_, "f", b_, "g", RENAME_NOREPLACE), EEXIST);
  EXPECT_EQ(At(b_, "g"), there.ino);
  EXPECT_OK(Rename(a_, "f", b_, "h", RENAME_NOREPLACE));
  EXPECT_EQ(At(b_, "h"), file.ino);
  ExpectSound();
}

TEST_F(RenameTest, ExchangeSwapsFileAndDirectoryOfTwoParents) {
  const Inode file = MustCreate(a_, "x");
  const Inode dir = MustCreate(b_, "y", DirOf());
  MustCreate(dir.ino, "inside");  // need not be empty
  const Inode a = Get(a_), b = Get(b_), before = Get(dir.ino);
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(const RenameResult result, Rename(a_, "x", b_, "y", RENAME_EXCHANGE));
  EXPECT_EQ(result.moved.ino, file.ino);
  ASSERT_TRUE(result.exchanged);
  EXPECT_EQ(result.exchanged->ino, dir.ino);
  EXPECT_EQ(result.exchanged->parent, a_);
  EXPECT_FALSE(result.replaced);
  EXPECT_EQ(At(a_, "x"), dir.ino);
  EXPECT_EQ(At(b_, "y"), file.ino);
  EXPECT_EQ(Get(a_).nlink, 3u);
  EXPECT_EQ(Get(b_).nlink, 2u);
  EXPECT_EQ(Get(a_).entries, 1u);
  EXPECT_EQ(Get(dir.ino).parent, a_);
  ExpectMoved(file, kCtime, now);
  ExpectMoved(before, kCtime, now);
  ExpectMoved(a, kMtime | kCtime, now);
  ExpectMoved(b, kMtime | kCtime, now);
  EXPECT_EQ(List(a_)[0].type, uint32_t{S_IFDIR});
  EXPECT_EQ(List(b_)[0].type, uint32_t{S_IFREG});
  EXPECT_THAT(Orphans(), IsEmpty());
  ExpectSound();
}

TEST_F(RenameTest, ExchangeInOneDirectoryAndOfTwoDirectories) {
  const Inode file = MustCreate(a_, "f");
  const Inode dir = MustCreate(a_, "d", DirOf());
  const Inode other = MustCreate(b_, "e", DirOf());
  ASSERT_OK(Rename(a_, "f", a_, "d", RENAME_EXCHANGE));
  EXPECT_EQ(At(a_, "f"), dir.ino);
  EXPECT_EQ(At(a_, "d"), file.ino);
  EXPECT_EQ(Get(a_).nlink, 3u);
  ASSERT_OK(Rename(a_, "f", b_, "e", RENAME_EXCHANGE));
  EXPECT_EQ(Get(a_).nlink, 3u);
  EXPECT_EQ(Get(b_).nlink, 3u);
  EXPECT_EQ(Get(dir.ino).parent, b_);
  EXPECT_EQ(Get(other.ino).parent, a_);
  ExpectSound();
}

TEST_F(RenameTest, ExchangeNeedsBothNames) {
  MustCreate(a_, "f");
  EXPECT_ERRNO(Rename(a_, "f", b_, "none", RENAME_EXCHANGE), ENOENT);
  EXPECT_ERRNO(Rename(b_, "none", a_, "f", RENAME_EXCHANGE), ENOENT);
  EXPECT_THAT(NamesIn(a_), ElementsAre("f"));
}

TEST_F(RenameTest, OtherFlagsAreRefused) {
  MustCreate(a_, "f");
  for (uint32_t flags : {uint32_t{RENAME_WHITEOUT}, uint32_t{RENAME_NOREPLACE | RENAME_EXCHANGE},
                         uint32_t{8}, UINT32_MAX}) {
    EXPECT_ERRNO(Rename(a_, "f", a_, "g", flags), EINVAL) << flags;
  }
}

TEST_F(RenameTest, DirectoryCannotMoveBelowItself) {
  const Inode below = MustCreate(a_, "below", DirOf());
  const Inode deep = MustCreate(below.ino, "deep", DirOf());
  const Inode file = MustCreate(deep.ino, "f");
  EXPECT_ERRNO(Rename(root_, "a", a_, "x"), EINVAL);
  EXPECT_ERRNO(Rename(root_, "a", below.ino, "x"), EINVAL);
  EXPECT_ERRNO(Rename(root_, "a", deep.ino, "x"), EINVAL);
  EXPECT_ERRNO(Rename(root_, "a", deep.ino, "f", RENAME_EXCHANGE), EINVAL);
  EXPECT_ERRNO(Rename(deep.ino, "f", root_, "a", RENAME_EXCHANGE), EINVAL);
  EXPECT_ERRNO(Rename(a_, "below", below.ino, "deep", RENAME_EXCHANGE), EINVAL);
  EXPECT_ERRNO(Rename(below.ino, "deep", a_, "below"), ENOTEMPTY);  // onto its own parent
  EXPECT_OK(Rename(deep.ino, "f", root_, "up"));
  EXPECT_OK(Rename(below.ino, "deep", root_, "up2"));  // upwards is no circle
  EXPECT_EQ(At(root_, "up"), file.ino);
  ExpectSound();
}

TEST_F(RenameTest, FailsWithTheErrnoOfWhatIsWrong) {
  const Inode file = MustCreate(a_, "f");
  const InodeNo other_root = AddContainer("other");
  MustCreate(other_root, "theirs");
  const Inode gone = MustCreate(root_, "gone", DirOf());
  ASSERT_OK(names_->Rmdir(root_, "gone"));
  EXPECT_ERRNO(Rename(a_, "none", b_, "x"), ENOENT);
  EXPECT_ERRNO(Rename(file.ino, "f", b_, "x"), ENOTDIR);
  EXPECT_ERRNO(Rename(a_, "f", file.ino, "x"), ENOTDIR);
  EXPECT_ERRNO(Rename(a_, "f", InodeNo(99999), "x"), ENOENT);
  EXPECT_ERRNO(Rename(InodeNo(99999), "f", a_, "x"), ENOENT);
  EXPECT_ERRNO(Rename(a_, "f", gone.ino, "x"), ENOENT);
  EXPECT_ERRNO(Rename(gone.ino, "f", a_, "x"), ENOENT);
  for (uint32_t flags : {0, RENAME_EXCHANGE}) {
    EXPECT_ERRNO(Rename(a_, "f", other_root, "theirs", flags), EXDEV);
  }
  EXPECT_ERRNO(Rename(kRootInode, "c", kRootInode, "d"), EPERM);
  EXPECT_ERRNO(Rename(a_, "f", kRootInode, "d"), EPERM);
  EXPECT_ERRNO(Rename(kRootInode, "c", a_, "d"), EPERM);
  EXPECT_EQ(At(a_, "f"), file.ino);
  ExpectSound();
}

TEST_F(RenameTest, LinkCountOfTheNewParentHasALimit) {
  MustCreate(a_, "d", DirOf());
  MustCreate(a_, "f");
  MustCreate(b_, "full", DirOf());
  MustCreate(b_, "file");
  ASSERT_NO_FATAL_FAILURE(EditInode(b_, [](Inode* inode) { inode->nlink = 0x7fffffff; }));
  EXPECT_ERRNO(Rename(a_, "d", b_, "x"), EMLINK);
  EXPECT_ERRNO(Rename(a_, "d", b_, "file", RENAME_EXCHANGE), EMLINK);
  EXPECT_ERRNO(Rename(b_, "file", a_, "d", RENAME_EXCHANGE), EMLINK);
  EXPECT_OK(Rename(a_, "f", b_, "x"));
  EXPECT_OK(Rename(a_, "d", b_, "full", RENAME_EXCHANGE));  // one comes, one goes
  EXPECT_ERRNO(Rename(a_, "d", b_, "new"), EMLINK);
  EXPECT_OK(Rename(a_, "d", b_, "full"));  // takes the place of an empty one
  EXPECT_EQ(Get(b_).nlink, 0x7fffffffu);
}

TEST_F(RenameTest, ReplacedNameKeepsItsPlaceInTheListing) {
  for (const char* name : {"1", "2", "3"}) MustCreate(b_, name);
  const std::vector<DirEntry> before = List(b_);
  const Inode file = MustCreate(a_, "f");
  ASSERT_OK(Rename(a_, "f", b_, "2"));
  const std::vector<DirEntry> after = List(b_);
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[1].name, "2");
  EXPECT_EQ(after[1].ino, file.ino);
  EXPECT_EQ(after[1].cookie, before[1].cookie);  // a reader that was there sees the name once
  MustCreate(a_, "dir", DirOf());
  ASSERT_OK(Rename(a_, "dir", b_, "4"));
  EXPECT_THAT(NamesIn(b_), ElementsAre("1", "2", "3", "4"));  // a new name comes last
  ASSERT_OK(Rename(b_, "1", b_, "3"));
  EXPECT_THAT(NamesIn(b_), ElementsAre("2", "3", "4"));
  ExpectSound();
}

TEST_F(RenameTest, ExchangeKeepsBothPlacesInTheListing) {
  for (const char* name : {"1", "2", "3"}) MustCreate(b_, name);
  const std::vector<DirEntry> before = List(b_);
  ASSERT_OK(Rename(b_, "1", b_, "3", RENAME_EXCHANGE));
  const std::vector<DirEntry> after = List(b_);
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0].cookie, before[0].cookie);
  EXPECT_EQ(after[0].ino, before[2].ino);
  EXPECT_EQ(after[2].ino, before[0].ino);
  EXPECT_THAT(NamesIn(b_), ElementsAre("1", "2", "3"));
}

TEST_F(RenameTest, KeepsContentXattrsAndCounters) {
  const Inode file = MustCreate(a_, "f");
  ASSERT_OK(names_->SetContent(file.ino, {.recipe = "r", .size = 10, .data_bytes = 5}));
  ASSERT_OK(names_->SetXattr(file.ino, "user.a", "1", 0));
  const ContainerCounters counters = names_->Counters(container_.id);
  ASSERT_OK(Rename(a_, "f", b_, "g"));
  EXPECT_EQ(Get(file.ino).content, "r");
  EXPECT_OK(names_->GetXattr(file.ino, "user.a"));
  EXPECT_EQ(names_->Counters(container_.id), counters);
}

}  // namespace
}  // namespace oca::names
