#include "lib/daemon/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/io/file_system.h"

namespace oca::daemon {
namespace {

constexpr size_t kMostBytes = 4096;
constexpr size_t kKeyBytes = 32;

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

// A new file with mode 0600, that is whole when it has its name.
absl::Status WriteDurably(const std::string& path, std::string_view text) {
  const std::string folder = io::DirName(path);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return PosixError(errno, folder);
  const std::string aside = path + ".new";
  {
    Descriptor file(
        open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return PosixError(errno, aside);
    if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        fsync(file.get()) != 0) {
      return PosixError(errno, aside);
    }
  }
  io::FileSystem& files = io::PosixFileSystem();
  OCA_RETURN_IF_ERROR(files.Rename(aside, path));
  OCA_RETURN_IF_ERROR(files.SyncDir(folder));
  return files.SyncDir(io::DirName(folder));
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

absl::StatusOr<crypto::Secret> ReadOrMakeKeyFile(const std::string& path) {
  absl::StatusOr<crypto::Secret> line = ReadSecretFile(path);
  if (absl::IsNotFound(line.status())) {
    OCA_ASSIGN_OR_RETURN(crypto::Secret key, crypto::RandomSecret(kKeyBytes));
    std::string text = absl::BytesToHexString({key.view().data(), key.size()}) + "\n";
    absl::Status made = WriteDurably(path, text);
    crypto::Wipe(text.data(), text.size());
    OCA_RETURN_IF_ERROR(made);
    return key;
  }
  OCA_RETURN_IF_ERROR(line.status());
  const std::string_view digits = line->view();
  if (digits.size() != 2 * kKeyBytes || !std::all_of(digits.begin(), digits.end(), [](char c) {
        return absl::ascii_isxdigit(static_cast<unsigned char>(c));
      })) {
    return absl::InvalidArgumentError(fmt::format("{}: no key of 64 hexadecimal digits", path));
  }
  std::string bytes = absl::HexStringToBytes({digits.data(), digits.size()});
  crypto::Secret key(bytes);
  crypto::Wipe(bytes.data(), bytes.size());
  return key;
}

}  // namespace oca::daemon
