#include "t/integration/40_fuse/mounted.h"

#include <linux/fs.h>
#include <sys/syscall.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <thread>

#include "fmt/format.h"
#include "t/support/process.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::fuse_test {
namespace {

// Names the mount to a process that InAnotherProcess has started.
constexpr char kServedAt[] = "OCA_TEST_MOUNT";

struct World {
  support::TempDir home;
  std::string root;  // the mountpoint
  bool served_elsewhere = false;
  std::unique_ptr<engine::Filesystem> engine;
  std::unique_ptr<fuse::Session> session;
};

World* world = nullptr;

class MountForAll : public testing::Environment {
 public:
  void SetUp() override {
    world = new World;
    umask(022);
    if (const char* mount = getenv(kServedAt); mount != nullptr) {
      world->root = mount;
      world->served_elsewhere = true;
      return;
    }
    engine::Options options;
    options.fs = &io::PosixFileSystem();
    options.clock = &SystemClock();
    options.dir = world->home.Path("data");
    options.commit_interval = absl::Milliseconds(500);
    options.memory_budget_bytes = 128u << 20;
    options.root_uid = geteuid();
    options.root_gid = getegid();
    ASSERT_OK_AND_ASSIGN(world->engine, engine::Filesystem::Open(options));
    engine::StorageGroup group;
    group.name = "G";
    ASSERT_OK_AND_ASSIGN(group, world->engine->AddGroup(group));
    for (const char* name : {"c1", "c2"}) {
      engine::Container container;
      container.name = name;
      container.group = group.id;
      ASSERT_OK(world->engine->AddContainer(container));
    }
    fuse::Options mount;
    mount.mountpoint = world->home.Path("mnt");
    ASSERT_OK_AND_ASSIGN(world->session, fuse::Session::Mount(*world->engine, mount));
    world->root = world->session->mountpoint();
    // Other users must reach the mount through the temporary folder.
    ASSERT_EQ(chmod(world->home.path().c_str(), 0755), 0);
  }
  void TearDown() override {
    if (world->session != nullptr) {
      EXPECT_OK(world->session->Unmount());
    }
    world->session.reset();
    if (world->engine != nullptr) {
      EXPECT_OK(world->engine->Stop());
    }
    world->engine.reset();
    delete world;
    world = nullptr;
  }
};

const testing::Environment* const kEnvironment = testing::AddGlobalTestEnvironment(new MountForAll);

}  // namespace

void Mounted::SetUp() {
  const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
  std::string name = fmt::format("{}.{}", info->test_suite_name(), info->name());
  dir_ = Root() + "/c1/" + name;
  other_ = Root() + "/c2/" + name;
  if (world->served_elsewhere) return;
  ASSERT_SYS(mkdir(dir_.c_str(), 0755));
  ASSERT_SYS(mkdir(other_.c_str(), 0755));
}

void Mounted::TearDown() {
  if (world->served_elsewhere) return;
  for (const std::string& path : {dir_, other_}) {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    EXPECT_FALSE(error) << path << ": " << error.message();
  }
}

engine::Filesystem& Mounted::Engine() { return *world->engine; }
fuse::Session& Mounted::Session() { return *world->session; }
const std::string& Mounted::Root() { return world->root; }

Fd Mounted::Open(const std::string& path, int flags, mode_t mode) {
  Fd fd(open(path.c_str(), flags | O_CLOEXEC, mode));
  EXPECT_GE(fd, 0) << path << ": " << std::strerror(errno);
  return fd;
}

void Mounted::WriteFile(const std::string& path, std::string_view contents) {
  Fd fd = Open(path, O_WRONLY | O_CREAT | O_TRUNC);
  size_t done = 0;
  while (done < contents.size()) {
    ssize_t n = write(fd, contents.data() + done, contents.size() - done);
    ASSERT_GT(n, 0) << path << ": " << std::strerror(errno);
    done += static_cast<size_t>(n);
  }
}

std::string Mounted::ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

struct stat Mounted::Stat(const std::string& path) {
  struct stat st {};
  EXPECT_SYS(stat(path.c_str(), &st)) << path;
  return st;
}

struct stat Mounted::LStat(const std::string& path) {
  struct stat st {};
  EXPECT_SYS(lstat(path.c_str(), &st)) << path;
  return st;
}

int Move(const std::string& from, const std::string& to, unsigned flags) {
  return static_cast<int>(
      syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags));
}

int ErrnoAs(uid_t uid, gid_t gid, const std::function<int()>& call,
            const std::vector<gid_t>& groups) {
  int result = kNotTheUser;
  // The kernel keeps credentials by thread; it is libc that changes them for all of a process.
  std::thread user([&] {
    if (syscall(SYS_setgroups, groups.size(), groups.data()) != 0 ||
        syscall(SYS_setresgid, gid, gid, gid) != 0 || syscall(SYS_setresuid, uid, uid, uid) != 0) {
      return;
    }
    errno = 0;
    result = call() == -1 ? errno : 0;
  });
  user.join();
  return result;
}

void InAnotherProcess(const std::function<void()>& body) {
  if (world->served_elsewhere) {
    body();
    return;
  }
  const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
  support::TempDir temp;
  ASSERT_EQ(setenv(kServedAt, world->root.c_str(), 1), 0);
  const int code = support::RunCommand(
      {"/proc/self/exe",
       fmt::format("--gtest_filter={}.{}", info->test_suite_name(), info->name())},
      temp.Path("log"));
  ASSERT_EQ(unsetenv(kServedAt), 0);
  EXPECT_EQ(code, 0) << support::ReadText(temp.Path("log"));
}

std::string RandomBytes(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; i += 8) {
    uint64_t word = random();
    std::memcpy(bytes.data() + i, &word, std::min<size_t>(8, size - i));
  }
  return bytes;
}

void DropCaches() {
  sync();
  std::ofstream out("/proc/sys/vm/drop_caches");
  out << "3" << std::flush;
  EXPECT_TRUE(out) << "dropping caches needs root";
}

bool Later(const timespec& a, const timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

}  // namespace oca::fuse_test
