#include "fs/fuse/mounts.h"

#include <sys/stat.h>
#include <unistd.h>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::fuse {
namespace {

TEST(Mounts, ParseReadsDirectoryAndType) {
  std::vector<MountEntry> entries = ParseMountInfo(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 /dev/root rw,errors=continue\n"
      "70 28 0:50 / /oca rw,nosuid,nodev - fuse.oca oca rw,user_id=0\n");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].directory, "/mnt2");
  EXPECT_EQ(entries[0].type, "ext3");
  EXPECT_EQ(entries[1].directory, "/oca");
  EXPECT_EQ(entries[1].type, "fuse.oca");
}

TEST(Mounts, ParseUnescapesOctal) {
  std::vector<MountEntry> entries =
      ParseMountInfo("70 28 0:50 / /a\\040b\\134c\\011d\\08 rw - fuse.oca oca rw\n");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].directory, "/a b\\c\td\\08");
}

TEST(Mounts, ParsePassesOverBrokenLines) {
  EXPECT_TRUE(ParseMountInfo("").empty());
  EXPECT_TRUE(ParseMountInfo("\n\nx\n1 2 3\n1 2 3 4 5 6 7 8\n1 2 3 4 5 6 -\n").empty());
}

TEST(Mounts, MountsOnFindsTheRootFilesystem) {
  ASSERT_OK_AND_ASSIGN(std::vector<MountEntry> mounts, MountsOn("/"));
  EXPECT_FALSE(mounts.empty());
  support::TempDir dir;
  ASSERT_OK_AND_ASSIGN(mounts, MountsOn(dir.path()));
  EXPECT_TRUE(mounts.empty());
}

TEST(Mounts, CanonicalMountpointFollowsLinksOfTheParent) {
  support::TempDir dir;
  ASSERT_EQ(mkdir(dir.Path("real").c_str(), 0755), 0);
  ASSERT_EQ(symlink("real", dir.Path("link").c_str()), 0);
  ASSERT_OK_AND_ASSIGN(std::string path, CanonicalMountpoint(dir.Path("link/mnt//")));
  EXPECT_EQ(path, dir.Path("real/mnt"));
  ASSERT_OK_AND_ASSIGN(path, CanonicalMountpoint("/mnt"));
  EXPECT_EQ(path, "/mnt");
}

TEST(Mounts, CanonicalMountpointRefusesWhatNamesNoFolder) {
  support::TempDir dir;
  EXPECT_ERRNO(CanonicalMountpoint(dir.Path("none/mnt")), ENOENT);
  for (const char* path : {"", "/", "/tmp/.", "/tmp/.."}) {
    EXPECT_ERRNO(CanonicalMountpoint(path), EINVAL) << path;
  }
}

TEST(Mounts, PrepareMakesTheFolderAndKeepsFilesVisible) {
  support::TempDir dir;
  std::string path = dir.Path("mnt");
  ASSERT_OK(PrepareMountpoint(path));
  ASSERT_OK(PrepareMountpoint(path));
  ASSERT_EQ(mkdir((path + "/x").c_str(), 0755), 0);
  EXPECT_THAT(PrepareMountpoint(path), support::StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(Mounts, UnmountOfAnUnmountedFolderIsInvalid) {
  support::TempDir dir;
  EXPECT_ERRNO(UnmountDirectory(dir.path(), false), EINVAL);
  EXPECT_ERRNO(UnmountDirectory(dir.path(), true), EINVAL);
}

}  // namespace
}  // namespace oca::fuse
