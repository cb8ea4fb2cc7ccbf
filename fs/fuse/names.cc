#include <cerrno>
#include <utility>

#include "fs/fuse/context.h"
#include "fs/fuse/operations.h"
#include "lib/base/status.h"

namespace oca::fuse {
namespace {

void ReplyEntryOr(fuse_req_t req, const absl::StatusOr<engine::Inode>& inode, const char* operation,
                  fuse_ino_t parent) {
  if (!inode.ok()) return ReplyStatus(req, inode.status(), operation, InodeNo(parent));
  ReplyEntry(req, *inode);
}

void Make(fuse_req_t req, fuse_ino_t parent, const char* name, engine::NewInode what,
          const char* operation) {
  const fuse_ctx* caller = fuse_req_ctx(req);
  what.umask = caller->umask;
  what.uid = caller->uid;
  what.gid = caller->gid;
  ReplyEntryOr(req, ContextOf(req).fs.Create(InodeNo(parent), name, what), operation, parent);
}

// "." and "..": how the kernel finds an inode again from a file handle (EXPORT_SUPPORT).
absl::StatusOr<engine::Inode> Reconnect(engine::Filesystem& fs, InodeNo ino, bool to_parent) {
  OCA_ASSIGN_OR_RETURN(engine::Inode inode, fs.GetAttr(ino));
  if (inode.nlink == 0) return PosixError(ESTALE, "inode without a name");
  if (!to_parent) return inode;
  if (!S_ISDIR(inode.mode)) return PosixError(ENOTDIR, "parent of a file");
  return fs.GetAttr(inode.parent);
}

// Lets the kernel remember that there is no such name, but not in the mount's root, where
// containers come by other ways.
void ReplyNegative(fuse_req_t req, fuse_ino_t parent) {
  fuse_entry_param entry{};
  entry.entry_timeout = parent == FUSE_ROOT_ID ? 0 : ContextOf(req).timeout_seconds;
  fuse_reply_entry(req, &entry);
}

}  // namespace

void Lookup(fuse_req_t req, fuse_ino_t parent, const char* name) {
  engine::Filesystem& fs = ContextOf(req).fs;
  std::string_view wanted(name);
  if (wanted == "." || wanted == "..") {
    return ReplyEntryOr(req, Reconnect(fs, InodeNo(parent), wanted == ".."), "lookup", parent);
  }
  absl::StatusOr<engine::Inode> inode = fs.Lookup(InodeNo(parent), wanted);
  if (ErrnoOf(inode.status()) == ENOENT) return ReplyNegative(req, parent);
  ReplyEntryOr(req, inode, "lookup", parent);
}

void Forget(fuse_req_t req, fuse_ino_t ino, uint64_t count) {
  ContextOf(req).fs.DropReferences(InodeNo(ino), count);
  fuse_reply_none(req);
}

void ForgetMulti(fuse_req_t req, size_t count, fuse_forget_data* forgets) {
  engine::Filesystem& fs = ContextOf(req).fs;
  for (size_t i = 0; i < count; ++i) fs.DropReferences(InodeNo(forgets[i].ino), forgets[i].nlookup);
  fuse_reply_none(req);
}

void MkNod(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, dev_t rdev) {
  engine::NewInode what;
  what.mode = (mode & S_IFMT) == 0 ? mode | S_IFREG : mode;
  what.rdev = rdev;
  Make(req, parent, name, std::move(what), "mknod");
}

void MkDir(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode) {
  engine::NewInode what;
  what.mode = (mode & ~S_IFMT) | S_IFDIR;
  Make(req, parent, name, std::move(what), "mkdir");
}

void SymLink(fuse_req_t req, const char* target, fuse_ino_t parent, const char* name) {
  engine::NewInode what;
  what.mode = S_IFLNK | 0777;
  what.symlink_target = target;
  Make(req, parent, name, std::move(what), "symlink");
}

void ReadLink(fuse_req_t req, fuse_ino_t ino) {
  absl::StatusOr<engine::Inode> inode = ContextOf(req).fs.GetAttr(InodeNo(ino));
  if (!inode.ok()) return ReplyStatus(req, inode.status(), "readlink", InodeNo(ino));
  if (!S_ISLNK(inode->mode)) {
    fuse_reply_err(req, EINVAL);
    return;
  }
  fuse_reply_readlink(req, inode->content.c_str());
}

void Link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t new_parent, const char* new_name) {
  ReplyEntryOr(req, ContextOf(req).fs.Link(InodeNo(ino), InodeNo(new_parent), new_name), "link",
               ino);
}

void Unlink(fuse_req_t req, fuse_ino_t parent, const char* name) {
  ReplyStatus(req, ContextOf(req).fs.Unlink(InodeNo(parent), name), "unlink", InodeNo(parent));
}

void RmDir(fuse_req_t req, fuse_ino_t parent, const char* name) {
  ReplyStatus(req, ContextOf(req).fs.Rmdir(InodeNo(parent), name), "rmdir", InodeNo(parent));
}

void Rename(fuse_req_t req, fuse_ino_t parent, const char* name, fuse_ino_t new_parent,
            const char* new_name, unsigned flags) {
  absl::Status status = ContextOf(req).fs.Rename(InodeNo(parent), name, InodeNo(new_parent),
                                                 new_name, static_cast<uint32_t>(flags));
  ReplyStatus(req, status, "rename", InodeNo(parent));
}

}  // namespace oca::fuse
