#include "gateways/ndmp/data/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

constexpr std::string_view kTop = "/oca/";

}  // namespace

std::vector<Container> Tree::Containers() const {
  std::vector<Container> containers;
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(mount_.c_str()), closedir);
  if (dir == nullptr) return containers;
  while (const dirent* entry = readdir(dir.get())) {
    Container container{.name = entry->d_name, .path = Join(mount_, entry->d_name)};
    if (container.name.starts_with(".")) continue;
    struct stat info {};
    struct statvfs space {};
    if (fstatat(dirfd(dir.get()), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(info.st_mode) || statvfs(container.path.c_str(), &space) != 0) {
      continue;
    }
    container.total_bytes = space.f_blocks * space.f_frsize;
    container.used_bytes = (space.f_blocks - space.f_bfree) * space.f_frsize;
    container.available_bytes = space.f_bavail * space.f_frsize;
    container.total_inodes = space.f_files;
    container.used_inodes = space.f_files - space.f_ffree;
    containers.push_back(std::move(container));
  }
  std::sort(containers.begin(), containers.end(),
            [](const Container& a, const Container& b) { return a.name < b.name; });
  return containers;
}

absl::StatusOr<FileDescriptor> Tree::OpenRoot() const {
  FileDescriptor root(open(mount_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.is_open()) return PosixError(errno, mount_);
  return root;
}

absl::StatusOr<std::string> CleanPath(std::string_view text) {
  std::string clean;
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("a path has no NUL");
  }
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('/', begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..")
      return absl::InvalidArgumentError(fmt::format("'{}': no '..' in paths", text));
    clean = Join(clean, part);
  }
  return clean;
}

absl::StatusOr<std::string> PathOfName(std::string_view name) {
  if (name.starts_with(kTop)) {
    OCA_ASSIGN_OR_RETURN(std::string path, CleanPath(name.substr(kTop.size())));
    if (!path.empty()) return path;
  }
  return absl::InvalidArgumentError(fmt::format(
      "'{}' is no name of a container or of what is in one: /oca/<container>[/path]", name));
}

std::string NameOfPath(std::string_view path) { return fmt::format("{}{}", kTop, path); }

std::string Join(std::string_view folder, std::string_view name) {
  if (folder.empty() || name.empty()) return std::string(folder.empty() ? name : folder);
  return fmt::format("{}/{}", folder, name);
}

bool IsWithin(std::string_view path, std::string_view folder) {
  if (folder.empty() || path == folder) return true;
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

absl::StatusOr<FileDescriptor> OpenBeneath(const FileDescriptor& root, const std::string& path,
                                           int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  const char* relative = path.empty() ? "." : path.c_str();
  int64_t fd = -1;
  do {
    fd = syscall(SYS_openat2, root.get(), relative, &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd < 0) return PosixError(errno, NameOfPath(path));
  return FileDescriptor(static_cast<int>(fd));
}

}  // namespace oca::ndmp
