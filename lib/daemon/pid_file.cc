#include "lib/daemon/pid_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::daemon {
namespace {

constexpr int kLooks = 5;
constexpr int kPauseMs = 20;

absl::Status HeldByOther(const std::string& path, int fd) {
  char text[32] = {};
  ssize_t n = pread(fd, text, sizeof text - 1, 0);
  std::string pid(text, n > 0 ? n : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return absl::AlreadyExistsError(
      fmt::format("already running as process {} ({} is locked)", pid.empty() ? "?" : pid, path));
}

// Whether `path` still names the file that is open as fd: its last owner may have removed it
// meanwhile.
bool StillNamed(const std::string& path, int fd) {
  struct stat by_path, by_fd;
  return stat(path.c_str(), &by_path) == 0 && fstat(fd, &by_fd) == 0 &&
         by_path.st_dev == by_fd.st_dev && by_path.st_ino == by_fd.st_ino;
}

absl::Status WritePid(const std::string& path, int fd) {
  std::string text = fmt::format("{}\n", getpid());
  if (ftruncate(fd, 0) != 0 ||
      pwrite(fd, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    return PosixError(errno, path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<PidFile>> PidFile::Acquire(const std::string& path) {
  for (int looks = 0;;) {
    int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return PosixError(errno, path);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      int error = errno;
      // Who only looks whether somebody runs (watcher) holds it for an instant.
      if (error == EWOULDBLOCK && ++looks < kLooks) {
        close(fd);
        poll(nullptr, 0, kPauseMs);
        continue;
      }
      absl::Status status =
          error == EWOULDBLOCK ? HeldByOther(path, fd) : PosixError(error, "lock " + path);
      close(fd);
      return status;
    }
    if (!StillNamed(path, fd)) {
      close(fd);
      continue;
    }
    if (absl::Status status = WritePid(path, fd); !status.ok()) {
      close(fd);
      return status;
    }
    return std::unique_ptr<PidFile>(new PidFile(path, fd));
  }
}

PidFile::~PidFile() {
  unlink(path_.c_str());
  close(fd_);
}

std::optional<pid_t> HolderOf(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  const bool held = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  std::array<char, 32> text{};
  ssize_t n = pread(fd, text.data(), text.size(), 0);
  close(fd);
  pid_t pid = 0;
  absl::string_view number(text.data(), n > 0 ? static_cast<size_t>(n) : 0);
  if (!held || !absl::SimpleAtoi(absl::StripSuffix(number, "\n"), &pid) || pid <= 0) {
    return std::nullopt;
  }
  return pid;
}

}  // namespace oca::daemon
