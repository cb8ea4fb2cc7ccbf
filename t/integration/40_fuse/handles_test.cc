// File handles (NFS), and locks.
#include <sys/file.h>
#include <sys/wait.h>

#include "t/integration/40_fuse/mounted.h"

namespace oca::fuse_test {
namespace {

class Handles : public Mounted {
 protected:
  struct FileHandle {
    file_handle head;
    char bytes[MAX_HANDLE_SZ];
  };
  FileHandle HandleOf(const std::string& path) {
    FileHandle handle{};
    handle.head.handle_bytes = MAX_HANDLE_SZ;
    int mount_id = 0;
    EXPECT_SYS(name_to_handle_at(AT_FDCWD, path.c_str(), &handle.head, &mount_id, 0));
    return handle;
  }
  int OpenHandle(FileHandle& handle, int flags) {
    Fd mount = Open(Root(), O_RDONLY | O_DIRECTORY);
    return open_by_handle_at(mount, &handle.head, flags);
  }
};

TEST_F(Handles, OpenTheFileAgain) {
  WriteFile(Path("f"), "contents");
  FileHandle handle = HandleOf(Path("f"));
  ino_t ino = Stat(Path("f")).st_ino;
  ASSERT_SYS(Move(Path("f"), Path("g")));
  for (bool cold : {false, true}) {
    if (cold) DropCaches();
    Fd fd(OpenHandle(handle, O_RDONLY));
    ASSERT_GE(fd, 0) << std::strerror(errno);
    char text[8];
    EXPECT_EQ(read(fd, text, 8), 8);
    EXPECT_EQ(std::string(text, 8), "contents");
    struct stat st;
    ASSERT_SYS(fstat(fd, &st));
    EXPECT_EQ(st.st_ino, ino);
  }
}

TEST_F(Handles, OfDirectoriesReconnectToTheTree) {
  ASSERT_SYS(mkdir(Path("a").c_str(), 0755));
  ASSERT_SYS(mkdir(Path("a/b").c_str(), 0755));
  ASSERT_SYS(mkdir(Path("a/b/c").c_str(), 0755));
  FileHandle handle = HandleOf(Path("a/b/c"));
  DropCaches();
  Fd fd(OpenHandle(handle, O_RDONLY | O_DIRECTORY));
  ASSERT_GE(fd, 0) << std::strerror(errno);
  ASSERT_SYS(fchdir(fd));
  char name[4096];
  EXPECT_NE(getcwd(name, sizeof name), nullptr);
  EXPECT_EQ(name, Path("a/b/c"));
  ASSERT_SYS(chdir("/"));
}

TEST_F(Handles, OfDeletedFilesAreStale) {
  WriteFile(Path("f"), "x");
  FileHandle handle = HandleOf(Path("f"));
  ASSERT_SYS(unlink(Path("f").c_str()));
  DropCaches();
  EXPECT_FAILS(OpenHandle(handle, O_RDONLY), ESTALE);
  WriteFile(Path("f"), "another");
  EXPECT_FAILS(OpenHandle(handle, O_RDONLY), ESTALE);
}

TEST_F(Handles, InodeNumbersStayWhenCachesGo) {
  WriteFile(Path("f"), "x");
  ino_t ino = Stat(Path("f")).st_ino;
  DropCaches();
  EXPECT_EQ(Stat(Path("f")).st_ino, ino);
}

// The errno of `call` in another process, or 0. It takes no memory: see ErrnoAs.
int ErrnoElsewhere(const std::function<int()>& call) {
  const pid_t child = fork();
  if (child == 0) _exit(call() == -1 ? errno : 0);
  int status = -1;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

TEST_F(Handles, FlockExcludesOtherProcesses) {
  WriteFile(Path("f"), "x");
  std::string path = Path("f");
  Fd fd = Open(path, O_RDWR);
  ASSERT_SYS(flock(fd, LOCK_EX));
  auto try_lock = [&] { return flock(open(path.c_str(), O_RDWR), LOCK_EX | LOCK_NB); };
  EXPECT_EQ(ErrnoElsewhere(try_lock), EWOULDBLOCK);
  ASSERT_SYS(flock(fd, LOCK_UN));
  EXPECT_EQ(ErrnoElsewhere(try_lock), 0);
  ASSERT_SYS(flock(fd, LOCK_SH));
  EXPECT_EQ(ErrnoElsewhere([&] { return flock(open(path.c_str(), O_RDONLY), LOCK_SH | LOCK_NB); }),
            0);
  fd.Close();
  EXPECT_EQ(ErrnoElsewhere(try_lock), 0);
}

TEST_F(Handles, RecordLocksExcludeOtherProcesses) {
  WriteFile(Path("f"), std::string(100, 'x'));
  std::string path = Path("f");
  Fd fd = Open(path, O_RDWR);
  auto lock = [](int file, short type, off_t start) {
    struct flock range {};
    range.l_type = type;
    range.l_start = start;
    range.l_len = 10;
    return fcntl(file, F_SETLK, &range);
  };
  ASSERT_SYS(lock(fd, F_WRLCK, 20));
  EXPECT_EQ(ErrnoElsewhere([&] { return lock(open(path.c_str(), O_RDWR), F_WRLCK, 25); }), EAGAIN);
  EXPECT_EQ(ErrnoElsewhere([&] { return lock(open(path.c_str(), O_RDWR), F_WRLCK, 30); }), 0);
  Fd same = Open(path, O_RDWR);
  same.Close();  // POSIX: any close of the file drops the process's locks
  EXPECT_EQ(ErrnoElsewhere([&] { return lock(open(path.c_str(), O_RDWR), F_WRLCK, 25); }), 0);
}

}  // namespace
}  // namespace oca::fuse_test
