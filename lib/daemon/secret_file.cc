#include "lib/daemon/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::daemon {
namespace {

constexpr size_t kMostBytes = 4096;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

absl::Status CheckOwner(const std::string& path, const struct stat& info) {
  if (!S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(fmt::format("{}: not a regular file", path));
  }
  if (info.st_uid != geteuid()) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: it belongs to user {}, and must belong to {}", path, info.st_uid, geteuid()));
  }
  if ((info.st_mode & 0177) != 0) {
    return absl::FailedPreconditionError(
        fmt::format("{}: mode {:04o} lets others at it; make it 0600", path, info.st_mode & 07777));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<crypto::Secret> ReadSecretFile(const std::string& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0) return PosixError(errno, path);
  struct stat info {};
  if (fstat(file.get(), &info) != 0) return PosixError(errno, path);
  OCA_RETURN_IF_ERROR(CheckOwner(path, info));
  std::array<char, kMostBytes + 1> bytes{};
  size_t size = 0;
  while (size < bytes.size()) {
    ssize_t n = read(file.get(), bytes.data() + size, bytes.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return PosixError(errno, path);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  std::string_view line(bytes.data(), size);
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  const bool one_line = size <= kMostBytes && line.find('\n') == std::string_view::npos;
  crypto::Secret secret(one_line ? line : "");
  crypto::Wipe(bytes.data(), bytes.size());
  if (!one_line) {
    return absl::InvalidArgumentError(
        fmt::format("{}: a passphrase is one line of at most {} bytes", path, kMostBytes));
  }
  return secret;
}

}  // namespace oca::daemon
