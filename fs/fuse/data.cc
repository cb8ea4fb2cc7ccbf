#include <algorithm>
#include <cerrno>
#include <string_view>

#include "fs/fuse/context.h"
#include "fs/fuse/operations.h"
#include "lib/base/status.h"

namespace oca::fuse {
namespace {

// One COPY_FILE_RANGE answer counts in 32 bits; the caller goes on from what it got.
constexpr uint64_t kMaxCopyBytes = 2ull << 30;

// What the kernel leaves to us on a direct write: takes the set-uid and set-gid bits away unless
// root writes, and the capabilities in any case. See open_files.h.
void TakePrivileges(Context& context, OpenInode* open, uid_t writer) {
  open->privileged = false;
  absl::StatusOr<engine::Inode> inode = context.fs.GetAttr(open->ino);
  if (!inode.ok()) return;
  (void)context.fs.RemoveXattr(open->ino, "security.capability");  // mostly there is none
  uint32_t cleared = inode->mode & ~static_cast<uint32_t>(S_ISUID);
  // Set-gid without group execution means mandatory locking, and stays.
  if (inode->mode & S_IXGRP) cleared &= ~static_cast<uint32_t>(S_ISGID);
  if (cleared != inode->mode && writer == 0) {
    open->privileged = true;  // for the next writer
  } else if (cleared != inode->mode) {
    engine::AttrChange change;
    change.mode = cleared & 07777;
    if (!context.fs.SetAttr(open->ino, change).ok()) open->privileged = true;
  }
  InvalidateInode(context, open->ino, -1, 0);
}

}  // namespace

void Read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info* fi) {
  absl::StatusOr<engine::ReadResult> result =
      ContextOf(req).fs.Read(FileOf(fi)->handle, static_cast<uint64_t>(offset), size);
  if (!result.ok()) return ReplyStatus(req, result.status(), "read", InodeNo(ino));
  fuse_reply_buf(req, result->data.data(), std::min(size, result->data.size()));
}

void Write(fuse_req_t req, fuse_ino_t ino, const char* data, size_t size, off_t offset,
           fuse_file_info* fi) {
  Context& context = ContextOf(req);
  OpenFile* file = FileOf(fi);
  // O_APPEND needs nothing from us: the kernel holds the inode's lock from finding the end to the
  // end of the write, and it alone changes sizes. Its offset must be kept, because the parts of one
  // large asynchronous write arrive in any order.
  absl::StatusOr<size_t> written = context.fs.Write(file->handle, static_cast<uint64_t>(offset),
                                                    std::string_view(data, size), /*append=*/false);
  if (!written.ok()) return ReplyStatus(req, written.status(), "write", InodeNo(ino));
  if (!file->direct || fi->writepage) {
    fuse_reply_write(req, *written);
    return;
  }
  if (file->inode->privileged) TakePrivileges(context, file->inode, fuse_req_ctx(req)->uid);
  if (!file->inode->pages) {
    fuse_reply_write(req, *written);
    return;
  }
  context.invalidations.Run([&context, req, ino, offset, count = *written] {
    InvalidateInode(context, InodeNo(ino), offset, static_cast<int64_t>(count));
    fuse_reply_write(req, count);
  });
}

void Allocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
              fuse_file_info* fi) {
  absl::Status status = ContextOf(req).fs.Allocate(
      FileOf(fi)->handle, mode, static_cast<uint64_t>(offset), static_cast<uint64_t>(length));
  ReplyStatus(req, status, "fallocate", InodeNo(ino));
}

void CopyRange(fuse_req_t req, fuse_ino_t from, off_t from_offset, fuse_file_info* from_fi,
               fuse_ino_t, off_t to_offset, fuse_file_info* to_fi, size_t length, int) {
  absl::StatusOr<uint64_t> copied = ContextOf(req).fs.CopyRange(
      FileOf(from_fi)->handle, static_cast<uint64_t>(from_offset), FileOf(to_fi)->handle,
      static_cast<uint64_t>(to_offset), std::min<uint64_t>(length, kMaxCopyBytes));
  if (!copied.ok()) return ReplyStatus(req, copied.status(), "copy_file_range", InodeNo(from));
  fuse_reply_write(req, *copied);
}

void Seek(fuse_req_t req, fuse_ino_t ino, off_t offset, int whence, fuse_file_info* fi) {
  absl::StatusOr<uint64_t> position =
      ContextOf(req).fs.Seek(FileOf(fi)->handle, static_cast<uint64_t>(offset), whence);
  if (!position.ok()) return ReplyStatus(req, position.status(), "lseek", InodeNo(ino));
  fuse_reply_lseek(req, static_cast<off_t>(*position));
}

void IoCtl(fuse_req_t req, fuse_ino_t, unsigned, void*, fuse_file_info*, unsigned, const void*,
           size_t, size_t) {
  fuse_reply_err(req, ENOTTY);
}

}  // namespace oca::fuse
