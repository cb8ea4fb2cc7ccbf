// Modes, owners, times, sizes and what changes them.
#include <sys/ioctl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "t/integration/40_fuse/mounted.h"
#include "t/support/status_matchers.h"

namespace oca::fuse_test {
namespace {

using Attributes = Mounted;

constexpr timespec kNow{0, UTIME_NOW};
constexpr timespec kOmit{0, UTIME_OMIT};

bool Same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

int SetTimes(const std::string& path, timespec atime, timespec mtime, int flags = 0) {
  timespec times[2] = {atime, mtime};
  return utimensat(AT_FDCWD, path.c_str(), times, flags);
}

TEST_F(Attributes, NewFileBelongsToItsMaker) {
  WriteFile(Path("f"), std::string(1000, 'x'));
  struct stat st = Stat(Path("f"));
  EXPECT_EQ(st.st_mode, S_IFREG | 0644u);
  EXPECT_EQ(st.st_uid, geteuid());
  EXPECT_EQ(st.st_gid, getegid());
  EXPECT_EQ(st.st_nlink, 1u);
  EXPECT_EQ(st.st_size, 1000);
  EXPECT_EQ(st.st_blocks, 2);
  EXPECT_EQ(st.st_blksize, 1 << 20);
  EXPECT_TRUE(Same(st.st_mtim, st.st_ctim));
}

TEST_F(Attributes, UmaskIsApplied) {
  mode_t old = umask(077);
  WriteFile(Path("f"), "");
  EXPECT_SYS(mkdir(Path("d").c_str(), 0777));
  EXPECT_SYS(mknod(Path("n").c_str(), S_IFIFO | 0666, 0));
  umask(old);
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 0600u);
  EXPECT_EQ(Stat(Path("d")).st_mode & 07777, 0700u);
  EXPECT_EQ(Stat(Path("n")).st_mode & 07777, 0600u);
}

TEST_F(Attributes, ChmodSetsAllBits) {
  WriteFile(Path("f"), "");
  for (mode_t mode : {07777u, 04755u, 0u, 0640u, 01777u}) {
    ASSERT_SYS(chmod(Path("f").c_str(), mode));
    EXPECT_EQ(Stat(Path("f")).st_mode, S_IFREG | mode);
  }
  EXPECT_FAILS(chmod(Path("none").c_str(), 0644), ENOENT);
}

TEST_F(Attributes, ChownSetsWhatIsNamed) {
  WriteFile(Path("f"), "");
  ASSERT_SYS(chown(Path("f").c_str(), 1000, 2000));
  ASSERT_SYS(chown(Path("f").c_str(), static_cast<uid_t>(-1), 3000));
  EXPECT_EQ(Stat(Path("f")).st_uid, 1000u);
  EXPECT_EQ(Stat(Path("f")).st_gid, 3000u);
  struct stat before = Stat(Path("f"));
  ASSERT_SYS(chown(Path("f").c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(-1)));
  EXPECT_EQ(Stat(Path("f")).st_uid, 1000u);
  EXPECT_FALSE(Later(before.st_ctim, Stat(Path("f")).st_ctim));
  ASSERT_SYS(symlink("none", Path("l").c_str()));
  ASSERT_SYS(lchown(Path("l").c_str(), 7, 8));
  EXPECT_EQ(LStat(Path("l")).st_uid, 7u);
}

TEST_F(Attributes, TimesAreKeptToTheNanosecond) {
  WriteFile(Path("f"), "");
  for (timespec time : {timespec{1234567890, 123456789}, timespec{0, 1}, timespec{-5, 999999999},
                        timespec{4102444800, 1}, timespec{-2000000000, 0}}) {
    ASSERT_SYS(SetTimes(Path("f"), time, {time.tv_sec + 1, time.tv_nsec}));
    struct stat st = Stat(Path("f"));
    EXPECT_TRUE(Same(st.st_atim, time)) << st.st_atim.tv_sec << " " << st.st_atim.tv_nsec;
    EXPECT_TRUE(Same(st.st_mtim, {time.tv_sec + 1, time.tv_nsec}));
  }
  DropCaches();
  EXPECT_TRUE(Same(Stat(Path("f")).st_atim, {-2000000000, 0}));
}

TEST_F(Attributes, TimesNowAndOmit) {
  WriteFile(Path("f"), "");
  ASSERT_SYS(SetTimes(Path("f"), {100, 5}, {200, 6}));
  ASSERT_SYS(SetTimes(Path("f"), kOmit, {300, 7}));
  EXPECT_TRUE(Same(Stat(Path("f")).st_atim, {100, 5}));
  EXPECT_TRUE(Same(Stat(Path("f")).st_mtim, {300, 7}));
  timespec start;
  ASSERT_SYS(clock_gettime(CLOCK_REALTIME, &start));
  ASSERT_SYS(SetTimes(Path("f"), kNow, kOmit));
  EXPECT_FALSE(Later(start, Stat(Path("f")).st_atim));
  EXPECT_TRUE(Same(Stat(Path("f")).st_mtim, {300, 7}));
  ASSERT_SYS(SetTimes(Path("f"), kOmit, kNow));
  EXPECT_FALSE(Later(start, Stat(Path("f")).st_mtim));
  ASSERT_SYS(symlink("none", Path("l").c_str()));
  ASSERT_SYS(SetTimes(Path("l"), {1, 2}, {3, 4}, AT_SYMLINK_NOFOLLOW));
  EXPECT_TRUE(Same(LStat(Path("l")).st_mtim, {3, 4}));
}

// Each change must move exactly the times that POSIX names.
TEST_F(Attributes, ChangesMoveTheTimesThatTheyShould) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  auto moves = [&](const char* what, const std::function<void()>& change, bool mtime,
                   bool dir_mtime) {
    SCOPED_TRACE(what);
    struct stat file = Stat(Path("f")), folder = Stat(dir());
    change();
    struct stat file_after = Stat(Path("f")), folder_after = Stat(dir());
    EXPECT_TRUE(Later(file_after.st_ctim, file.st_ctim));
    EXPECT_EQ(Later(file_after.st_mtim, file.st_mtim), mtime);
    EXPECT_EQ(Later(folder_after.st_mtim, folder.st_mtim), dir_mtime);
    EXPECT_EQ(Later(folder_after.st_ctim, folder.st_ctim), dir_mtime);
  };
  std::string path = Path("f"), second = Path("g");
  moves(
      "chmod", [&] { EXPECT_SYS(chmod(path.c_str(), 0600)); }, false, false);
  moves(
      "chown", [&] { EXPECT_SYS(chown(path.c_str(), 1, 1)); }, false, false);
  moves(
      "link", [&] { EXPECT_SYS(link(path.c_str(), second.c_str())); }, false, true);
  moves(
      "unlink", [&] { EXPECT_SYS(unlink(second.c_str())); }, false, true);
  moves(
      "setxattr", [&] { EXPECT_SYS(setxattr(path.c_str(), "user.a", "b", 1, 0)); }, false, false);
  moves(
      "removexattr", [&] { EXPECT_SYS(removexattr(path.c_str(), "user.a")); }, false, false);
  moves(
      "truncate", [&] { EXPECT_SYS(truncate(path.c_str(), 50)); }, true, false);
  moves(
      "O_TRUNC", [&] { Open(path, O_WRONLY | O_TRUNC); }, true, false);
  Fd stream = Open(path, O_WRONLY), cached = Open(path, O_RDWR);
  moves(
      "stream write", [&] { EXPECT_EQ(write(stream, "a", 1), 1); }, true, false);
  moves(
      "cached write", [&] { EXPECT_EQ(write(cached, "a", 1), 1); }, true, false);
  moves(
      "fallocate", [&] { EXPECT_SYS(fallocate(cached, 0, 0, 1000)); }, true, false);
  moves(
      "create beside",
      [&] {
        WriteFile(second, "");
        EXPECT_SYS(chmod(path.c_str(), 0644));
      },
      false, true);
}

TEST_F(Attributes, ReadingDoesNotMoveAtime) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(SetTimes(Path("f"), {100, 0}, {200, 0}));
  DropCaches();
  EXPECT_EQ(ReadFile(Path("f")), "x");
  EXPECT_TRUE(Same(Stat(Path("f")).st_atim, {100, 0}));
}

TEST_F(Attributes, SizeIsNeverStale) {
  Fd stream = Open(Path("f"), O_WRONLY | O_CREAT);
  Fd cached = Open(Path("f"), O_RDWR);
  off_t size = 0;
  for (int i = 0; i < 50; ++i) {
    std::string bytes(1000 + i, 'x');
    ASSERT_EQ(pwrite(i % 2 == 0 ? stream : cached, bytes.data(), bytes.size(), size),
              static_cast<ssize_t>(bytes.size()));
    size += static_cast<off_t>(bytes.size());
    ASSERT_EQ(Stat(Path("f")).st_size, size);
  }
}

TEST_F(Attributes, WritesByOthersTakeSetUidAway) {
  for (int access : {O_WRONLY, O_RDWR}) {
    for (bool marked_after_open : {false, true}) {
      SCOPED_TRACE(testing::Message() << "access " << access << " after " << marked_after_open);
      WriteFile(Path("f"), "x");
      ASSERT_SYS(chmod(Path("f").c_str(), 0666));
      if (!marked_after_open) {
        ASSERT_SYS(chmod(Path("f").c_str(), 06777));
      }
      Fd fd = Open(Path("f"), access);
      if (marked_after_open) {
        ASSERT_SYS(chmod(Path("f").c_str(), 06777));
      }
      EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 06777u);
      EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return static_cast<int>(write(fd, "y", 1)); }), 0);
      EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 0777u);
      ASSERT_SYS(unlink(Path("f").c_str()));
    }
  }
}

TEST_F(Attributes, WritesByRootKeepSetUid) {
  WriteFile(Path("f"), "x");
  for (int access : {O_WRONLY, O_RDWR}) {
    Fd fd = Open(Path("f"), access);
    ASSERT_SYS(chmod(Path("f").c_str(), 04755));
    EXPECT_EQ(write(fd, "y", 1), 1);
    EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 04755u);
  }
}

TEST_F(Attributes, WritesTakeCapabilitiesAway) {
  // struct vfs_cap_data, version 2, cap_net_raw.
  const std::string capability(
      "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);
  for (int access : {O_WRONLY, O_RDWR}) {
    for (bool marked_after_open : {false, true}) {
      SCOPED_TRACE(testing::Message() << "access " << access << " after " << marked_after_open);
      WriteFile(Path("f"), "x");
      Fd fd;
      if (marked_after_open) fd = Open(Path("f"), access);
      ASSERT_SYS(setxattr(Path("f").c_str(), "security.capability", capability.data(),
                          capability.size(), 0));
      if (!marked_after_open) fd = Open(Path("f"), access);
      EXPECT_EQ(write(fd, "y", 1), 1);
      char value[64];
      EXPECT_FAILS(getxattr(Path("f").c_str(), "security.capability", value, sizeof value),
                   ENODATA);
      fd.Close();
      ASSERT_SYS(unlink(Path("f").c_str()));
    }
  }
}

TEST_F(Attributes, TruncateAndChownTakeSetUidAway) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(chmod(Path("f").c_str(), 04777));
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return truncate(Path("f").c_str(), 0); }), 0);
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 0777u);
  ASSERT_SYS(chmod(Path("f").c_str(), 06777));
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return open(Path("f").c_str(), O_WRONLY | O_TRUNC); }),
            0);
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 0777u);
  ASSERT_SYS(chmod(Path("f").c_str(), 06777));
  ASSERT_SYS(chown(Path("f").c_str(), 1, 1));
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 0777u);
}

TEST_F(Attributes, SetGidDirectoriesPassTheirGroupOn) {
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  ASSERT_SYS(chown(Path("d").c_str(), 0, 4242));
  ASSERT_SYS(chmod(Path("d").c_str(), 02755));
  WriteFile(Path("d/f"), "");
  ASSERT_SYS(mkdir(Path("d/e").c_str(), 0755));
  ASSERT_SYS(symlink("x", Path("d/l").c_str()));
  EXPECT_EQ(Stat(Path("d/f")).st_gid, 4242u);
  EXPECT_EQ(Stat(Path("d/f")).st_mode & 07777, 0644u);
  EXPECT_EQ(Stat(Path("d/e")).st_gid, 4242u);
  EXPECT_EQ(Stat(Path("d/e")).st_mode & 07777, 02755u);
  EXPECT_EQ(LStat(Path("d/l")).st_gid, 4242u);
}

TEST_F(Attributes, StatFsTellsOfTheContainer) {
  struct statvfs vfs;
  ASSERT_SYS(statvfs(dir().c_str(), &vfs));
  EXPECT_EQ(vfs.f_namemax, 255u);
  EXPECT_GT(vfs.f_blocks, 0u);
  EXPECT_GT(vfs.f_bavail, 0u);
  EXPECT_LE(vfs.f_bavail, vfs.f_blocks);
  // What is in use can be told from both: here the container's folder, and then a file.
  const uint64_t used = vfs.f_files - vfs.f_ffree;
  WriteFile(Path("f"), "x");
  ASSERT_SYS(statvfs(dir().c_str(), &vfs));
  EXPECT_EQ(vfs.f_files - vfs.f_ffree, used + 1);
  EXPECT_LT(used, 1000u);
  struct statfs fs;
  ASSERT_SYS(statfs(dir().c_str(), &fs));
  EXPECT_EQ(fs.f_type, 0x65735546);  // FUSE_SUPER_MAGIC
  EXPECT_EQ(fs.f_flags & ST_NOSUID, ST_NOSUID);
  EXPECT_EQ(fs.f_flags & ST_NODEV, ST_NODEV);
}

TEST_F(Attributes, StatFsShowsTheQuota) {
  engine::StorageGroup group = Engine().ListGroups().at(0);
  engine::StorageGroup limited = group;
  limited.quota_bytes = 1ull << 30;
  ASSERT_OK(Engine().UpdateGroup(limited));
  struct statvfs vfs;
  EXPECT_SYS(statvfs(dir().c_str(), &vfs));
  EXPECT_EQ(vfs.f_blocks * vfs.f_frsize, 1ull << 30);
  EXPECT_LE(vfs.f_bavail * vfs.f_frsize, 1ull << 30);
  ASSERT_OK(Engine().UpdateGroup(group));
}

TEST_F(Attributes, IoctlsAreNotForUs) {
  WriteFile(Path("f"), "x");
  Fd fd = Open(Path("f"), O_RDWR);
  int argument = 0;
  EXPECT_FAILS(ioctl(fd, TIOCGWINSZ, &argument), ENOTTY);
}

}  // namespace
}  // namespace oca::fuse_test
