#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "fs/fuse/context.h"
#include "fs/fuse/operations.h"
#include "lib/base/status.h"

namespace oca::fuse {
namespace {

// Whether a write must take set-uid, set-gid or capabilities away from the file.
bool HasPrivileges(engine::Filesystem& fs, InodeNo ino) {
  absl::StatusOr<engine::Inode> inode = fs.GetAttr(ino);
  if (!inode.ok() || (inode->mode & (S_ISUID | S_ISGID)) != 0) return true;
  return fs.GetXattr(ino, "security.capability").ok();
}

// Enters the file into the table and says in `fi` how the kernel is to treat it.
void Admit(Context& context, InodeNo ino, engine::Handle* handle, bool may_stream,
           fuse_file_info* fi) {
  OpenFile* file = context.open_files.Add(ino, handle, fi->flags, may_stream);
  fi->fh = reinterpret_cast<uintptr_t>(file);
  fi->direct_io = file->direct;
  fi->keep_cache = !file->direct;
  // Nothing is written through a reading file: its close needs no word from us.
  fi->noflush = (fi->flags & O_ACCMODE) == O_RDONLY;
}

void Dismiss(Context& context, fuse_file_info* fi) {
  context.fs.Release(context.open_files.Remove(FileOf(fi)));
}

}  // namespace

void Open(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi) {
  Context& context = ContextOf(req);
  absl::StatusOr<engine::Handle*> handle = context.fs.Open(InodeNo(ino), fi->flags);
  if (!handle.ok()) return ReplyStatus(req, handle.status(), "open", InodeNo(ino));
  bool may_stream = (fi->flags & O_ACCMODE) == O_WRONLY && !HasPrivileges(context.fs, InodeNo(ino));
  Admit(context, InodeNo(ino), *handle, may_stream, fi);
  if (fuse_reply_open(req, fi) != 0) Dismiss(context, fi);
}

void Create(fuse_req_t req, fuse_ino_t parent, const char* name, mode_t mode, fuse_file_info* fi) {
  Context& context = ContextOf(req);
  const fuse_ctx* caller = fuse_req_ctx(req);
  engine::NewInode what;
  what.mode = (mode & ~S_IFMT) | S_IFREG;
  what.umask = caller->umask;
  what.uid = caller->uid;
  what.gid = caller->gid;
  absl::StatusOr<engine::Inode> inode = context.fs.Create(InodeNo(parent), name, what);
  if (!inode.ok()) return ReplyStatus(req, inode.status(), "create", InodeNo(parent));
  context.fs.AddReference(inode->ino);
  absl::StatusOr<engine::Handle*> handle = context.fs.Open(inode->ino, fi->flags);
  if (!handle.ok()) {
    ReplyStatus(req, handle.status(), "create", inode->ino);
    context.fs.DropReferences(inode->ino, 1);
    return;
  }
  Admit(context, inode->ino, *handle, (inode->mode & (S_ISUID | S_ISGID)) == 0, fi);
  fuse_entry_param entry = ToEntry(context, *inode);
  if (fuse_reply_create(req, &entry, fi) != 0) {
    Dismiss(context, fi);
    context.fs.DropReferences(inode->ino, 1);
  }
}

void Flush(fuse_req_t req, fuse_ino_t ino, fuse_file_info* fi) {
  ReplyStatus(req, ContextOf(req).fs.Flush(FileOf(fi)->handle), "flush", InodeNo(ino));
}

void Release(fuse_req_t req, fuse_ino_t, fuse_file_info* fi) {
  Dismiss(ContextOf(req), fi);
  fuse_reply_err(req, 0);
}

void Fsync(fuse_req_t req, fuse_ino_t ino, int, fuse_file_info*) {
  Context& context = ContextOf(req);
  context.syncs.Run([&context, req, ino] {
    ReplyStatus(req, context.fs.Fsync(InodeNo(ino)), "fsync", InodeNo(ino));
  });
}

}  // namespace oca::fuse
