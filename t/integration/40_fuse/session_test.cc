// A mount's beginning and end.
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <memory>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "fmt/format.h"
#include "fs/fuse/mounts.h"
#include "gtest/gtest.h"
#include "t/integration/40_fuse/mounted.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::fuse_test {
namespace {

// An engine and mounts of its own.
class Sessions : public testing::Test {
 protected:
  void SetUp() override {
    engine::Options options;
    options.fs = &io::PosixFileSystem();
    options.clock = &SystemClock();
    options.dir = home_.Path("data");
    options.memory_budget_bytes = 64u << 20;
    ASSERT_OK_AND_ASSIGN(engine_, engine::Filesystem::Open(options));
    engine::StorageGroup group;
    group.name = "G";
    ASSERT_OK_AND_ASSIGN(group_, engine_->AddGroup(group));
    ASSERT_OK_AND_ASSIGN(container_, AddContainer("c1"));
  }
  void TearDown() override {
    if (session_ != nullptr) {
      EXPECT_OK(session_->Unmount());
    }
    session_.reset();
    EXPECT_OK(engine_->Stop());
    engine_.reset();
    ASSERT_OK_AND_ASSIGN(std::vector<fuse::MountEntry> left, fuse::MountsOn(mountpoint_));
    EXPECT_TRUE(left.empty());
  }
  absl::StatusOr<engine::Container> AddContainer(const std::string& name) {
    engine::Container container;
    container.name = name;
    container.group = group_.id;
    return engine_->AddContainer(container);
  }
  fuse::Options MountOptions() {
    fuse::Options options;
    options.mountpoint = mountpoint_;
    return options;
  }
  absl::Status Mount() {
    auto session = fuse::Session::Mount(*engine_, MountOptions());
    if (session.ok()) session_ = *std::move(session);
    return session.status();
  }
  // What a daemon that was killed leaves behind.
  void LeaveDeadMount() {
    Fd channel(open("/dev/fuse", O_RDWR | O_CLOEXEC));
    ASSERT_GE(channel, 0);
    std::string options = fmt::format("fd={},rootmode=40000,user_id=0,group_id=0", int{channel});
    ASSERT_SYS(mount("oca", mountpoint_.c_str(), "fuse.oca", 0, options.c_str()));
    channel.Close();
    struct statvfs ignored;
    EXPECT_FAILS(statvfs(mountpoint_.c_str(), &ignored), ENOTCONN);
  }

  support::TempDir home_;
  const std::string mountpoint_ = home_.Path("mnt");
  std::unique_ptr<engine::Filesystem> engine_;
  engine::StorageGroup group_;
  engine::Container container_;
  std::unique_ptr<fuse::Session> session_;
};

TEST_F(Sessions, MountsAndUnmounts) {
  ASSERT_OK(Mount());
  EXPECT_EQ(session_->mountpoint(), mountpoint_);
  ASSERT_OK_AND_ASSIGN(std::vector<fuse::MountEntry> mounts, fuse::MountsOn(mountpoint_));
  ASSERT_EQ(mounts.size(), 1u);
  EXPECT_EQ(mounts[0].type, "fuse.oca");
  EXPECT_SYS(access((mountpoint_ + "/c1").c_str(), F_OK));
  EXPECT_OK(session_->Unmount());
  session_.reset();
  EXPECT_FAILS(access((mountpoint_ + "/c1").c_str(), F_OK), ENOENT);
  EXPECT_OK(Mount());  // once more, on the same engine
  EXPECT_SYS(access((mountpoint_ + "/c1").c_str(), F_OK));
}

TEST_F(Sessions, DeadMountIsTakenAway) {
  ASSERT_SYS(mkdir(mountpoint_.c_str(), 0755));
  LeaveDeadMount();
  ASSERT_OK(Mount());
  EXPECT_SYS(access((mountpoint_ + "/c1").c_str(), F_OK));
}

TEST_F(Sessions, LivingMountIsLeftAlone) {
  ASSERT_OK(Mount());
  auto second = fuse::Session::Mount(*engine_, MountOptions());
  EXPECT_THAT(second, support::StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_SYS(access((mountpoint_ + "/c1").c_str(), F_OK));
}

TEST_F(Sessions, FilesBelowTheMountpointAreNotHidden) {
  ASSERT_SYS(mkdir(mountpoint_.c_str(), 0755));
  ASSERT_SYS(mkdir((mountpoint_ + "/precious").c_str(), 0755));
  absl::Status status = Mount();
  EXPECT_THAT(status, support::StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_NE(MessageOf(status).find("precious"), std::string_view::npos);
}

TEST_F(Sessions, MountpointMustBeADirectory) {
  Fd file(open(mountpoint_.c_str(), O_CREAT | O_WRONLY, 0644));
  EXPECT_ERRNO(Mount(), ENOTDIR);
  fuse::Options options = MountOptions();
  options.mountpoint = home_.Path("none/mnt");
  EXPECT_ERRNO(fuse::Session::Mount(*engine_, options), ENOENT);
}

// What has a file of the mount open and mapped: a process as in InAnotherProcess. Parent and child
// give each other turns by the pipes. The child takes no memory.
class UserOfTheMount {
 public:
  // Begins before the mount, lest it hold the mount's channel too.
  explicit UserOfTheMount(std::string path) : path_(std::move(path)) {
    if (pipe2(to_user_, O_CLOEXEC) != 0 || pipe2(from_user_, O_CLOEXEC) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      close(to_user_[1]);  // so that it ends with the parent
      _exit(Use());
    }
  }
  ~UserOfTheMount() {
    for (int end : {to_user_[0], to_user_[1], from_user_[0], from_user_[1]}) close(end);
  }
  void OpenAndMap() { TakeTurns(); }
  // 0 when reads and writes fail.
  int UseInVain() {
    TakeTurns();
    int status = -1;
    return waitpid(pid_, &status, 0) == pid_ ? status : -1;
  }

 private:
  static void Give(int end) {
    const char turn = 0;
    if (write(end, &turn, 1) != 1) _exit(2);
  }
  static void Take(int end) {
    char turn;
    if (read(end, &turn, 1) != 1) _exit(3);
  }
  void TakeTurns() {
    Give(to_user_[1]);
    Take(from_user_[0]);
  }
  int Use() const {
    static char page[4096];
    Take(to_user_[0]);
    int fd = open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (write(fd, page, sizeof page) != sizeof page) return 4;
    void* map = mmap(nullptr, sizeof page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) return 5;
    std::memcpy(map, "mapped", 6);
    Give(from_user_[1]);
    Take(to_user_[0]);
    const bool in_vain = pread(fd, page, 1, 100'000) == -1 && write(fd, "x", 1) == -1;
    Give(from_user_[1]);
    return in_vain ? 0 : 6;
  }

  const std::string path_;
  int to_user_[2];
  int from_user_[2];
  pid_t pid_;
};

TEST_F(Sessions, UnmountDetachesWhenInUseAndLosesNothing) {
  const std::string path = mountpoint_ + "/c1/f";
  UserOfTheMount user(path);
  ASSERT_OK(Mount());
  user.OpenAndMap();
  EXPECT_OK(session_->Unmount());
  session_.reset();
  EXPECT_EQ(user.UseInVain(), 0);
  ASSERT_OK(Mount());
  Fd again(open(path.c_str(), O_RDONLY));
  ASSERT_GE(again, 0);
  char text[6];
  EXPECT_EQ(read(again, text, 6), 6);
  EXPECT_EQ(std::string(text, 6), "mapped");
}

TEST_F(Sessions, UnmountEndsThoughAnotherMountNamespaceHasTheMount) {
  ASSERT_OK(Mount());
  absl::Notification copied, unmounted;
  std::thread other([&] {
    EXPECT_SYS(unshare(CLONE_NEWNS));
    EXPECT_SYS(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
    copied.Notify();
    unmounted.WaitForNotification();
    struct statvfs ignored;
    EXPECT_FAILS(statvfs(mountpoint_.c_str(), &ignored), ENOTCONN);
  });
  copied.WaitForNotification();
  EXPECT_OK(session_->Unmount());
  session_.reset();
  unmounted.Notify();
  other.join();
  EXPECT_OK(Mount());
  EXPECT_SYS(access((mountpoint_ + "/c1").c_str(), F_OK));
}

TEST_F(Sessions, TellsWhenSomebodyUnmounted) {
  absl::Notification unmounted;
  fuse::Options options = MountOptions();
  options.on_unmounted = [&] { unmounted.Notify(); };
  ASSERT_OK_AND_ASSIGN(session_, fuse::Session::Mount(*engine_, options));
  ASSERT_SYS(umount2(mountpoint_.c_str(), 0));
  EXPECT_TRUE(unmounted.WaitForNotificationWithTimeout(absl::Seconds(10)));
  EXPECT_OK(session_->Unmount());
}

TEST_F(Sessions, UnlinkedOpenFileOfALostConnectionIsReleased) {
  ASSERT_OK(Mount());
  std::string path = mountpoint_ + "/c1/f";
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT, 0644));
  ASSERT_EQ(write(fd, "abc", 3), 3);
  ASSERT_SYS(unlink(path.c_str()));
  EXPECT_OK(session_->Unmount());
  session_.reset();
  ASSERT_OK(engine_->DeleteContainer(container_.id, /*with_files=*/true));
}

TEST_F(Sessions, ContainersMadeAndDeletedElsewhereShowAtOnce) {
  ASSERT_OK(Mount());
  std::string path = mountpoint_ + "/new";
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_FAILS(access(path.c_str(), F_OK), ENOENT);
    struct stat root;
    ASSERT_SYS(stat(mountpoint_.c_str(), &root));
    nlink_t links = root.st_nlink;
    ASSERT_OK_AND_ASSIGN(engine::Container made, AddContainer("new"));
    session_->InvalidateEntry(names::kRootInode, "new");
    EXPECT_SYS(access(path.c_str(), F_OK));
    ASSERT_SYS(stat(mountpoint_.c_str(), &root));
    EXPECT_EQ(root.st_nlink, links + 1);
    EXPECT_SYS(mkdir((path + "/d").c_str(), 0755));
    EXPECT_SYS(rmdir((path + "/d").c_str()));
    ASSERT_OK(engine_->DeleteContainer(made.id, /*with_files=*/false));
    session_->InvalidateEntry(names::kRootInode, "new");
    EXPECT_FAILS(access(path.c_str(), F_OK), ENOENT);
    ASSERT_SYS(stat(mountpoint_.c_str(), &root));
    EXPECT_EQ(root.st_nlink, links);
  }
}

}  // namespace
}  // namespace oca::fuse_test
