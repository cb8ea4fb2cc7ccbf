// What the conformance suite cannot show on every implementation: devices and other processes.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "gmock/gmock.h"
#include "lib/io/file_system.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::io {
namespace {

TEST(PosixFileSystem, WriteFailsWhenDeviceFull) {
  ASSERT_OK_AND_ASSIGN(auto file, PosixFileSystem().Open("/dev/full", OpenMode::kReadWrite));
  EXPECT_ERRNO(file->WriteAt(0, "x"), ENOSPC);
}

TEST(PosixFileSystem, FailedSyncStaysFailed) {
  ASSERT_OK_AND_ASSIGN(auto file, PosixFileSystem().Open("/dev/full", OpenMode::kReadWrite));
  EXPECT_ERRNO(file->Sync(), EINVAL);  // a device without a disk
  absl::Status second = file->Sync();
  EXPECT_ERRNO(second, EINVAL);
  EXPECT_THAT(std::string(MessageOf(second)), testing::HasSubstr("earlier failure"));
}

TEST(PosixFileSystem, FilesAreNotForOthers) {
  support::TempDir temp;
  ASSERT_OK(PosixFileSystem().Open(temp.Path("f"), OpenMode::kCreateNew));
  ASSERT_OK(PosixFileSystem().CreateDir(temp.Path("d")));
  struct stat st;
  ASSERT_EQ(stat(temp.Path("f").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0137, 0u);
  ASSERT_EQ(stat(temp.Path("d").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0027, 0u);
}

// A child process that locks `path`, tells its errno through the pipe, and waits to be killed.
class Locker {
 public:
  explicit Locker(const std::string& path) {
    if (pipe(pipe_) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      auto lock = PosixFileSystem().Lock(path);
      int error_number = ErrnoOf(lock.status());
      if (write(pipe_[1], &error_number, sizeof error_number) < 0) _exit(1);
      for (;;) pause();
    }
    if (read(pipe_[0], &error_number_, sizeof error_number_) != sizeof error_number_) std::abort();
  }
  ~Locker() {
    Kill();
    close(pipe_[0]);
    close(pipe_[1]);
  }
  int error_number() const { return error_number_; }
  void Kill() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  int pipe_[2];
  pid_t pid_;
  int error_number_ = -1;
};

TEST(PosixFileSystem, LockExcludesOtherProcessesUntilTheyDie) {
  support::TempDir temp;
  Locker child(temp.Path("lock"));
  EXPECT_EQ(child.error_number(), 0);
  EXPECT_ERRNO(PosixFileSystem().Lock(temp.Path("lock")), EAGAIN);
  child.Kill();
  auto lock = PosixFileSystem().Lock(temp.Path("lock"));
  EXPECT_OK(lock);
  EXPECT_EQ(Locker(temp.Path("lock")).error_number(), EAGAIN);
}

}  // namespace
}  // namespace oca::io
