#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <thread>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/base/thread.h"
#include "lib/daemon/limits.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/out_of_memory.h"
#include "lib/daemon/pid_file.h"
#include "lib/daemon/stop_signal.h"

namespace oca::daemon {
namespace {

class Daemon : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "oca-daemon-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string dir_;
};

TEST_F(Daemon, StopSignalReturnsTheSignal) {
  auto stop = StopSignal::Create();
  ASSERT_TRUE(stop.ok()) << stop.status();
  ASSERT_EQ(kill(getpid(), SIGTERM), 0);
  EXPECT_EQ((*stop)->Wait(), SIGTERM);
  ASSERT_EQ(kill(getpid(), SIGINT), 0);
  EXPECT_EQ((*stop)->Wait(), SIGINT);
}

TEST_F(Daemon, StopSignalReturnsWhenTriggered) {
  auto stop = StopSignal::Create();
  ASSERT_TRUE(stop.ok()) << stop.status();
  std::thread other([&] { (*stop)->Trigger(); });
  EXPECT_EQ((*stop)->Wait(), 0);
  other.join();
  EXPECT_EQ((*stop)->Wait(), 0);  // stays triggered
}

TEST_F(Daemon, StopSignalWaitsNoLongerThanAsked) {
  auto stop = StopSignal::Create();
  ASSERT_TRUE(stop.ok()) << stop.status();
  EXPECT_EQ((*stop)->WaitFor(absl::Milliseconds(1)), std::nullopt);
  (*stop)->Trigger();
  EXPECT_EQ((*stop)->WaitFor(absl::InfiniteDuration()), 0);
}

TEST_F(Daemon, StopSignalIgnoresBrokenPipes) {
  auto stop = StopSignal::Create();
  ASSERT_TRUE(stop.ok()) << stop.status();
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  close(fds[0]);
  EXPECT_EQ(write(fds[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  close(fds[1]);
}

int BindDatagram(const std::string& name) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path, sizeof address.sun_path - 1);
  if (name[0] == '@') address.sun_path[0] = '\0';
  socklen_t length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  return fd;
}

TEST_F(Daemon, NotifySendsOneDatagram) {
  for (const std::string& name : {dir_ + "/notify", fmt::format("@oca-test-{}", getpid())}) {
    int fd = BindDatagram(name);
    EXPECT_TRUE(SendState(name, "READY=1").ok()) << name;
    char text[64];
    ssize_t n = recv(fd, text, sizeof text, 0);
    EXPECT_EQ(std::string(text, n > 0 ? n : 0), "READY=1");
    close(fd);
  }
}

TEST_F(Daemon, NotifyFailsWhenNobodyListens) {
  EXPECT_FALSE(SendState(dir_ + "/none", "READY=1").ok());
  for (const std::string& name : {std::string("relative"), std::string(), std::string(200, '/')}) {
    EXPECT_EQ(SendState(name, "READY=1").code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST_F(Daemon, PidFileHoldsOurNumberAndVanishes) {
  std::string path = dir_ + "/x.pid";
  {
    auto file = PidFile::Acquire(path);
    ASSERT_TRUE(file.ok()) << file.status();
    std::ifstream in(path);
    int pid = 0;
    in >> pid;
    EXPECT_EQ(pid, getpid());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Daemon, PidFileRefusesASecondInstance) {
  std::string path = dir_ + "/x.pid";
  auto first = PidFile::Acquire(path);
  ASSERT_TRUE(first.ok()) << first.status();
  auto second = PidFile::Acquire(path);  // another open file description, as another process has
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_NE(MessageOf(second.status()).find(fmt::format("process {}", getpid())),
            std::string_view::npos);
}

TEST_F(Daemon, PidFileLeftByACrashIsTakenOver) {
  std::string path = dir_ + "/x.pid";
  pid_t child = fork();
  if (child == 0) {
    auto file = PidFile::Acquire(path);
    _exit(file.ok() ? 0 : 1);  // no destructor: as a crash
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(PidFile::Acquire(path).ok());
}

TEST_F(Daemon, PidFileFailsWithoutFolder) {
  EXPECT_EQ(PidFile::Acquire(dir_ + "/none/x.pid").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(Daemon, OpenFileLimitRises) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  rlimit low{64, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(RaiseOpenFileLimit(128), 128u);
  EXPECT_EQ(RaiseOpenFileLimit(100), 128u);
}

void ExpectLastLine(const std::string& path, void (*fail)()) {
  std::filesystem::remove(path);
  const pid_t child = fork();
  if (child == 0) {
    AbortWhenOutOfMemory("prog", path);
    fail();
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status;
  std::ifstream log(path);
  EXPECT_THAT(
      std::string(std::istreambuf_iterator<char>(log), {}),
      testing::MatchesRegex(fmt::format(
          "....-..-..T..:..:..\\.......:.. E prog.{}. out_of_memory action=abort\n", child)));
}

void FailToMakeAThread() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{1} << 47);  // all addresses there are
  pthread_setattr_default_np(&attributes);
  StartThread([] {}).join();
}

TEST_F(Daemon, OutOfMemoryIsTheLastLineOfTheLog) {
  ExpectLastLine(dir_ + "/x.log", [] { std::get_new_handler()(); });
  ExpectLastLine(dir_ + "/x.log", FailToMakeAThread);
}

}  // namespace
}  // namespace oca::daemon
