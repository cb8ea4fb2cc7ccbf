#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/io/file_system.h"

namespace oca::io {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirMode = 0750;

// The status for the errno of a call that just failed: "open /a/b: No such file or directory".
absl::Status ErrnoStatus(const char* call, const std::string& path) {
  int error_number = errno;
  return PosixError(error_number, fmt::format("{} {}", call, path));
}

template <typename Call>
auto RetryOnEintr(Call call) {
  for (;;) {
    auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

// Owns a file descriptor.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<Fd> OpenFd(const std::string& path, int flags) {
  int fd = RetryOnEintr([&] { return open(path.c_str(), flags | O_CLOEXEC, kFileMode); });
  if (fd < 0) return ErrnoStatus("open", path);
  return Fd(fd);
}

int FlagsOf(OpenMode mode) {
  switch (mode) {
    case OpenMode::kRead:
      return O_RDONLY;
    case OpenMode::kReadWrite:
      return O_RDWR;
    case OpenMode::kCreateNew:
      return O_RDWR | O_CREAT | O_EXCL;
    case OpenMode::kOpenOrCreate:
      return O_RDWR | O_CREAT;
    case OpenMode::kTruncate:
      return O_RDWR | O_CREAT | O_TRUNC;
    case OpenMode::kReadDirect:
      return O_RDONLY | O_DIRECT;
  }
  return O_RDONLY;
}

class PosixFile final : public File {
 public:
  PosixFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  absl::StatusOr<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    size_t done = 0;
    while (done < out.size()) {
      ssize_t n = RetryOnEintr([&] {
        return pread(fd_.get(), out.data() + done, out.size() - done,
                     static_cast<off_t>(offset + done));
      });
      if (n < 0) return ErrnoStatus("read", path_);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  absl::Status WriteAt(uint64_t offset, std::string_view data) override {
    size_t done = 0;
    while (done < data.size()) {
      ssize_t n = RetryOnEintr([&] {
        return pwrite(fd_.get(), data.data() + done, data.size() - done,
                      static_cast<off_t>(offset + done));
      });
      if (n < 0) return ErrnoStatus("write", path_);
      if (n == 0) return PosixError(EIO, fmt::format("write {}: nothing written", path_));
      done += static_cast<size_t>(n);
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    // After a failed fdatasync the kernel may call the lost pages clean: a second one would succeed
    // and promise nothing.
    if (int error_number = sync_error_.load(); error_number != 0) {
      return PosixError(error_number, fmt::format("sync {} after an earlier failure", path_));
    }
    if (RetryOnEintr([&] { return fdatasync(fd_.get()); }) == 0) return absl::OkStatus();
    absl::Status status = ErrnoStatus("fdatasync", path_);
    sync_error_.store(ErrnoOf(status));
    return status;
  }

  void StartWriteback(uint64_t offset, uint64_t length) override {
    if (length == 0) return;  // to the kernel it would mean "to the end"
    sync_file_range(fd_.get(), static_cast<off64_t>(offset), static_cast<off64_t>(length),
                    SYNC_FILE_RANGE_WRITE);
  }

  void StartReadahead(uint64_t offset, uint64_t length) override {
    if (length == 0) return;  // to the kernel it would mean "to the end"
    posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length),
                  POSIX_FADV_WILLNEED);
  }

  absl::StatusOr<uint64_t> Size() override {
    struct stat st;
    if (fstat(fd_.get(), &st) != 0) return ErrnoStatus("fstat", path_);
    return static_cast<uint64_t>(st.st_size);
  }

  absl::Status Truncate(uint64_t size) override {
    auto call = [&] { return ftruncate(fd_.get(), static_cast<off_t>(size)); };
    return RetryOnEintr(call) == 0 ? absl::OkStatus() : ErrnoStatus("truncate", path_);
  }

 private:
  const Fd fd_;
  const std::string path_;
  std::atomic<int> sync_error_{0};
};

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Fd fd) : fd_(std::move(fd)) {}

 private:
  const Fd fd_;  // closing it drops the flock
};

class PosixFileSystemImpl final : public FileSystem {
 public:
  absl::StatusOr<std::unique_ptr<File>> Open(const std::string& path, OpenMode mode) override {
    OCA_ASSIGN_OR_RETURN(Fd fd, OpenFd(path, FlagsOf(mode)));
    if (ReadsOnly(mode)) {  // the kernel refuses a directory by itself only for writing
      struct stat st;
      if (fstat(fd.get(), &st) != 0) return ErrnoStatus("fstat", path);
      if (S_ISDIR(st.st_mode)) return PosixError(EISDIR, fmt::format("open {}", path));
    }
    return std::make_unique<PosixFile>(std::move(fd), path);
  }

  absl::Status CreateDir(const std::string& path) override {
    return mkdir(path.c_str(), kDirMode) == 0 ? absl::OkStatus() : ErrnoStatus("mkdir", path);
  }

  absl::Status Rename(const std::string& from, const std::string& to) override {
    if (rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    return ErrnoStatus("rename", fmt::format("{} to {}", from, to));
  }

  absl::Status Link(const std::string& from, const std::string& to) override {
    if (link(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
    return ErrnoStatus("link", fmt::format("{} to {}", from, to));
  }

  absl::Status RemoveFile(const std::string& path) override {
    return unlink(path.c_str()) == 0 ? absl::OkStatus() : ErrnoStatus("unlink", path);
  }

  absl::Status RemoveDir(const std::string& path) override {
    return rmdir(path.c_str()) == 0 ? absl::OkStatus() : ErrnoStatus("rmdir", path);
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& dir) override {
    std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(dir.c_str()), closedir);
    if (stream == nullptr) return ErrnoStatus("opendir", dir);
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(stream.get());
      if (entry == nullptr) break;
      std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) return ErrnoStatus("readdir", dir);
    return names;
  }

  absl::Status SyncDir(const std::string& dir) override {
    OCA_ASSIGN_OR_RETURN(Fd fd, OpenFd(dir, O_RDONLY | O_DIRECTORY));
    if (RetryOnEintr([&] { return fsync(fd.get()); }) == 0) return absl::OkStatus();
    return ErrnoStatus("fsync", dir);
  }

  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    struct stat st;
    if (stat(path.c_str(), &st) != 0) return ErrnoStatus("stat", path);
    return FileInfo{.size_bytes = static_cast<uint64_t>(st.st_size),
                    .is_directory = S_ISDIR(st.st_mode),
                    .mtime_seconds = st.st_mtim.tv_sec};
  }

  absl::StatusOr<SpaceInfo> Space(const std::string& path) override {
    struct statvfs st;
    if (RetryOnEintr([&] { return statvfs(path.c_str(), &st); }) != 0) {
      return ErrnoStatus("statvfs", path);
    }
    uint64_t unit = st.f_frsize;
    return SpaceInfo{.total_bytes = st.f_blocks * unit, .available_bytes = st.f_bavail * unit};
  }

  absl::StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    for (;;) {
      OCA_ASSIGN_OR_RETURN(Fd fd, OpenFd(path, O_RDWR | O_CREAT));
      // flock belongs to the open file description, so it also keeps two holders of one process
      // apart.
      if (RetryOnEintr([&] { return flock(fd.get(), LOCK_EX | LOCK_NB); }) != 0) {
        return ErrnoStatus("lock", path);
      }
      // Between open and flock the path may have been removed or replaced: a lock on a nameless
      // file excludes nobody.
      struct stat held, named;
      if (fstat(fd.get(), &held) != 0) return ErrnoStatus("fstat", path);
      if (stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
          held.st_dev == named.st_dev) {
        return std::make_unique<PosixLock>(std::move(fd));
      }
    }
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  static PosixFileSystemImpl* const file_system = new PosixFileSystemImpl;  // never destroyed
  return *file_system;
}

}  // namespace oca::io
