// SetAttr, SetContent and extended attributes.
#include <linux/limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

enum class XattrKind { kPlain, kUser, kAccessAcl, kDefaultAcl };

absl::Status XattrError(int error_number, std::string_view name) {
  return PosixError(error_number, fmt::format("names: xattr {}", name));
}

bool IsAcl(XattrKind kind) {
  return kind == XattrKind::kAccessAcl || kind == XattrKind::kDefaultAcl;
}

// ERANGE: empty or too long; EOPNOTSUPP: no such namespace; EINVAL: a namespace alone.
absl::StatusOr<XattrKind> KindOf(std::string_view name) {
  if (name.empty() || name.size() > XATTR_NAME_MAX || name.find('\0') != std::string_view::npos) {
    return XattrError(ERANGE, name.substr(0, XATTR_NAME_MAX));
  }
  if (name == kAccessAclName) return XattrKind::kAccessAcl;
  if (name == kDefaultAclName) return XattrKind::kDefaultAcl;
  for (std::string_view space : {"user.", "trusted.", "security."}) {
    if (!name.starts_with(space)) continue;
    if (name == space) return XattrError(EINVAL, name);
    return space == "user." ? XattrKind::kUser : XattrKind::kPlain;
  }
  return XattrError(EOPNOTSUPP, name);
}

// user.* belongs to files and directories only; symlinks have no ACLs.
absl::Status CheckChangeable(const Inode& inode, XattrKind kind, std::string_view name) {
  if (kind == XattrKind::kUser && !IsDir(inode) && !IsRegular(inode)) {
    return XattrError(EPERM, name);
  }
  if (IsAcl(kind) && S_ISLNK(inode.mode)) return XattrError(EOPNOTSUPP, name);
  return absl::OkStatus();
}

// listxattr(2) hands out at most XATTR_LIST_MAX bytes, so no more names fit an inode. Also tells
// whether `except` is the only name.
absl::StatusOr<size_t> NameBytes(const Database& db, const Inode& inode,
                                 std::string_view except = {}) {
  size_t bytes = 0;
  if ((inode.flags & kInodeHasXattrs) == 0) return bytes;
  Cursor cursor = db.Walk(NumberedPrefix(kXattrPrefix, inode.ino.value));
  for (; cursor.Valid(); cursor.Next()) {
    const std::string_view name = TailOfKey(cursor.key());
    if (name != except) bytes += name.size() + 1;
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  return bytes;
}

// ENOSPC: with the new xattr `name` the inode has more than a list can hold.
absl::Status CheckListRoom(const Database& db, const Inode& inode, std::string_view name) {
  OCA_ASSIGN_OR_RETURN(const size_t bytes, NameBytes(db, inode));
  if (bytes + name.size() + 1 > XATTR_LIST_MAX) return XattrError(ENOSPC, name);
  return absl::OkStatus();
}

// Drops one xattr, and the flags that it was the reason of.
absl::Status DropXattr(const Database& db, XattrKind kind, std::string_view name, Inode* inode,
                       Mutation* mutation) {
  OCA_ASSIGN_OR_RETURN(const size_t others, NameBytes(db, *inode, name));
  if (others == 0) inode->flags &= ~kInodeHasXattrs;
  if (kind == XattrKind::kAccessAcl) inode->flags &= ~kInodeHasAccessAcl;
  if (kind == XattrKind::kDefaultAcl) inode->flags &= ~kInodeHasDefaultAcl;
  mutation->DeleteXattr(inode->ino, name);
  return absl::OkStatus();
}

// An ACL in place of what is there. An access ACL sets the mode, and is not kept when mode says
// all.
absl::Status PutAcl(const Database& db, XattrKind kind, std::string_view name,
                    std::string_view value, Inode* inode, Mutation* mutation) {
  OCA_ASSIGN_OR_RETURN(const Acl acl, ParseAcl(value));
  const bool access = kind == XattrKind::kAccessAcl;
  if (!access && !IsDir(*inode)) {
    return acl.empty() ? absl::OkStatus() : XattrError(EACCES, name);
  }
  if (access && !acl.empty()) inode->mode = (inode->mode & ~0777u) | ModeOfAcl(acl);
  if (acl.empty() || (access && IsMinimal(acl))) {
    return DropXattr(db, kind, name, inode, mutation);
  }
  const uint32_t flag = access ? kInodeHasAccessAcl : kInodeHasDefaultAcl;
  if ((inode->flags & flag) == 0) OCA_RETURN_IF_ERROR(CheckListRoom(db, *inode, name));
  mutation->PutXattr(inode->ino, name, FormatAcl(acl));
  inode->flags |= kInodeHasXattrs | flag;
  return absl::OkStatus();
}

// chmod of an inode with an access ACL changes the ACL's entries too.
absl::Status FollowMode(const Names::Impl& impl, const Inode& inode, Mutation* mutation) {
  if ((inode.flags & kInodeHasAccessAcl) == 0) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(const auto value, impl.FindXattr(inode.ino, kAccessAclName));
  if (!value) return absl::DataLossError("names: an access ACL is missing");
  OCA_ASSIGN_OR_RETURN(Acl acl, ParseAcl(*value));
  ApplyModeToAcl(inode.mode, &acl);
  mutation->PutXattr(inode.ino, kAccessAclName, FormatAcl(acl));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Inode> Names::SetAttr(InodeNo ino, const AttrChange& change) {
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Inode inode, impl_->LoadInode(ino));
  return impl_->ChangeAttr(std::move(inode), change);
}

absl::StatusOr<Inode> Names::Impl::ChangeAttr(Inode inode, const AttrChange& change) {
  if (IsLocked(inode)) return ChangeLocked(std::move(inode), change);
  const uint32_t mode_before = inode.mode;
  Mutation mutation(*this);
  if (change.mode) {
    inode.mode = (inode.mode & S_IFMT) | (*change.mode & 07777);
    OCA_RETURN_IF_ERROR(FollowMode(*this, inode, &mutation));
  }
  if (change.uid) inode.uid = *change.uid;
  if (change.gid) inode.gid = *change.gid;
  if (change.atime_ns) inode.atime_ns = *change.atime_ns;
  if (change.mtime_ns) inode.mtime_ns = *change.mtime_ns;
  inode.ctime_ns = change.ctime_ns ? *change.ctime_ns : NowNs();
  FollowRetention(mode_before, change, &inode, &mutation);
  mutation.PutInode(inode);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return inode;
}

absl::StatusOr<Inode> Names::SetContent(InodeNo ino, const Content& content) {
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Inode inode, impl_->LoadInode(ino));
  if (!IsRegular(inode)) return PosixError(EINVAL, "names: content of what is no regular file");
  OCA_RETURN_IF_ERROR(impl_->CheckUnlocked(inode));
  Mutation mutation(*impl_);
  mutation.CountBytes(inode, content.size);
  const Inode before = inode;
  inode.content = content.recipe;
  inode.size = content.size;
  inode.data_bytes = content.data_bytes;
  inode.mtime_ns = content.mtime_ns;
  inode.ctime_ns = content.ctime_ns;
  mutation.PutInode(inode);
  OCA_RETURN_IF_ERROR(mutation.Write());
  impl_->ContentChanged(before, &inode);
  return inode;
}

void Names::Impl::ContentChanged(const Inode& before, const Inode* after) const {
  if (options.content_changed == nullptr || !IsRegular(before)) return;
  options.content_changed(before, after);
}

absl::StatusOr<bool> Names::ReplaceRecipe(InodeNo ino, std::string_view expected,
                                          std::string_view recipe) {
  absl::MutexLock lock(&impl_->mu);
  absl::StatusOr<Inode> inode = impl_->LoadInode(ino);
  if (absl::IsNotFound(inode.status())) return false;
  if (!inode.ok()) return inode.status();
  if (!IsRegular(*inode) || inode->content != expected) return false;
  Mutation mutation(*impl_);
  inode->content = recipe;
  mutation.PutInode(*inode);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return true;
}

absl::StatusOr<std::string> Names::GetXattr(InodeNo ino, std::string_view name) const {
  OCA_RETURN_IF_ERROR(KindOf(name).status());
  OCA_ASSIGN_OR_RETURN(auto value, impl_->FindXattr(ino, name));
  if (value) return *std::move(value);
  OCA_RETURN_IF_ERROR(impl_->LoadInode(ino).status());
  return XattrError(ENODATA, name);
}

absl::Status Names::SetXattr(InodeNo ino, std::string_view name, std::string_view value,
                             int flags) {
  if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) return XattrError(EINVAL, name);
  OCA_ASSIGN_OR_RETURN(const XattrKind kind, KindOf(name));
  if (value.size() > kMaxXattrValueBytes) return XattrError(E2BIG, name);
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Inode inode, impl_->LoadInode(ino));
  OCA_RETURN_IF_ERROR(CheckChangeable(inode, kind, name));
  OCA_RETURN_IF_ERROR(impl_->CheckUnlocked(inode));
  Mutation mutation(*impl_);
  if (IsAcl(kind)) {
    OCA_RETURN_IF_ERROR(PutAcl(*impl_->db, kind, name, value, &inode, &mutation));
  } else {
    OCA_ASSIGN_OR_RETURN(const auto old, impl_->FindXattr(ino, name));
    if (old && (flags & XATTR_CREATE) != 0) return XattrError(EEXIST, name);
    if (!old && (flags & XATTR_REPLACE) != 0) return XattrError(ENODATA, name);
    if (!old) OCA_RETURN_IF_ERROR(CheckListRoom(*impl_->db, inode, name));
    mutation.PutXattr(ino, name, value);
    inode.flags |= kInodeHasXattrs;
  }
  inode.ctime_ns = impl_->NowNs();
  mutation.PutInode(inode);
  return mutation.Write();
}

absl::Status Names::RemoveXattr(InodeNo ino, std::string_view name) {
  OCA_ASSIGN_OR_RETURN(const XattrKind kind, KindOf(name));
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Inode inode, impl_->LoadInode(ino));
  OCA_RETURN_IF_ERROR(CheckChangeable(inode, kind, name));
  OCA_RETURN_IF_ERROR(impl_->CheckUnlocked(inode));
  OCA_ASSIGN_OR_RETURN(const auto old, impl_->FindXattr(ino, name));
  if (!old) return IsAcl(kind) ? absl::OkStatus() : XattrError(ENODATA, name);
  Mutation mutation(*impl_);
  OCA_RETURN_IF_ERROR(DropXattr(*impl_->db, kind, name, &inode, &mutation));
  inode.ctime_ns = impl_->NowNs();
  mutation.PutInode(inode);
  return mutation.Write();
}

absl::StatusOr<std::vector<std::string>> Names::ListXattrs(InodeNo ino) const {
  std::vector<std::string> names;
  OCA_ASSIGN_OR_RETURN(const Inode inode, impl_->LoadInode(ino));
  if ((inode.flags & kInodeHasXattrs) == 0) return names;
  Cursor cursor = impl_->db->Walk(NumberedPrefix(kXattrPrefix, ino.value));
  for (; cursor.Valid(); cursor.Next()) names.emplace_back(TailOfKey(cursor.key()));
  OCA_RETURN_IF_ERROR(cursor.status());
  return names;
}

}  // namespace oca::names
