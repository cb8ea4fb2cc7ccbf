// rename(2) and its flags.
#include <linux/fs.h>

#include "t/integration/40_fuse/mounted.h"

namespace oca::fuse_test {
namespace {

using Renames = Mounted;

TEST_F(Renames, MovesAFile) {
  WriteFile(Path("a"), "x");
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  ino_t ino = Stat(Path("a")).st_ino;
  ASSERT_SYS(Move(Path("a"), Path("d/b")));
  EXPECT_FAILS(access(Path("a").c_str(), F_OK), ENOENT);
  EXPECT_EQ(Stat(Path("d/b")).st_ino, ino);
}

TEST_F(Renames, ReplacesAFile) {
  WriteFile(Path("a"), "new");
  WriteFile(Path("b"), "old");
  ASSERT_SYS(Move(Path("a"), Path("b")));
  EXPECT_EQ(ReadFile(Path("b")), "new");
  EXPECT_FAILS(access(Path("a").c_str(), F_OK), ENOENT);
}

TEST_F(Renames, ReplacedFileStaysForWhoHasItOpen) {
  WriteFile(Path("a"), "new");
  WriteFile(Path("b"), "old");
  Fd old = Open(Path("b"), O_RDWR);
  ASSERT_SYS(Move(Path("a"), Path("b")));
  char text[8] = {};
  EXPECT_EQ(pread(old, text, sizeof text, 0), 3);
  EXPECT_STREQ(text, "old");
  struct stat st;
  ASSERT_SYS(fstat(old, &st));
  EXPECT_EQ(st.st_nlink, 0u);
  EXPECT_EQ(pwrite(old, "still", 5, 0), 5);
  EXPECT_EQ(ReadFile(Path("b")), "new");
}

TEST_F(Renames, ToAnotherNameOfTheSameInodeDoesNothing) {
  WriteFile(Path("a"), "x");
  ASSERT_SYS(link(Path("a").c_str(), Path("b").c_str()));
  ASSERT_SYS(Move(Path("a"), Path("b")));
  EXPECT_EQ(Stat(Path("a")).st_nlink, 2u);
  EXPECT_EQ(Stat(Path("b")).st_nlink, 2u);
  ASSERT_SYS(Move(Path("a"), Path("a")));
}

TEST_F(Renames, DirectoryReplacesAnEmptyOneOnly) {
  ASSERT_SYS(mkdir(Path("a").c_str(), 0755));
  WriteFile(Path("a/f"), "x");
  ASSERT_SYS(mkdir(Path("b").c_str(), 0755));
  nlink_t links = Stat(dir()).st_nlink;
  ASSERT_SYS(Move(Path("a"), Path("b")));
  EXPECT_EQ(ReadFile(Path("b/f")), "x");
  EXPECT_EQ(Stat(dir()).st_nlink, links - 1);
  ASSERT_SYS(mkdir(Path("c").c_str(), 0755));
  EXPECT_FAILS(Move(Path("c"), Path("b")), ENOTEMPTY);
}

TEST_F(Renames, KeepsFilesAndDirectoriesApart) {
  WriteFile(Path("f"), "");
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  EXPECT_FAILS(Move(Path("f"), Path("d")), EISDIR);
  EXPECT_FAILS(Move(Path("d"), Path("f")), ENOTDIR);
}

TEST_F(Renames, RefusesToPutADirectoryBelowItself) {
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  ASSERT_SYS(mkdir(Path("d/e").c_str(), 0755));
  EXPECT_FAILS(Move(Path("d"), Path("d/x")), EINVAL);
  EXPECT_FAILS(Move(Path("d"), Path("d/e/x")), EINVAL);
  EXPECT_FAILS(Move(Path("d/e"), Path("d")), ENOTEMPTY);
}

TEST_F(Renames, RefusesMissingNamesAndOtherContainers) {
  WriteFile(Path("f"), "");
  EXPECT_FAILS(Move(Path("none"), Path("x")), ENOENT);
  EXPECT_FAILS(Move(Path("f"), Path("none/x")), ENOENT);
  EXPECT_FAILS(Move(Path("f"), Path("f/x")), ENOTDIR);
  EXPECT_FAILS(Move(Path("f"), other() + "/f"), EXDEV);
}

TEST_F(Renames, MovesLinkCountsOfParentsAndDotDot) {
  ASSERT_SYS(mkdir(Path("p").c_str(), 0755));
  ASSERT_SYS(mkdir(Path("q").c_str(), 0755));
  ASSERT_SYS(mkdir(Path("p/d").c_str(), 0755));
  EXPECT_EQ(Stat(Path("p")).st_nlink, 3u);
  ASSERT_SYS(Move(Path("p/d"), Path("q/d")));
  EXPECT_EQ(Stat(Path("p")).st_nlink, 2u);
  EXPECT_EQ(Stat(Path("q")).st_nlink, 3u);
  EXPECT_EQ(Stat(Path("q/d/..")).st_ino, Stat(Path("q")).st_ino);
}

TEST_F(Renames, NoReplaceRefusesAnExistingTarget) {
  WriteFile(Path("a"), "a");
  WriteFile(Path("b"), "b");
  EXPECT_FAILS(Move(Path("a"), Path("b"), RENAME_NOREPLACE), EEXIST);
  EXPECT_EQ(ReadFile(Path("b")), "b");
  ASSERT_SYS(Move(Path("a"), Path("c"), RENAME_NOREPLACE));
  EXPECT_EQ(ReadFile(Path("c")), "a");
}

TEST_F(Renames, ExchangeSwapsFiles) {
  WriteFile(Path("a"), "a");
  WriteFile(Path("b"), "b");
  ASSERT_SYS(Move(Path("a"), Path("b"), RENAME_EXCHANGE));
  EXPECT_EQ(ReadFile(Path("a")), "b");
  EXPECT_EQ(ReadFile(Path("b")), "a");
  EXPECT_FAILS(Move(Path("a"), Path("none"), RENAME_EXCHANGE), ENOENT);
}

TEST_F(Renames, ExchangeSwapsAFileAndADirectory) {
  ASSERT_SYS(mkdir(Path("p").c_str(), 0755));
  ASSERT_SYS(mkdir(Path("q").c_str(), 0755));
  ASSERT_SYS(mkdir(Path("p/x").c_str(), 0755));
  WriteFile(Path("p/x/inside"), "i");
  WriteFile(Path("q/x"), "file");
  ASSERT_SYS(Move(Path("p/x"), Path("q/x"), RENAME_EXCHANGE));
  EXPECT_EQ(ReadFile(Path("p/x")), "file");
  EXPECT_EQ(ReadFile(Path("q/x/inside")), "i");
  EXPECT_EQ(Stat(Path("p")).st_nlink, 2u);
  EXPECT_EQ(Stat(Path("q")).st_nlink, 3u);
  EXPECT_EQ(Stat(Path("q/x/..")).st_ino, Stat(Path("q")).st_ino);
  EXPECT_FAILS(Move(Path("q"), Path("q/x"), RENAME_EXCHANGE), EINVAL);
}

TEST_F(Renames, RefusesOtherFlags) {
  WriteFile(Path("a"), "a");
  WriteFile(Path("b"), "b");
  EXPECT_FAILS(Move(Path("a"), Path("b"), RENAME_NOREPLACE | RENAME_EXCHANGE), EINVAL);
  EXPECT_FAILS(Move(Path("a"), Path("c"), RENAME_WHITEOUT), EINVAL);
}

TEST_F(Renames, MovesTimes) {
  WriteFile(Path("a"), "a");
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  struct stat file = Stat(Path("a")), from = Stat(dir()), to = Stat(Path("d"));
  ASSERT_SYS(Move(Path("a"), Path("d/a")));
  EXPECT_TRUE(Later(Stat(Path("d/a")).st_ctim, file.st_ctim));
  EXPECT_FALSE(Later(Stat(Path("d/a")).st_mtim, file.st_mtim));
  EXPECT_TRUE(Later(Stat(dir()).st_mtim, from.st_mtim));
  EXPECT_TRUE(Later(Stat(Path("d")).st_mtim, to.st_mtim));
}

}  // namespace
}  // namespace oca::fuse_test
