// The shipped program: start, stop, crash, second start.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>

#include "fmt/format.h"
#include "fs/engine/filesystem.h"
#include "fs/fuse/mounts.h"
#include "gtest/gtest.h"
#include "t/support/process.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::fuse_test {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

class Ocafsd : public testing::Test {
 protected:
  void SetUp() override {
    engine::Options options;
    options.fs = &io::PosixFileSystem();
    options.clock = &SystemClock();
    options.dir = home_.Path("data");
    ASSERT_OK_AND_ASSIGN(std::unique_ptr<engine::Filesystem> engine,
                         engine::Filesystem::Open(options));
    engine::StorageGroup group;
    group.name = "G";
    ASSERT_OK_AND_ASSIGN(group, engine->AddGroup(group));
    engine::Container container;
    container.name = "c1";
    container.group = group.id;
    ASSERT_OK(engine->AddContainer(container));
    ASSERT_OK(engine->Stop());
    BindNotifySocket();
  }
  void TearDown() override {
    if (daemon_ != nullptr) {
      daemon_->Signal(SIGTERM);
      EXPECT_TRUE(daemon_->WaitForEnd(kPatience));
    }
    daemon_.reset();
    close(notify_fd_);
    ASSERT_OK_AND_ASSIGN(std::vector<fuse::MountEntry> left, fuse::MountsOn(mountpoint_));
    EXPECT_TRUE(left.empty());
    if (HasFailure()) fprintf(stderr, "%s", support::ReadText(output_).c_str());
  }
  void BindNotifySocket() {
    notify_fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    std::string path = home_.Path("notify");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(bind(notify_fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    timeval limit{30, 0};
    ASSERT_EQ(setsockopt(notify_fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  }
  std::vector<std::string> Command(std::vector<std::string> more = {}) {
    std::vector<std::string> command = {"/usr/bin/env", "NOTIFY_SOCKET=" + home_.Path("notify"),
                                        OCA_BINARY_DIR "/ocafsd", "--home", home_.path()};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  // What the daemon says next, but for its heartbeats.
  std::string NextNotice() {
    for (;;) {
      char text[64];
      const ssize_t n = recv(notify_fd_, text, sizeof text, 0);
      std::string notice(text, n > 0 ? n : 0);
      if (notice != "WATCHDOG=1") return notice;
    }
  }
  void Start(std::vector<std::string> more = {}) {
    daemon_ = std::make_unique<support::Process>(Command(std::move(more)), output_);
    ASSERT_EQ(NextNotice(), "READY=1") << support::ReadText(output_);
  }
  void Stop() {
    daemon_->Signal(SIGTERM);
    ASSERT_TRUE(daemon_->WaitForEnd(kPatience));
    EXPECT_EQ(daemon_->exit_code(), 0) << support::ReadText(output_);
    daemon_.reset();
    EXPECT_EQ(NextNotice(), "STOPPING=1");
  }
  void WriteFile(const std::string& name, std::string_view contents) {
    std::ofstream out(mountpoint_ + "/c1/" + name, std::ios::binary);
    out << contents << std::flush;
    EXPECT_TRUE(out);
  }
  std::string ReadFile(const std::string& name) {
    return support::ReadText(mountpoint_ + "/c1/" + name);
  }

  support::TempDir home_;
  const std::string mountpoint_ = home_.Path("mnt");
  const std::string output_ = home_.Path("output");
  int notify_fd_ = -1;
  std::unique_ptr<support::Process> daemon_;
};

TEST_F(Ocafsd, ServesStopsAndServesAgain) {
  Start();
  std::string bytes(3'000'000, 'x');
  bytes += "end";
  WriteFile("f", bytes);
  EXPECT_TRUE(ReadFile("f") == bytes);
  EXPECT_EQ(support::ReadText(home_.Path("run/ocafsd.pid")), fmt::format("{}\n", daemon_->pid()));
  Stop();
  EXPECT_FALSE(std::filesystem::exists(home_.Path("run/ocafsd.pid")));
  EXPECT_FALSE(std::filesystem::exists(home_.Path("run/ocafsd.sock")));
  EXPECT_TRUE(std::filesystem::is_empty(mountpoint_));
  Start();
  EXPECT_TRUE(ReadFile("f") == bytes);
}

TEST_F(Ocafsd, StartsAgainAfterSigkillOnItsDeadMount) {
  Start();
  WriteFile("f", "synced");
  int fd = open((mountpoint_ + "/c1/f").c_str(), O_RDONLY);
  ASSERT_EQ(fsync(fd), 0);
  daemon_->Signal(SIGKILL);
  ASSERT_TRUE(daemon_->WaitForEnd(kPatience));
  daemon_.reset();
  struct statvfs ignored;
  EXPECT_EQ(statvfs(mountpoint_.c_str(), &ignored), -1);
  EXPECT_EQ(errno, ENOTCONN);
  Start();  // with a file of the dead mount still open
  close(fd);
  EXPECT_EQ(ReadFile("f"), "synced");
}

TEST_F(Ocafsd, SynchronousWritesSurviveSigkill) {
  Start();
  for (int access : {O_WRONLY, O_RDWR}) {
    for (int sync : {O_SYNC, O_DSYNC}) {
      std::string path = fmt::format("{}/c1/f{}-{}", mountpoint_, access, sync);
      int fd = open(path.c_str(), access | sync | O_CREAT, 0644);
      ASSERT_GE(fd, 0);
      ASSERT_EQ(write(fd, "synced", 6), 6);
      daemon_->Signal(SIGKILL);
      ASSERT_TRUE(daemon_->WaitForEnd(kPatience));
      close(fd);
      Start();
      EXPECT_EQ(support::ReadText(path), "synced") << path;
    }
  }
}

TEST_F(Ocafsd, StopsGracefullyWhileFilesAreInUse) {
  Start();
  std::string path = mountpoint_ + "/c1/f";
  int fd = open(path.c_str(), O_RDWR | O_CREAT, 0644);
  ASSERT_EQ(write(fd, "in use", 6), 6);
  Stop();
  close(fd);
  Start();
  EXPECT_EQ(ReadFile("f"), "in use");
}

TEST_F(Ocafsd, RefusesASecondInstance) {
  Start();
  std::string output = home_.Path("second");
  support::Process second(Command(), output);
  ASSERT_TRUE(second.WaitForEnd(kPatience));
  EXPECT_EQ(second.exit_code(), 1);
  EXPECT_NE(
      support::ReadText(output).find(fmt::format("already running as process {}", daemon_->pid())),
      std::string::npos);
  WriteFile("f", "still served");
  EXPECT_EQ(ReadFile("f"), "still served");
}

TEST_F(Ocafsd, EndsWhenSomebodyUnmounts) {
  Start();
  WriteFile("f", "kept");
  ASSERT_EQ(umount2(mountpoint_.c_str(), 0), 0);
  ASSERT_TRUE(daemon_->WaitForEnd(kPatience));
  EXPECT_EQ(daemon_->exit_code(), 0);
  daemon_.reset();
  char text[64];
  EXPECT_GT(recv(notify_fd_, text, sizeof text, 0), 0);
  Start();
  EXPECT_EQ(ReadFile("f"), "kept");
}

TEST_F(Ocafsd, TellsWhatIsWrongWithItsArguments) {
  struct Case {
    std::vector<std::string> arguments;
    int code;
    std::string text;
  };
  std::string config = home_.Path("bad.toml");
  std::ofstream(config) << "[fs]\nworker = 2\n";
  for (const Case& c : {
           Case{{"--nonsense"}, 2, "--nonsense"},
           Case{{"--config", "/none.toml"}, 2, "/none.toml"},
           Case{{"--config", config},
                2,
                "bad.toml:2: unknown key in [fs]: \"worker\"; did you mean \"workers\"?"},
           Case{{"--mount", "/none/mnt"}, 1, "/none/mnt"},
           Case{{"--help"}, 0, "--home"},
           Case{{"--version"}, 0, "ocafsd "},
       }) {
    std::string output = home_.Path("out");
    std::filesystem::remove(output);
    support::Process process(Command(c.arguments), output);
    ASSERT_TRUE(process.WaitForEnd(kPatience));
    EXPECT_EQ(process.exit_code(), c.code) << c.text;
    EXPECT_NE(support::ReadText(output).find(c.text), std::string::npos)
        << support::ReadText(output);
  }
}

}  // namespace
}  // namespace oca::fuse_test
