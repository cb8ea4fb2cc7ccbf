#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "fs/fuse/context.h"
#include "fs/fuse/operations.h"
#include "lib/base/status.h"

namespace oca::fuse {
namespace {

constexpr std::string_view kAccessAcl = "system.posix_acl_access";

// The namespaces that a filesystem keeps. Who may use them is the kernel's check.
bool KnownName(std::string_view name) {
  for (std::string_view prefix : {"user.", "trusted.", "security."}) {
    if (name.starts_with(prefix) && name.size() > prefix.size()) return true;
  }
  return name == kAccessAcl || name == "system.posix_acl_default";
}

// Answers a request that asks for the size alone (size 0) or for the bytes.
void ReplySized(fuse_req_t req, std::string_view bytes, size_t size) {
  if (size == 0) {
    fuse_reply_xattr(req, bytes.size());
  } else if (bytes.size() > size) {
    fuse_reply_err(req, ERANGE);
  } else {
    fuse_reply_buf(req, bytes.data(), bytes.size());
  }
}

// fuse_req_getgroups of libfuse 3.14 searches a buffer that it does not end with a NUL.
bool CallerInGroup(fuse_req_t req, gid_t group) {
  constexpr std::string_view kGroups = "Groups:";
  const fuse_ctx* caller = fuse_req_ctx(req);
  if (caller->gid == group) return true;
  std::ifstream status(fmt::format("/proc/{0}/task/{0}/status", caller->pid));
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(kGroups)) continue;
    std::istringstream groups(line.substr(kGroups.size()));
    return std::find(std::istream_iterator<gid_t>(groups), {}, group) !=
           std::istream_iterator<gid_t>();
  }
  return false;  // it is gone, or of another pid namespace: no group is known
}

// Setting an access ACL is a chmod: who is neither root nor in the file's group loses its set-gid
// bit.
absl::Status DropSetGid(fuse_req_t req, InodeNo ino) {
  if (fuse_req_ctx(req)->uid == 0) return absl::OkStatus();
  engine::Filesystem& fs = ContextOf(req).fs;
  OCA_ASSIGN_OR_RETURN(engine::Inode inode, fs.GetAttr(ino));
  if ((inode.mode & S_ISGID) == 0 || CallerInGroup(req, inode.gid)) return absl::OkStatus();
  engine::AttrChange change;
  change.mode = inode.mode & 07777 & ~static_cast<uint32_t>(S_ISGID);
  return fs.SetAttr(ino, change).status();
}

}  // namespace

void SetXattr(fuse_req_t req, fuse_ino_t ino, const char* name, const char* value, size_t size,
              int flags) {
  Context& context = ContextOf(req);
  if (!KnownName(name)) {
    fuse_reply_err(req, EOPNOTSUPP);
    return;
  }
  absl::Status status =
      context.fs.SetXattr(InodeNo(ino), name, std::string_view(value, size), flags);
  if (status.ok() && name == kAccessAcl) status = DropSetGid(req, InodeNo(ino));
  if (status.ok() && std::string_view(name) == "security.capability") {
    context.open_files.MarkPrivileged(InodeNo(ino));
  }
  ReplyStatus(req, status, "setxattr", InodeNo(ino));
}

void GetXattr(fuse_req_t req, fuse_ino_t ino, const char* name, size_t size) {
  if (!KnownName(name)) {
    fuse_reply_err(req, EOPNOTSUPP);
    return;
  }
  absl::StatusOr<std::string> value = ContextOf(req).fs.GetXattr(InodeNo(ino), name);
  if (!value.ok()) return ReplyStatus(req, value.status(), "getxattr", InodeNo(ino));
  ReplySized(req, *value, size);
}

void ListXattrs(fuse_req_t req, fuse_ino_t ino, size_t size) {
  absl::StatusOr<std::vector<std::string>> names = ContextOf(req).fs.ListXattrs(InodeNo(ino));
  if (!names.ok()) return ReplyStatus(req, names.status(), "listxattr", InodeNo(ino));
  bool root = fuse_req_ctx(req)->uid == 0;
  std::string list;
  for (const std::string& name : *names) {
    if (!root && name.starts_with("trusted.")) continue;  // as every Linux filesystem hides them
    list.append(name);
    list.push_back('\0');
  }
  ReplySized(req, list, size);
}

void RemoveXattr(fuse_req_t req, fuse_ino_t ino, const char* name) {
  if (!KnownName(name)) {
    fuse_reply_err(req, EOPNOTSUPP);
    return;
  }
  absl::Status status = ContextOf(req).fs.RemoveXattr(InodeNo(ino), name);
  ReplyStatus(req, status, "removexattr", InodeNo(ino));
}

}  // namespace oca::fuse
