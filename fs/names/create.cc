// Create, Link, Unlink, Rmdir and DeleteOrphan.
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

// The new inode as its parent and the caller make it; ACLs come after.
absl::StatusOr<Inode> MakeInode(const NewInode& what, const Inode& parent, int64_t now) {
  Inode inode;
  inode.container = parent.container;
  inode.mode = what.mode & (S_IFMT | 07777);
  inode.uid = what.uid;
  inode.gid = what.gid;
  inode.nlink = 1;
  inode.atime_ns = inode.mtime_ns = inode.ctime_ns = inode.btime_ns = now;
  const bool inherit_group = (parent.mode & S_ISGID) != 0;
  if (inherit_group) inode.gid = parent.gid;
  switch (what.mode & S_IFMT) {
    case S_IFREG:
    case S_IFIFO:
    case S_IFSOCK:
      return inode;
    case S_IFCHR:
    case S_IFBLK:
      inode.rdev = what.rdev;
      return inode;
    case S_IFDIR:
      if (parent.nlink >= kMaxLinks) return PosixError(EMLINK, "names: subdirectories");
      inode.nlink = 2;
      inode.size = kDirectorySize;
      inode.parent = parent.ino;
      if (inherit_group) inode.mode |= S_ISGID;
      return inode;
    case S_IFLNK:
      if (what.symlink_target.size() > kMaxSymlinkBytes) {
        return PosixError(ENAMETOOLONG, "names: symlink target");
      }
      if (what.symlink_target.empty()) return PosixError(ENOENT, "names: empty symlink target");
      inode.mode = S_IFLNK | 0777;
      inode.size = what.symlink_target.size();
      inode.content = what.symlink_target;
      return inode;
    default:
      return PosixError(EINVAL, "names: file type");
  }
}

// Permission bits by umask, or by the parent's default ACL, which is handed down.
absl::Status ApplyCreationMode(const Names::Impl& impl, const Inode& parent, uint32_t umask,
                               Inode* inode, Mutation* mutation) {
  if (S_ISLNK(inode->mode)) return absl::OkStatus();
  if ((parent.flags & kInodeHasDefaultAcl) == 0) {
    inode->mode &= ~(umask & 0777);
    return absl::OkStatus();
  }
  OCA_ASSIGN_OR_RETURN(const auto value, impl.FindXattr(parent.ino, kDefaultAclName));
  if (!value) return absl::DataLossError("names: a default ACL is missing");
  OCA_ASSIGN_OR_RETURN(Acl acl, ParseAcl(*value));
  if (IsDir(*inode)) {
    mutation->PutXattr(inode->ino, kDefaultAclName, *value);
    inode->flags |= kInodeHasXattrs | kInodeHasDefaultAcl;
  }
  inode->mode = InheritAcl(inode->mode, &acl);
  if (!IsMinimal(acl)) {
    mutation->PutXattr(inode->ino, kAccessAclName, FormatAcl(acl));
    inode->flags |= kInodeHasXattrs | kInodeHasAccessAcl;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Inode> Names::Create(InodeNo parent_ino, std::string_view name,
                                    const NewInode& what) {
  OCA_RETURN_IF_ERROR(CheckName(name));
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Inode parent, impl_->LoadParent(parent_ino));
  OCA_ASSIGN_OR_RETURN(const auto existing, impl_->FindEntry(parent_ino, name));
  if (existing) return PosixAt(EEXIST, parent_ino, name);
  const int64_t now = impl_->NowNs();
  OCA_ASSIGN_OR_RETURN(Inode inode, MakeInode(what, parent, now));
  Mutation mutation(*impl_);
  inode.ino = InodeNo(mutation.TakeNumber(&impl_->inodes));
  OCA_RETURN_IF_ERROR(ApplyCreationMode(*impl_, parent, what.umask, &inode, &mutation));
  parent.entries++;
  if (IsDir(inode)) parent.nlink++;
  parent.mtime_ns = parent.ctime_ns = now;
  mutation.PutInode(inode);
  mutation.PutInode(parent);
  mutation.PutEntry(parent_ino, name,
                    {.ino = inode.ino,
                     .type = inode.mode & S_IFMT,
                     .cookie = mutation.TakeNumber(&impl_->cookies)});
  mutation.CountInode(inode, 1);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return inode;
}

absl::StatusOr<Inode> Names::Link(InodeNo ino, InodeNo new_parent, std::string_view new_name) {
  OCA_RETURN_IF_ERROR(CheckName(new_name));
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Inode inode, impl_->LoadInode(ino));
  OCA_ASSIGN_OR_RETURN(Inode parent, impl_->LoadParent(new_parent));
  OCA_ASSIGN_OR_RETURN(const auto existing, impl_->FindEntry(new_parent, new_name));
  if (existing) return PosixAt(EEXIST, new_parent, new_name);
  if (IsDir(inode)) return PosixAt(EPERM, new_parent, new_name);
  if (inode.container != parent.container) return PosixAt(EXDEV, new_parent, new_name);
  if (inode.nlink == 0) return PosixAt(ENOENT, new_parent, new_name);
  OCA_RETURN_IF_ERROR(impl_->CheckUnlocked(inode));
  if (inode.nlink >= kMaxLinks) return PosixAt(EMLINK, new_parent, new_name);
  const int64_t now = impl_->NowNs();
  inode.nlink++;
  inode.ctime_ns = now;
  parent.entries++;
  parent.mtime_ns = parent.ctime_ns = now;
  Mutation mutation(*impl_);
  mutation.PutInode(inode);
  mutation.PutInode(parent);
  mutation.PutEntry(
      new_parent, new_name,
      {.ino = ino, .type = inode.mode & S_IFMT, .cookie = mutation.TakeNumber(&impl_->cookies)});
  OCA_RETURN_IF_ERROR(mutation.Write());
  return inode;
}

absl::StatusOr<Inode> Names::Unlink(InodeNo parent_ino, std::string_view name) {
  return impl_->RemoveName(parent_ino, name, [&](const Inode& inode) {
    return IsDir(inode) ? PosixAt(EISDIR, parent_ino, name) : impl_->CheckUnlocked(inode);
  });
}

absl::StatusOr<Inode> Names::Rmdir(InodeNo parent_ino, std::string_view name) {
  return impl_->RemoveName(parent_ino, name, [&](const Inode& inode) {
    if (!IsDir(inode)) return PosixAt(ENOTDIR, parent_ino, name);
    return inode.entries != 0 ? PosixAt(ENOTEMPTY, parent_ino, name) : absl::OkStatus();
  });
}

absl::StatusOr<Inode> Names::Impl::RemoveName(
    InodeNo parent_ino, std::string_view name,
    absl::FunctionRef<absl::Status(const Inode&)> may_remove) {
  OCA_RETURN_IF_ERROR(CheckName(name));
  absl::MutexLock lock(&mu);
  OCA_ASSIGN_OR_RETURN(Inode parent, LoadParent(parent_ino));
  OCA_ASSIGN_OR_RETURN(const EntryValue entry, LoadEntry(parent_ino, name));
  OCA_ASSIGN_OR_RETURN(Inode inode, LoadInode(entry.ino));
  OCA_RETURN_IF_ERROR(may_remove(inode));
  const int64_t now = NowNs();
  Mutation mutation(*this);
  DropLink(now, parent_ino, name, &inode, &mutation);
  parent.entries--;
  if (IsDir(inode)) parent.nlink--;
  parent.mtime_ns = parent.ctime_ns = now;
  mutation.PutInode(inode);
  mutation.PutInode(parent);
  mutation.DeleteEntry(parent_ino, name, entry.cookie);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return inode;
}

absl::Status Names::DeleteOrphan(InodeNo ino) {
  absl::MutexLock lock(&impl_->mu);
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool orphan, impl_->db->Get(OrphanKey(ino), &value));
  if (!orphan) return PosixError(ENOENT, "names: not an orphan");
  OCA_ASSIGN_OR_RETURN(const Inode inode, impl_->LoadInode(ino));
  Mutation mutation(*impl_);
  OCA_RETURN_IF_ERROR(mutation.DeleteAllXattrs(inode));
  mutation.DeleteInode(inode);
  mutation.DeleteOrphan(ino);
  mutation.CountInode(inode, -1);
  OCA_RETURN_IF_ERROR(mutation.Write());
  impl_->ContentChanged(inode, nullptr);
  return absl::OkStatus();
}

}  // namespace oca::names
