// Create: every type, errno, mode, owner and time.
#include <cerrno>

#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::ElementsAre;

class CreateTest : public NamesTest {};

TEST_F(CreateTest, FileHasWhatItsMakerAskedFor) {
  const Inode parent = Get(root_);
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(
      const Inode made,
      names_->Create(root_, "f", {.mode = S_IFREG | 06666, .umask = 027, .uid = 7, .gid = 8}));
  EXPECT_GT(made.ino, root_);
  EXPECT_EQ(made.container, container_.id);
  EXPECT_EQ(made.mode, uint32_t{S_IFREG | 06640});
  EXPECT_EQ(made.uid, 7u);
  EXPECT_EQ(made.gid, 8u);
  EXPECT_EQ(made.nlink, 1u);
  EXPECT_EQ(made.size, 0u);
  EXPECT_EQ(made.flags, 0u);
  EXPECT_EQ(made.content, "");
  EXPECT_EQ(made.parent, InodeNo());
  for (int64_t time : {made.atime_ns, made.mtime_ns, made.ctime_ns, made.btime_ns}) {
    EXPECT_EQ(time, now);
  }
  EXPECT_EQ(EncodeInode(Get(made.ino)), EncodeInode(made));
  ASSERT_OK_AND_ASSIGN(const Inode found, names_->Lookup(root_, "f"));
  EXPECT_EQ(EncodeInode(found), EncodeInode(made));
  ExpectMoved(parent, kMtime | kCtime, now);
  EXPECT_EQ(Get(root_).entries, 1u);
  EXPECT_EQ(Get(root_).nlink, 2u);
  ExpectSound();
}

TEST_F(CreateTest, DirectoryCountsAsLinkOfItsParent) {
  const Inode parent = Get(root_);
  const int64_t now = Tick();
  const Inode made = MustCreate(root_, "d", {.mode = S_IFDIR | 01777, .umask = 022});
  EXPECT_EQ(made.mode, uint32_t{S_IFDIR | 01755});
  EXPECT_EQ(made.nlink, 2u);
  EXPECT_EQ(made.parent, root_);
  EXPECT_EQ(made.entries, 0u);
  EXPECT_EQ(Get(root_).nlink, 3u);
  ExpectMoved(parent, kMtime | kCtime, now);
  ExpectSound();
}

TEST_F(CreateTest, SymlinkHoldsItsTargetAndIgnoresUmask) {
  const Inode made = MustCreate(
      root_, "s", {.mode = S_IFLNK | 0600, .umask = 0777, .symlink_target = "no/such\xff/place"});
  EXPECT_EQ(made.mode, uint32_t{S_IFLNK | 0777});
  EXPECT_EQ(made.content, "no/such\xff/place");
  EXPECT_EQ(made.size, made.content.size());
  const std::string longest(4095, 't');
  EXPECT_EQ(MustCreate(root_, "long", SymlinkTo(longest)).size, 4095u);
  EXPECT_ERRNO(names_->Create(root_, "x", SymlinkTo(longest + "t")), ENAMETOOLONG);
  EXPECT_ERRNO(names_->Create(root_, "x", SymlinkTo("")), ENOENT);
  ExpectSound();
}

TEST_F(CreateTest, DevicesKeepTheirNumberOthersHaveNone) {
  for (uint32_t type : {S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFREG}) {
    const bool device = type == S_IFCHR || type == S_IFBLK;
    const Inode made =
        MustCreate(root_, std::to_string(type), {.mode = type | 0600, .rdev = 0x123456789abcull});
    EXPECT_EQ(made.mode, type | 0600);
    EXPECT_EQ(Get(made.ino).rdev, device ? 0x123456789abcull : 0) << type;
  }
  EXPECT_THAT(List(root_)[0].type, uint32_t{S_IFCHR});
  ExpectSound();
}

TEST_F(CreateTest, UnknownTypeFails) {
  EXPECT_ERRNO(names_->Create(root_, "x", {.mode = 0644}), EINVAL);
  EXPECT_ERRNO(names_->Create(root_, "x", {.mode = 0170000 | 0644}), EINVAL);
  EXPECT_THAT(NamesIn(root_), ElementsAre());
}

TEST_F(CreateTest, SetGidParentPassesItsGroupOnAndToDirectoriesTheBit) {
  const Inode parent = MustCreate(root_, "p", {.mode = S_IFDIR | 02775, .gid = 77});
  const Inode file = MustCreate(parent.ino, "f", {.mode = S_IFREG | 0644, .gid = 5});
  EXPECT_EQ(file.gid, 77u);
  EXPECT_EQ(file.mode & S_ISGID, 0u);
  const Inode dir = MustCreate(parent.ino, "d", {.mode = S_IFDIR | 0755, .gid = 5});
  EXPECT_EQ(dir.gid, 77u);
  EXPECT_EQ(dir.mode & 07777, 02755u);
  NewInode symlink = SymlinkTo("t");
  symlink.gid = 5;
  EXPECT_EQ(MustCreate(parent.ino, "s", symlink).gid, 77u);
  EXPECT_EQ(MustCreate(root_, "plain", {.mode = S_IFDIR | 0755, .gid = 5}).gid, 5u);
}

TEST_F(CreateTest, TakenNameFailsAndChangesNothing) {
  MustCreate(root_, "f");
  const Inode parent = Get(root_);
  const ContainerCounters counters = names_->Counters(container_.id);
  Tick();
  for (const NewInode& what : {FileOf(), DirOf(), SymlinkTo("f")}) {
    EXPECT_ERRNO(names_->Create(root_, "f", what), EEXIST);
  }
  ExpectMoved(parent, kNothing, 0);
  EXPECT_EQ(names_->Counters(container_.id), counters);
  EXPECT_THAT(NamesIn(root_), ElementsAre("f"));
}

TEST_F(CreateTest, NeedsALivingDirectory) {
  const Inode file = MustCreate(root_, "f");
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_OK(names_->Rmdir(root_, "d"));
  EXPECT_ERRNO(names_->Create(file.ino, "x", FileOf()), ENOTDIR);
  EXPECT_ERRNO(names_->Create(InodeNo(999'999), "x", FileOf()), ENOENT);
  EXPECT_ERRNO(names_->Create(dir.ino, "x", FileOf()), ENOENT);  // removed, still open somewhere
  EXPECT_ERRNO(names_->Create(kRootInode, "x", DirOf()), EPERM);
  EXPECT_THAT(NamesIn(kRootInode), ElementsAre("c"));
  ExpectSound();
}

TEST_F(CreateTest, NothingIsMadeInAContainerThatIsBeingDeleted) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_OK(names_->StartDeleteContainer(container_.id, true));
  EXPECT_ERRNO(names_->Create(root_, "x", FileOf()), ENOENT);
  EXPECT_ERRNO(names_->Create(dir.ino, "x", FileOf()), ENOENT);
}

TEST_F(CreateTest, NamesAreBytesUpTo255) {
  const std::string longest(255, 'n');
  const std::string strange = "\xff\xfe\x80 \n\t\"\\\x01*";
  const std::string composed = "\xc3\xa9", decomposed = "e\xcc\x81";  // two names, no folding
  for (const std::string& name : {longest, strange, composed, decomposed, std::string("Aa"),
                                  std::string("aA"), std::string("...")}) {
    const Inode made = MustCreate(root_, name);
    ASSERT_OK_AND_ASSIGN(const Inode found, names_->Lookup(root_, name));
    EXPECT_EQ(found.ino, made.ino);
  }
  EXPECT_THAT(NamesIn(root_),
              ElementsAre(longest, strange, composed, decomposed, "Aa", "aA", "..."));
  EXPECT_ERRNO(names_->Lookup(root_, "AA"), ENOENT);
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_EQ(NamesIn(root_)[1], strange);
  ExpectSound();
}

TEST_F(CreateTest, BadNamesFailInEveryOperation) {
  const Inode file = MustCreate(root_, "f");
  const auto expect = [&](std::string_view name, int error) {
    SCOPED_TRACE(name.substr(0, 10));
    EXPECT_ERRNO(names_->Create(root_, name, FileOf()), error);
    EXPECT_ERRNO(names_->Lookup(root_, name), error);
    EXPECT_ERRNO(names_->Link(file.ino, root_, name), error);
    EXPECT_ERRNO(names_->Unlink(root_, name), error);
    EXPECT_ERRNO(names_->Rmdir(root_, name), error);
    EXPECT_ERRNO(names_->Rename(root_, name, root_, "g", 0), error);
    EXPECT_ERRNO(names_->Rename(root_, "f", root_, name, 0), error);
  };
  expect(std::string(256, 'n'), ENAMETOOLONG);
  for (std::string_view name : {std::string_view(""), std::string_view("."), std::string_view(".."),
                                std::string_view("a/b"), std::string_view("a\0b", 3)}) {
    expect(name, EINVAL);
  }
  EXPECT_THAT(NamesIn(root_), ElementsAre("f"));
}

TEST_F(CreateTest, CountersFollow) {
  const ContainerCounters before = names_->Counters(container_.id);
  EXPECT_EQ(before.inodes, 1u);
  MustCreate(root_, "f");
  MustCreate(root_, "d", DirOf());
  MustCreate(root_, "s", SymlinkTo("t"));
  const ContainerCounters after = names_->Counters(container_.id);
  EXPECT_EQ(after.inodes, 4u);
  EXPECT_EQ(after.files, 1u);
  EXPECT_EQ(after.current_bytes, 0u);
}

TEST_F(CreateTest, DirectoryHoldsNoMoreSubdirectoriesThanLinksCanCount) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_NO_FATAL_FAILURE(EditInode(dir.ino, [](Inode* inode) { inode->nlink = 0x7ffffffe; }));
  EXPECT_OK(names_->Create(dir.ino, "last", DirOf()));
  EXPECT_EQ(Get(dir.ino).nlink, 0x7fffffffu);
  EXPECT_ERRNO(names_->Create(dir.ino, "more", DirOf()), EMLINK);
  EXPECT_OK(names_->Create(dir.ino, "file", FileOf()));
  ASSERT_OK(names_->Rmdir(dir.ino, "last"));
  EXPECT_OK(names_->Create(dir.ino, "more", DirOf()));
}

TEST_F(CreateTest, NumbersAreNeverHandedOutAgain) {
  InodeNo last;
  uint64_t last_cookie = 0;
  for (int round = 0; round < 6; ++round) {
    const Inode made = MustCreate(root_, "f");
    EXPECT_GT(made.ino, last);
    last = made.ino;
    const std::vector<DirEntry> entries = List(root_);
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_GT(entries[0].cookie, last_cookie);
    last_cookie = entries[0].cookie;
    ASSERT_OK(names_->Unlink(root_, "f"));
    ASSERT_OK(names_->DeleteOrphan(made.ino));
    if (round % 2 == 0) {
      ASSERT_NO_FATAL_FAILURE(Reopen());
    } else {
      ASSERT_OK(names_->Commit());
      ASSERT_NO_FATAL_FAILURE(Crash(round));
    }
  }
}

TEST_F(CreateTest, AFailedCreateUsesUpNoNumber) {
  const Inode first = MustCreate(root_, "a");
  EXPECT_ERRNO(names_->Create(root_, "b", {.mode = 0644}), EINVAL);
  EXPECT_ERRNO(names_->Create(root_, "a", FileOf()), EEXIST);
  EXPECT_EQ(MustCreate(root_, "b").ino.value, first.ino.value + 1);
}

}  // namespace
}  // namespace oca::names
