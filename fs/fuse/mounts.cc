#include "fs/fuse/mounts.h"

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

extern char** environ;

namespace oca::fuse {
namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// Blanks, tabs, newlines and backslashes stand as \ooo.
std::string Unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && IsOctal(text[i + 1]) && IsOctal(text[i + 2]) &&
        IsOctal(text[i + 3])) {
      int code = (text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0');
      out.push_back(static_cast<char>(code));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

absl::Status RunFuserMount(const std::string& directory, bool lazy) {
  const char* argv[] = {"fusermount3", lazy ? "-uqz" : "-uq", "--", directory.c_str(), nullptr};
  pid_t child = 0;
  int error = posix_spawnp(&child, argv[0], nullptr, nullptr, const_cast<char**>(argv), environ);
  if (error != 0) return PosixError(error, "running fusermount3");
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return PosixError(errno, "waiting for fusermount3");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  // It tells no more than that it failed; what it fails of, as a rule, is use.
  return PosixError(EBUSY, fmt::format("fusermount3 -u {}", directory));
}

absl::Status CheckEmpty(const std::string& directory) {
  DIR* stream = opendir(directory.c_str());
  if (stream == nullptr) return PosixError(errno, fmt::format("mountpoint {}", directory));
  std::string found;
  while (const dirent* entry = readdir(stream)) {
    std::string_view name(entry->d_name);
    if (name != "." && name != "..") {
      found = name;
      break;
    }
  }
  closedir(stream);
  if (found.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "mountpoint {} is not empty (it holds \"{}\"): a mount would hide that. Move it away first",
      directory, found));
}

}  // namespace

std::vector<MountEntry> ParseMountInfo(std::string_view text) {
  std::vector<MountEntry> entries;
  for (absl::string_view line : absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    std::vector<std::string> fields = absl::StrSplit(line, ' ');
    // 36 35 98:0 /root /directory options [optional fields] - type source superoptions
    size_t dash = 6;
    while (dash < fields.size() && fields[dash] != "-") ++dash;
    if (dash + 1 >= fields.size()) continue;
    entries.push_back({Unescape(fields[4]), fields[dash + 1]});
  }
  return entries;
}

absl::StatusOr<std::vector<MountEntry>> MountsOn(const std::string& directory) {
  std::ifstream in("/proc/self/mountinfo");
  std::stringstream text;
  text << in.rdbuf();
  if (!in) return PosixError(EIO, "reading /proc/self/mountinfo");
  std::vector<MountEntry> found;
  for (MountEntry& entry : ParseMountInfo(text.str())) {
    if (entry.directory == directory) found.push_back(std::move(entry));
  }
  return found;
}

absl::StatusOr<std::string> CanonicalMountpoint(const std::string& path) {
  std::string trimmed = path;
  while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
  size_t slash = trimmed.rfind('/');
  std::string parent = slash == std::string::npos ? "." : trimmed.substr(0, slash + 1);
  std::string name = slash == std::string::npos ? trimmed : trimmed.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") {
    return absl::InvalidArgumentError(fmt::format("mountpoint \"{}\": no name of a folder", path));
  }
  char resolved[PATH_MAX];
  if (realpath(parent.c_str(), resolved) == nullptr) {
    return PosixError(errno, fmt::format("mountpoint {}", path));
  }
  std::string base(resolved);
  return base == "/" ? base + name : base + "/" + name;
}

absl::Status PrepareMountpoint(const std::string& directory) {
  // Each turn takes one dead mount away; nobody stacks many.
  for (int turn = 0; turn < 16; ++turn) {
    OCA_ASSIGN_OR_RETURN(std::vector<MountEntry> mounts, MountsOn(directory));
    if (mounts.empty() || mounts.back().type != kFilesystemType) break;
    // statvfs asks the daemon; stat may be answered from what the kernel keeps of a dead one.
    struct statvfs ignored;
    if (statvfs(directory.c_str(), &ignored) == 0 || (errno != ENOTCONN && errno != ECONNABORTED)) {
      return absl::AlreadyExistsError(
          fmt::format("{} is mounted already, by an ocafsd that is alive: stop that one first, or "
                      "choose another --mount",
                      directory));
    }
    log::Warning("stale_mount_removed", "dir", directory);
    OCA_RETURN_IF_ERROR(UnmountDirectory(directory, /*lazy=*/true));
  }
  if (mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
    return PosixError(errno, fmt::format("mountpoint {}", directory));
  }
  return CheckEmpty(directory);
}

absl::Status UnmountDirectory(const std::string& directory, bool lazy) {
  if (geteuid() != 0) {
    OCA_ASSIGN_OR_RETURN(std::vector<MountEntry> mounts, MountsOn(directory));
    if (mounts.empty()) return PosixError(EINVAL, fmt::format("unmount {}", directory));
    return RunFuserMount(directory, lazy);
  }
  if (umount2(directory.c_str(), UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0) {
    return absl::OkStatus();
  }
  return PosixError(errno, fmt::format("unmount {}", directory));
}

// fusectl is not mounted everywhere; root mounts it for itself, in no place.
absl::Status AbortConnection(dev_t device) {
  int control = -1;
  if (geteuid() == 0) {
    const int context = fsopen("fusectl", FSOPEN_CLOEXEC);
    if (context >= 0 && fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0) {
      control = fsmount(context, FSMOUNT_CLOEXEC, 0);
    }
    if (context >= 0) close(context);
  } else {
    control = open("/sys/fs/fuse/connections", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  if (control < 0) return PosixError(errno, "fusectl");
  const std::string name = fmt::format("{}/abort", minor(device));
  const int file = openat(control, name.c_str(), O_WRONLY | O_CLOEXEC);
  close(control);
  if (file < 0) return PosixError(errno, fmt::format("fusectl: {}", name));
  const bool written = write(file, "1", 1) == 1;
  const int error_number = errno;
  close(file);
  return written ? absl::OkStatus() : PosixError(error_number, fmt::format("fusectl: {}", name));
}

}  // namespace oca::fuse
