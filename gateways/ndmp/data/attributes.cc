#include "gateways/ndmp/data/attributes.h"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

// A way to a name in an open folder for calls that take paths alone. The l... calls do not follow
// the last part, and the folder is the one that is open.
std::string WayTo(const FileDescriptor& folder, const std::string& name) {
  return fmt::format("/proc/self/fd/{}/{}", folder.get(), name);
}

// Calls that say how much they need when they are given nothing, until what they need holds still.
template <typename Call>
absl::StatusOr<std::string> Sized(const Call& call, std::string_view what) {
  while (true) {
    ssize_t size = call(nullptr, 0);
    if (size == 0) return std::string();
    if (size > 0) {
      std::string value(static_cast<size_t>(size), '\0');
      size = call(value.data(), value.size());
      if (size >= 0) {
        value.resize(static_cast<size_t>(size));
        return value;
      }
    }
    if (errno != ERANGE) return PosixError(errno, what);
  }
}

absl::Status AddExtended(const std::string& way, const std::string& name, archive_entry* entry) {
  absl::StatusOr<std::string> names =
      Sized([&](char* to, size_t room) { return llistxattr(way.c_str(), to, room); }, name);
  if (ErrnoOf(names.status()) == EOPNOTSUPP) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(names.status());
  for (size_t at = 0; at < names->size();) {
    const std::string key(names->c_str() + at);
    at += key.size() + 1;
    absl::StatusOr<std::string> value = Sized(
        [&](char* to, size_t room) { return lgetxattr(way.c_str(), key.c_str(), to, room); }, name);
    if (ErrnoOf(value.status()) == ENODATA) continue;  // gone meanwhile
    OCA_RETURN_IF_ERROR(value.status());
    archive_entry_xattr_add_entry(entry, key.c_str(), value->data(), value->size());
  }
  return absl::OkStatus();
}

absl::Status AddLinkTarget(const FileDescriptor& folder, const std::string& name,
                           archive_entry* entry) {
  std::string target(PATH_MAX, '\0');
  ssize_t size = readlinkat(folder.get(), name.c_str(), target.data(), target.size());
  if (size < 0) return PosixError(errno, name);
  target.resize(static_cast<size_t>(size));
  archive_entry_copy_symlink(entry, target.c_str());
  return absl::OkStatus();
}

// Owners are given by those who may; others get what they may have.
bool IsRefusal(int error) { return error == EPERM && geteuid() != 0; }

template <typename Call>
void SetExtended(const Attributes& attributes, const Call& call,
                 std::vector<std::string>* refused) {
  for (const auto& [key, value] : attributes.extended) {
    if (call(key.c_str(), value.data(), value.size()) != 0) {
      refused->push_back(fmt::format("{}: {}", key, strerrordesc_np(errno)));
    }
  }
}

}  // namespace

std::vector<Extent> ExtentsOf(const FileDescriptor& file, uint64_t size) {
  std::vector<Extent> extents;
  const auto end = static_cast<off_t>(size);
  for (off_t at = 0; at < end;) {
    const off_t data = lseek(file.get(), at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) return extents;
    const off_t hole = data < 0 ? -1 : lseek(file.get(), data, SEEK_HOLE);
    // A file system that knows of no holes has none.
    if (hole < 0) return {{0, size}};
    if (data >= end) return extents;
    const off_t until = hole < end ? hole : end;
    extents.push_back({static_cast<uint64_t>(data), static_cast<uint64_t>(until - data)});
    at = until;
  }
  return extents;
}

absl::Status Describe(const FileDescriptor& folder, const std::string& name,
                      const struct stat& info, archive_entry* entry) {
  archive_entry_copy_stat(entry, &info);
  if (!S_ISREG(info.st_mode)) archive_entry_set_size(entry, 0);
  if (S_ISLNK(info.st_mode)) OCA_RETURN_IF_ERROR(AddLinkTarget(folder, name, entry));
  return AddExtended(WayTo(folder, name), name, entry);
}

Attributes AttributesOf(archive_entry* entry) {
  Attributes attributes;
  attributes.mode = archive_entry_mode(entry);
  attributes.owner = static_cast<uid_t>(archive_entry_uid(entry));
  attributes.group = static_cast<gid_t>(archive_entry_gid(entry));
  attributes.device = archive_entry_rdev(entry);
  if (archive_entry_size_is_set(entry) && archive_entry_size(entry) > 0) {
    attributes.size = static_cast<uint64_t>(archive_entry_size(entry));
  }
  attributes.times[1] = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)};
  attributes.times[0] = attributes.times[1];
  if (archive_entry_atime_is_set(entry)) {
    attributes.times[0] = {archive_entry_atime(entry), archive_entry_atime_nsec(entry)};
  }
  archive_entry_xattr_reset(entry);
  const char* key = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  while (archive_entry_xattr_next(entry, &key, &value, &size) == 0) {
    attributes.extended.emplace_back(key, std::string(static_cast<const char*>(value), size));
  }
  return attributes;
}

absl::Status Apply(const Attributes& attributes, const FileDescriptor& file,
                   std::vector<std::string>* refused) {
  // The owner first: it takes set-user-ID and capabilities away.
  if (fchown(file.get(), attributes.owner, attributes.group) != 0 && !IsRefusal(errno)) {
    return PosixError(errno, "its owner");
  }
  SetExtended(
      attributes,
      [&](const char* key, const char* value, size_t size) {
        return fsetxattr(file.get(), key, value, size, 0);
      },
      refused);
  if (fchmod(file.get(), attributes.mode & ALLPERMS) != 0) return PosixError(errno, "its mode");
  if (futimens(file.get(), attributes.times) != 0) return PosixError(errno, "its times");
  return absl::OkStatus();
}

absl::Status ApplyByName(const Attributes& attributes, const FileDescriptor& folder,
                         const std::string& name, std::vector<std::string>* refused) {
  const int in = folder.get();
  if (fchownat(in, name.c_str(), attributes.owner, attributes.group, AT_SYMLINK_NOFOLLOW) != 0 &&
      !IsRefusal(errno)) {
    return PosixError(errno, "its owner");
  }
  const std::string way = WayTo(folder, name);
  SetExtended(
      attributes,
      [&](const char* key, const char* value, size_t size) {
        return lsetxattr(way.c_str(), key, value, size, 0);
      },
      refused);
  if (!S_ISLNK(attributes.mode) && fchmodat(in, name.c_str(), attributes.mode & ALLPERMS, 0) != 0) {
    return PosixError(errno, "its mode");
  }
  if (utimensat(in, name.c_str(), attributes.times, AT_SYMLINK_NOFOLLOW) != 0) {
    return PosixError(errno, "its times");
  }
  return absl::OkStatus();
}

}  // namespace oca::ndmp
