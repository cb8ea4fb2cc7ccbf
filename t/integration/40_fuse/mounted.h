// The fixture of the mount's tests: one engine and one mount for the whole program, one folder for
// each test. Tests speak to it as any process does, by system calls.
#ifndef OCA_T_INTEGRATION_40_FUSE_MOUNTED_H_
#define OCA_T_INTEGRATION_40_FUSE_MOUNTED_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fs/engine/filesystem.h"
#include "fs/fuse/session.h"
#include "gtest/gtest.h"

// The call must return anything but -1.
#define ASSERT_SYS(call) ASSERT_NE((call), -1) << #call << ": " << std::strerror(errno)
#define EXPECT_SYS(call) EXPECT_NE((call), -1) << #call << ": " << std::strerror(errno)
// The call must return -1 with this errno.
#define EXPECT_FAILS(call, error_number)                                                   \
  do {                                                                                     \
    errno = 0;                                                                             \
    EXPECT_EQ((call), -1) << #call;                                                        \
    int got_error = errno;                                                                 \
    EXPECT_EQ(got_error, (error_number)) << #call << " gave " << std::strerror(got_error); \
  } while (0)

namespace oca::fuse_test {

// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~Fd() { Close(); }
  operator int() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

// A test on the mount. dir() is a fresh folder in container "c1"; other() one in "c2", of the same
// storage group.
class Mounted : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  static engine::Filesystem& Engine();
  static fuse::Session& Session();
  static const std::string& Root();  // the mountpoint

  const std::string& dir() const { return dir_; }
  const std::string& other() const { return other_; }
  std::string Path(std::string_view name) const { return dir_ + "/" + std::string(name); }

  // An open file that must come to be.
  Fd Open(const std::string& path, int flags, mode_t mode = 0644);
  void WriteFile(const std::string& path, std::string_view contents);
  std::string ReadFile(const std::string& path);
  struct stat Stat(const std::string& path);
  struct stat LStat(const std::string& path);

 private:
  std::string dir_;
  std::string other_;
};

// renameat2 without the lint's banned word.
int Move(const std::string& from, const std::string& to, unsigned flags = 0);

// Runs `call` in a thread as this user with this group and `groups`, and returns 0, or its errno
// when it returned -1. Not in a child process: memory cannot be had for sure after a fork beside
// the server's threads.
int ErrnoAs(uid_t uid, gid_t gid, const std::function<int()>& call,
            const std::vector<gid_t>& groups = {});

// Runs `body` in another process, in which this test is begun anew: let it be all of the test. What
// it expects in vain fails the test. For what maps files: an unmapping or a page fault holds the
// lock of its address space while it waits for the server, which may need that of its own.
void InAnotherProcess(const std::function<void()>& body);

inline constexpr int kNotTheUser = 200;  // ErrnoAs could not become the user

inline constexpr uid_t kNobody = 65534;
inline constexpr uid_t kSomebody = 12345;

// `size` bytes that do not repeat, from `seed`.
std::string RandomBytes(size_t size, uint64_t seed);

// Makes the kernel forget clean pages, names and inodes.
void DropCaches();

bool Later(const timespec& a, const timespec& b);

}  // namespace oca::fuse_test

#endif  // OCA_T_INTEGRATION_40_FUSE_MOUNTED_H_
