// Locked files through the mount, as root, to whom permissions mean nothing.
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/xattr.h>

#include <filesystem>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "t/integration/40_fuse/mounted.h"
#include "t/support/status_matchers.h"

namespace oca::fuse_test {
namespace {

class Retention : public Mounted {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Mounted::SetUp());
    static int number = 0;
    engine::Container container;
    container.name = fmt::format("locks{}", ++number);
    container.group = Engine().ListGroups()[0].id;
    ASSERT_OK_AND_ASSIGN(container, Engine().AddContainer(container));
    id_ = container.id;
    top_ = Root() + "/" + container.name;
    Engine().SetAttributesListener([](InodeNo ino) { Session().InvalidateAttributes(ino); });
    SetPolicy({.default_seconds = 3600});
  }
  void TearDown() override {
    Engine().SetAttributesListener(nullptr);
    Mounted::TearDown();
  }

  void SetPolicy(names::RetentionPolicy policy) {
    policy.mode = names::RetentionMode::kGovernance;
    policy.max_seconds = 86400;
    ASSERT_OK(Engine().SetRetention(id_, policy));
  }
  std::string In(std::string_view name) { return top_ + "/" + std::string(name); }
  int SetAtime(const std::string& path, time_t seconds) {
    const timespec times[2] = {{seconds, 0}, {0, UTIME_OMIT}};
    return utimensat(AT_FDCWD, path.c_str(), times, 0);
  }
  template <typename Condition>
  static bool Eventually(Condition condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    absl::Notification never;
    while (!condition()) {
      if (absl::Now() > deadline) return false;
      never.WaitForNotificationWithTimeout(absl::Milliseconds(20));
    }
    return true;
  }

  ContainerId id_;
  std::string top_;
};

TEST_F(Retention, ReadOnlyFilesAreLockedAgainstEverybody) {
  const std::string file = In("f"), other = In("g");
  WriteFile(file, "kept");
  WriteFile(other, "other");
  ASSERT_SYS(chmod(file.c_str(), 0444));
  EXPECT_GT(Stat(file).st_atime, time(nullptr) + 3000);
  EXPECT_FAILS(open(file.c_str(), O_WRONLY | O_CLOEXEC), EPERM);
  EXPECT_FAILS(open(file.c_str(), O_RDWR | O_CLOEXEC), EPERM);
  EXPECT_FAILS(open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC), EPERM);
  EXPECT_FAILS(truncate(file.c_str(), 0), EPERM);
  EXPECT_FAILS(unlink(file.c_str()), EPERM);
  EXPECT_FAILS(Move(file, In("h")), EPERM);
  EXPECT_FAILS(Move(other, file), EPERM);
  EXPECT_FAILS(link(file.c_str(), In("h").c_str()), EPERM);
  EXPECT_FAILS(chmod(file.c_str(), 0644), EPERM);
  EXPECT_FAILS(chown(file.c_str(), 5, 5), EPERM);
  EXPECT_FAILS(setxattr(file.c_str(), "user.a", "b", 1, 0), EPERM);
  EXPECT_FAILS(utimensat(AT_FDCWD, file.c_str(), nullptr, 0), EPERM);
  EXPECT_FAILS(SetAtime(file, time(nullptr) + 60), EPERM);
  EXPECT_EQ(ReadFile(file), "kept");
  EXPECT_SYS(chmod(file.c_str(), 0444));
}

// What the descriptor wrote before is what is locked; what it writes later is refused.
TEST_F(Retention, AnOpenDescriptorWritesNoMore) {
  const std::string file = In("f"), source = In("source");
  WriteFile(source, "source");
  const std::string data = RandomBytes(3'000'000, 1);
  Fd fd = Open(file, O_WRONLY | O_CREAT);
  ASSERT_EQ(write(fd, data.data(), data.size()), static_cast<ssize_t>(data.size()));
  ASSERT_SYS(fchmod(fd, 0444));
  EXPECT_FAILS(write(fd, "x", 1), EPERM);
  EXPECT_FAILS(pwrite(fd, "x", 1, 0), EPERM);
  EXPECT_FAILS(ftruncate(fd, 5), EPERM);
  EXPECT_FAILS(fallocate(fd, 0, 0, 4'000'000), EPERM);
  EXPECT_FAILS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), EPERM);
  Fd from = Open(source, O_RDONLY);
  EXPECT_FAILS(copy_file_range(from, nullptr, fd, nullptr, 6, 0), EPERM);
  EXPECT_SYS(fsync(fd));
  fd.Close();
  DropCaches();
  EXPECT_EQ(ReadFile(file), data);
}

TEST_F(Retention, TheAccessTimeNamesTheEndAndMovesOnlyOn) {
  const std::string file = In("f");
  WriteFile(file, "x");
  const time_t until = time(nullptr) + 7200;
  ASSERT_SYS(SetAtime(file, until));
  ASSERT_SYS(chmod(file.c_str(), 0444));
  EXPECT_EQ(Stat(file).st_atime, until);
  EXPECT_FAILS(SetAtime(file, until - 1), EPERM);
  EXPECT_SYS(SetAtime(file, until));
  EXPECT_SYS(SetAtime(file, until + 100));
  EXPECT_EQ(Stat(file).st_atime, until + 100);
  EXPECT_SYS(SetAtime(file, until + 400'000));  // further than the policy's maximum
  EXPECT_LE(Stat(file).st_atime, time(nullptr) + 86401);
}

TEST_F(Retention, AfterItsTimeTheFileIsAsAnyOther) {
  SetPolicy({.default_seconds = 1});
  const std::string file = In("f");
  WriteFile(file, "x");
  ASSERT_SYS(chmod(file.c_str(), 0444));
  EXPECT_FAILS(chmod(file.c_str(), 0644), EPERM);
  EXPECT_TRUE(Eventually([&] { return chmod(file.c_str(), 0644) == 0; }));
  WriteFile(file, "changed");
  EXPECT_EQ(ReadFile(file), "changed");
  EXPECT_SYS(unlink(file.c_str()));
}

TEST_F(Retention, TheAdministratorReleasesByPath) {
  ASSERT_SYS(mkdir(In("d").c_str(), 0755));
  const std::string file = In("d/f");
  WriteFile(file, "x");
  ASSERT_SYS(chmod(file.c_str(), 0444));
  EXPECT_FAILS(Move(In("d"), In("e")), EPERM);
  EXPECT_ERRNO(Engine().ReleaseLock(id_, "d/none"), ENOENT);
  EXPECT_ERRNO(Engine().ReleaseLock(id_, "d"), EISDIR);
  EXPECT_ERRNO(Engine().DeleteContainer(id_, /*with_files=*/true), EPERM);
  EXPECT_OK(Engine().ReleaseLock(id_, "/d/f"));
  EXPECT_SYS(chmod(file.c_str(), 0644));
  WriteFile(file, "changed");
  EXPECT_SYS(unlink(file.c_str()));
}

// The mount keeps attributes for an hour: it is told.
TEST_F(Retention, FilesThatDoNotChangeAreLockedAndTheMountShowsIt) {
  const std::string file = In("f"), open_file = In("open");
  WriteFile(file, "x");
  Fd fd = Open(open_file, O_WRONLY | O_CREAT);
  ASSERT_EQ(Stat(file).st_mode & 0777, 0644u);
  SetPolicy({.default_seconds = 3600, .auto_lock_seconds = 1});
  EXPECT_TRUE(Eventually([&] { return (Stat(file).st_mode & 0777) == 0444; }));
  EXPECT_GT(Stat(file).st_atime, time(nullptr) + 3000);
  EXPECT_FAILS(unlink(file.c_str()), EPERM);
  EXPECT_EQ(write(fd, "x", 1), 1);
  EXPECT_EQ(Stat(open_file).st_mode & 0777, 0644u);
}

TEST_F(Retention, FilesOfOtherContainersAreNotLocked) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(SetAtime(Path("f"), time(nullptr) + 7200));
  ASSERT_SYS(chmod(Path("f").c_str(), 0444));
  EXPECT_SYS(unlink(Path("f").c_str()));
}

}  // namespace
}  // namespace oca::fuse_test
