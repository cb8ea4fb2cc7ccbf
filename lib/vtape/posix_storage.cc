#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "lib/vtape/storage.h"

namespace oca::vtape {
namespace {

constexpr mode_t kFileMode = 0640;
constexpr mode_t kDirMode = 0750;

Status ErrnoStatus(const char* call, const std::string& path) {
  int error_number = errno;
  Code code = Code::kIo;
  if (error_number == ENOSPC || error_number == EDQUOT) code = Code::kNoSpace;
  if (error_number == ENOENT || error_number == ENOTDIR) code = Code::kNotFound;
  if (error_number == EEXIST) code = Code::kExists;
  if (error_number == EWOULDBLOCK) code = Code::kBusy;
  char text[128];
  // The GNU form, which may return a constant instead of `text`.
  return Status(
      code, std::string(call) + " " + path + ": " + strerror_r(error_number, text, sizeof text));
}

template <typename Call>
auto RetryOnEintr(Call call) {
  for (;;) {
    auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

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

Result<Fd> OpenFd(const std::string& path, int flags) {
  int fd = RetryOnEintr([&] { return open(path.c_str(), flags | O_CLOEXEC, kFileMode); });
  if (fd < 0) return ErrnoStatus("open", path);
  return Fd(fd);
}

class PosixFile final : public StorageFile {
 public:
  PosixFile(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    size_t done = 0;
    if (Fill(fd_.get(), offset, out, &done)) return done;
    return ErrnoStatus("read", path_);
  }

  Result<size_t> ReadOnce(uint64_t offset, std::span<char> out) override {
    size_t done = 0;
    if (Direct() >= 0 && Fill(Direct(), offset, out, &done)) return done;
    VTAPE_ASSIGN_OR_RETURN(size_t rest, ReadAt(offset + done, out.subspan(done)));
    return done + rest;
  }

  Status WriteAt(uint64_t offset, std::string_view data) override {
    size_t done = 0;
    if (Store(fd_.get(), offset, data, &done)) return Status();
    return ErrnoStatus("write", path_);
  }

  Status WriteOnce(uint64_t offset, std::string_view data) override {
    size_t done = 0;
    if (Direct() >= 0 && Store(Direct(), offset, data, &done)) return Status();
    return WriteAt(offset + done, data.substr(done));
  }

  Status Sync() override {
    if (RetryOnEintr([&] { return fdatasync(fd_.get()); }) == 0) return Status();
    return ErrnoStatus("fdatasync", path_);
  }

  Result<uint64_t> Size() override {
    struct stat st;
    if (fstat(fd_.get(), &st) != 0) return ErrnoStatus("fstat", path_);
    return static_cast<uint64_t>(st.st_size);
  }

  Status Truncate(uint64_t size) override {
    auto call = [&] { return ftruncate(fd_.get(), static_cast<off_t>(size)); };
    return RetryOnEintr(call) == 0 ? Status() : ErrnoStatus("truncate", path_);
  }

 private:
  // Reads until `out` is full or the file ends. False: errno says why not.
  static bool Fill(int fd, uint64_t offset, std::span<char> out, size_t* done) {
    while (*done < out.size()) {
      ssize_t n = RetryOnEintr([&] {
        return pread(fd, out.data() + *done, out.size() - *done,
                     static_cast<off_t>(offset + *done));
      });
      if (n < 0) return false;
      if (n == 0) break;
      *done += static_cast<size_t>(n);
    }
    return true;
  }

  // False: errno says why not all is written.
  static bool Store(int fd, uint64_t offset, std::string_view data, size_t* done) {
    while (*done < data.size()) {
      ssize_t n = RetryOnEintr([&] {
        return pwrite(fd, data.data() + *done, data.size() - *done,
                      static_cast<off_t>(offset + *done));
      });
      if (n < 0) return false;
      if (n == 0) {
        errno = EIO;
        return false;
      }
      *done += static_cast<size_t>(n);
    }
    return true;
  }

  // Past the kernel's pages, which cost as much again as the bytes. Our own mount takes any place
  // and size; elsewhere most are refused. Negative where there is no such thing.
  int Direct() {
    if (!direct_) {
      const std::string self = "/proc/self/fd/" + std::to_string(fd_.get());
      direct_.emplace(
          RetryOnEintr([&] { return open(self.c_str(), O_RDWR | O_DIRECT | O_CLOEXEC); }));
    }
    return direct_->get();
  }

  const Fd fd_;
  std::optional<Fd> direct_;  // from the first call of Direct on
  const std::string path_;
};

class PosixLock final : public StorageLock {
 public:
  explicit PosixLock(Fd fd) : fd_(std::move(fd)) {}

 private:
  const Fd fd_;
};

class Posix final : public Storage {
 public:
  Result<std::unique_ptr<StorageFile>> Open(const std::string& path, Mode mode) override {
    int flags = mode == Mode::kReadWrite ? O_RDWR : O_RDWR | O_CREAT | O_TRUNC;
    VTAPE_ASSIGN_OR_RETURN(Fd fd, OpenFd(path, flags));
    return std::unique_ptr<StorageFile>(std::make_unique<PosixFile>(std::move(fd), path));
  }
  Status CreateDir(const std::string& path) override {
    if (mkdir(path.c_str(), kDirMode) == 0 || errno == EEXIST) return Status();
    return ErrnoStatus("mkdir", path);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return ::rename(from.c_str(), to.c_str()) == 0 ? Status() : ErrnoStatus("rename", from);
  }
  Status RemoveFile(const std::string& path) override {
    return unlink(path.c_str()) == 0 ? Status() : ErrnoStatus("unlink", path);
  }
  Status RemoveDir(const std::string& path) override {
    return rmdir(path.c_str()) == 0 ? Status() : ErrnoStatus("rmdir", path);
  }
  Status SyncDir(const std::string& dir) override {
    VTAPE_ASSIGN_OR_RETURN(Fd fd, OpenFd(dir, O_RDONLY | O_DIRECTORY));
    if (RetryOnEintr([&] { return fsync(fd.get()); }) == 0) return Status();
    return ErrnoStatus("fsync", dir);
  }
  Result<std::unique_ptr<StorageLock>> Lock(const std::string& path) override {
    return TakeLock(path, LOCK_EX | LOCK_NB);
  }
  Result<std::unique_ptr<StorageLock>> LockAndWait(const std::string& path) override {
    return TakeLock(path, LOCK_EX);
  }

 private:
  static Result<std::unique_ptr<StorageLock>> TakeLock(const std::string& path, int how) {
    VTAPE_ASSIGN_OR_RETURN(Fd fd, OpenFd(path, O_RDWR | O_CREAT));
    if (RetryOnEintr([&] { return flock(fd.get(), how); }) != 0) return ErrnoStatus("lock", path);
    return std::unique_ptr<StorageLock>(std::make_unique<PosixLock>(std::move(fd)));
  }
};

}  // namespace

Storage& PosixStorage() {
  static Posix* storage = new Posix;
  return *storage;
}

Result<std::string> ReadWhole(Storage& storage, const std::string& path, uint64_t limit_bytes) {
  VTAPE_ASSIGN_OR_RETURN(auto file, storage.Open(path, Storage::Mode::kReadWrite));
  VTAPE_ASSIGN_OR_RETURN(uint64_t size, file->Size());
  if (size > limit_bytes) {
    return Status(Code::kDamaged, path + ": " + std::to_string(size) + " bytes; at most " +
                                      std::to_string(limit_bytes) + " can be right");
  }
  std::string bytes(size, '\0');
  VTAPE_ASSIGN_OR_RETURN(size_t n, file->ReadAt(0, bytes));
  bytes.resize(n);
  return bytes;
}

Status WriteAtomically(Storage& storage, const std::string& path, std::string_view data) {
  const std::string temporary = path + ".tmp";
  VTAPE_ASSIGN_OR_RETURN(auto file, storage.Open(temporary, Storage::Mode::kTruncate));
  VTAPE_RETURN_IF_ERROR(file->WriteAt(0, data));
  VTAPE_RETURN_IF_ERROR(file->Sync());
  VTAPE_RETURN_IF_ERROR(storage.Rename(temporary, path));
  return storage.SyncDir(ParentOf(path));
}

std::string ParentOf(const std::string& path) {
  size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace oca::vtape
