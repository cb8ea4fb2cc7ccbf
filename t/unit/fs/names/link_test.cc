// Link, Unlink, Rmdir, and the orphans that the last two leave.
#include <cerrno>

#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LinkTest : public NamesTest {
 protected:
  std::vector<InodeNo> Orphans() {
    auto orphans = names_->ListOrphans();
    EXPECT_OK(orphans);
    return orphans.ok() ? *orphans : std::vector<InodeNo>();
  }
};

TEST_F(LinkTest, LinkAddsANameOfTheSameInode) {
  const Inode file = MustCreate(root_, "f");
  const Inode dir = MustCreate(root_, "d", DirOf());
  const ContainerCounters counters = names_->Counters(container_.id);
  const Inode root = Get(root_);
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(const Inode linked, names_->Link(file.ino, dir.ino, "g"));
  EXPECT_EQ(linked.ino, file.ino);
  EXPECT_EQ(linked.nlink, 2u);
  ExpectMoved(file, kCtime, now);
  ExpectMoved(dir, kMtime | kCtime, now);
  ExpectMoved(root, kNothing, now);
  EXPECT_EQ(Get(dir.ino).entries, 1u);
  ASSERT_OK_AND_ASSIGN(const Inode found, names_->Lookup(dir.ino, "g"));
  EXPECT_EQ(EncodeInode(found), EncodeInode(linked));
  EXPECT_EQ(names_->Counters(container_.id), counters);  // each inode once
  ExpectSound();
}

TEST_F(LinkTest, LinksOfAllButDirectories) {
  for (uint32_t type : {S_IFREG, S_IFLNK, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK}) {
    const std::string name = std::to_string(type);
    const Inode made = MustCreate(
        root_, name, {.mode = type | 0600, .symlink_target = type == S_IFLNK ? "t" : ""});
    ASSERT_OK_AND_ASSIGN(const Inode linked, names_->Link(made.ino, root_, name + "l"));
    EXPECT_EQ(linked.nlink, 2u);
    EXPECT_EQ(List(root_).back().type, type);
  }
  const Inode dir = MustCreate(root_, "d", DirOf());
  EXPECT_ERRNO(names_->Link(dir.ino, root_, "e"), EPERM);
  EXPECT_ERRNO(names_->Link(root_, root_, "e"), EPERM);
  ExpectSound();
}

TEST_F(LinkTest, LinkFailsWithTheErrnoOfWhatIsWrong) {
  const Inode file = MustCreate(root_, "f");
  const Inode dir = MustCreate(root_, "d", DirOf());
  const InodeNo other_root = AddContainer("other");
  const Inode gone = MustCreate(root_, "gone");
  ASSERT_OK(names_->Unlink(root_, "gone"));
  const Inode before = Get(file.ino);
  Tick();
  EXPECT_ERRNO(names_->Link(file.ino, root_, "d"), EEXIST);
  EXPECT_ERRNO(names_->Link(file.ino, root_, "f"), EEXIST);
  EXPECT_ERRNO(names_->Link(file.ino, file.ino, "x"), ENOTDIR);
  EXPECT_ERRNO(names_->Link(file.ino, other_root, "x"), EXDEV);
  EXPECT_ERRNO(names_->Link(file.ino, kRootInode, "x"), EPERM);
  EXPECT_ERRNO(names_->Link(file.ino, InodeNo(99999), "x"), ENOENT);
  EXPECT_ERRNO(names_->Link(InodeNo(99999), root_, "x"), ENOENT);
  EXPECT_ERRNO(names_->Link(gone.ino, root_, "x"), ENOENT);  // an orphan comes to no new life
  ASSERT_OK(names_->Rmdir(root_, "d"));
  EXPECT_ERRNO(names_->Link(file.ino, dir.ino, "x"), ENOENT);
  ExpectMoved(before, kNothing, 0);
  EXPECT_EQ(Get(file.ino).nlink, 1u);
  ExpectSound();
}

TEST_F(LinkTest, LinkCountHasALimit) {
  const Inode file = MustCreate(root_, "f");
  ASSERT_NO_FATAL_FAILURE(EditInode(file.ino, [](Inode* inode) { inode->nlink = 0x7ffffffe; }));
  ASSERT_OK_AND_ASSIGN(const Inode linked, names_->Link(file.ino, root_, "g"));
  EXPECT_EQ(linked.nlink, 0x7fffffffu);
  EXPECT_ERRNO(names_->Link(file.ino, root_, "h"), EMLINK);
  ASSERT_OK(names_->Unlink(root_, "g"));
  EXPECT_OK(names_->Link(file.ino, root_, "h"));
}

TEST_F(LinkTest, UnlinkTakesOneNameAway) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  const Inode file = MustCreate(dir.ino, "f");
  ASSERT_OK(names_->Link(file.ino, root_, "g"));
  const Inode parent = Get(dir.ino);
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(const Inode left, names_->Unlink(dir.ino, "f"));
  EXPECT_EQ(left.ino, file.ino);
  EXPECT_EQ(left.nlink, 1u);
  ExpectMoved(file, kCtime, now);
  ExpectMoved(parent, kMtime | kCtime, now);
  EXPECT_EQ(Get(dir.ino).entries, 0u);
  EXPECT_ERRNO(names_->Lookup(dir.ino, "f"), ENOENT);
  EXPECT_OK(names_->Lookup(root_, "g"));
  EXPECT_THAT(Orphans(), IsEmpty());
  ExpectSound();
}

TEST_F(LinkTest, UnlinkFailsWithTheErrnoOfWhatIsWrong) {
  const Inode file = MustCreate(root_, "f");
  MustCreate(root_, "d", DirOf());
  const Inode root = Get(root_);
  Tick();
  EXPECT_ERRNO(names_->Unlink(root_, "x"), ENOENT);
  EXPECT_ERRNO(names_->Unlink(root_, "d"), EISDIR);
  EXPECT_ERRNO(names_->Unlink(file.ino, "f"), ENOTDIR);
  EXPECT_ERRNO(names_->Unlink(kRootInode, "c"), EPERM);
  EXPECT_ERRNO(names_->Unlink(InodeNo(99999), "x"), ENOENT);
  ExpectMoved(root, kNothing, 0);
  EXPECT_THAT(NamesIn(root_), ElementsAre("f", "d"));
}

TEST_F(LinkTest, RmdirTakesAnEmptyDirectoryAway) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  const Inode root = Get(root_);
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(const Inode removed, names_->Rmdir(root_, "d"));
  EXPECT_EQ(removed.ino, dir.ino);
  EXPECT_EQ(removed.nlink, 0u);
  ExpectMoved(dir, kCtime, now);
  ExpectMoved(root, kMtime | kCtime, now);
  EXPECT_EQ(Get(root_).nlink, 2u);
  EXPECT_EQ(Get(root_).entries, 0u);
  EXPECT_THAT(Orphans(), ElementsAre(dir.ino));
  EXPECT_THAT(NamesIn(dir.ino), IsEmpty());  // an open one lists nothing
  ExpectSound();
}

TEST_F(LinkTest, RmdirFailsWithTheErrnoOfWhatIsWrong) {
  const Inode file = MustCreate(root_, "f");
  const Inode dir = MustCreate(root_, "d", DirOf());
  MustCreate(dir.ino, "x");
  const Inode root = Get(root_);
  Tick();
  EXPECT_ERRNO(names_->Rmdir(root_, "d"), ENOTEMPTY);
  EXPECT_ERRNO(names_->Rmdir(root_, "f"), ENOTDIR);
  EXPECT_ERRNO(names_->Rmdir(root_, "x"), ENOENT);
  EXPECT_ERRNO(names_->Rmdir(file.ino, "f"), ENOTDIR);
  EXPECT_ERRNO(names_->Rmdir(kRootInode, "c"), EPERM);
  ExpectMoved(root, kNothing, 0);
  EXPECT_EQ(Get(root_).nlink, 3u);
}

TEST_F(LinkTest, OrphanLivesUntilItIsDeleted) {
  const Inode file = MustCreate(root_, "f");
  ASSERT_OK(names_->SetXattr(file.ino, "user.a", "1", 0));
  ASSERT_OK(names_->SetContent(file.ino, {.recipe = "r", .size = 100}));
  ASSERT_OK_AND_ASSIGN(const Inode removed, names_->Unlink(root_, "f"));
  EXPECT_EQ(removed.nlink, 0u);
  EXPECT_EQ(removed.content, "r");
  EXPECT_THAT(Orphans(), ElementsAre(file.ino));
  // It is written and read on through its handle, and counts.
  ASSERT_OK(names_->SetContent(file.ino, {.recipe = "s", .size = 300}));
  ASSERT_OK(names_->SetAttr(file.ino, {.mode = 0600}));
  EXPECT_EQ(names_->Counters(container_.id).current_bytes, 300u);
  ASSERT_OK_AND_ASSIGN(const std::string value, names_->GetXattr(file.ino, "user.a"));
  EXPECT_EQ(value, "1");
  ExpectSound();
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_THAT(Orphans(), ElementsAre(file.ino));

  ASSERT_OK(names_->DeleteOrphan(file.ino));
  EXPECT_THAT(Orphans(), IsEmpty());
  EXPECT_ERRNO(names_->GetInode(file.ino), ENOENT);
  EXPECT_ERRNO(names_->GetXattr(file.ino, "user.a"), ENOENT);
  EXPECT_ERRNO(names_->DeleteOrphan(file.ino), ENOENT);
  const ContainerCounters counters = names_->Counters(container_.id);
  EXPECT_EQ(counters.inodes, 1u);
  EXPECT_EQ(counters.files, 0u);
  EXPECT_EQ(counters.current_bytes, 0u);
  ExpectSound();  // no xattr is left behind
}

TEST_F(LinkTest, OnlyOrphansCanBeDeletedSo) {
  const Inode file = MustCreate(root_, "f");
  EXPECT_ERRNO(names_->DeleteOrphan(file.ino), ENOENT);
  EXPECT_ERRNO(names_->DeleteOrphan(root_), ENOENT);
  EXPECT_ERRNO(names_->DeleteOrphan(InodeNo(99999)), ENOENT);
  EXPECT_OK(names_->GetInode(file.ino));
}

TEST_F(LinkTest, OrphansAreListedInOrderOfTheirNumbers) {
  std::vector<InodeNo> all;
  for (int i = 0; i < 5; ++i) all.push_back(MustCreate(root_, std::to_string(i)).ino);
  for (int i = 4; i >= 0; --i) ASSERT_OK(names_->Unlink(root_, std::to_string(i)));
  EXPECT_EQ(Orphans(), all);
}

TEST_F(LinkTest, NameCanBeUsedAgainAtOnce) {
  const Inode file = MustCreate(root_, "n");
  ASSERT_OK(names_->Unlink(root_, "n"));
  const Inode dir = MustCreate(root_, "n", DirOf());
  ASSERT_OK(names_->Rmdir(root_, "n"));
  const Inode again = MustCreate(root_, "n");
  ASSERT_OK_AND_ASSIGN(const Inode found, names_->Lookup(root_, "n"));
  EXPECT_EQ(found.ino, again.ino);
  EXPECT_THAT(Orphans(), ElementsAre(file.ino, dir.ino));
  ExpectSound();
}

}  // namespace
}  // namespace oca::names
