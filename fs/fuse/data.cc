#include <fcntl.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "fs/fuse/context.h"
#include "fs/fuse/operations.h"
#include "fs/fuse/receive.h"
#include "lib/base/status.h"

namespace oca::fuse {
namespace {

// One COPY_FILE_RANGE answer counts in 32 bits; the caller goes on from what it got.
constexpr uint64_t kMaxCopyBytes = 2ull << 30;
// The kernel takes at most 1024 pieces of one answer, its header among them.
constexpr size_t kMaxParts = 1000;

// A write on its way, whatever its kind.
struct WriteRequest {
  Context* context;
  fuse_req_t req;
  OpenFile* file;  // stays open until the request is answered
  off_t offset;
  uid_t writer;
  bool sync;  // O_SYNC, O_DSYNC or RWF_DSYNC
};

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

void Invalidate(const WriteRequest& write, size_t size) {
  InvalidateInode(*write.context, write.file->inode->ino, write.offset, static_cast<int64_t>(size));
}

// `memory`: null, or what holds the bytes, which may be taken.
absl::StatusOr<size_t> Store(const WriteRequest& write, std::string_view bytes,
                             engine::StreamBuffer* memory) {
  Context& context = *write.context;
  const auto offset = static_cast<uint64_t>(write.offset);
  // O_APPEND needs nothing from us: the kernel holds the inode's lock from finding the end to the
  // end of the write, and it alone changes sizes. Its offset must be kept, because the parts of one
  // large asynchronous write arrive in any order.
  absl::StatusOr<size_t> written =
      memory != nullptr ? context.fs.WriteFrom(write.file->handle, offset, *memory)
                        : context.fs.Write(write.file->handle, offset, bytes, /*append=*/false);
  if (written.ok() && write.file->direct && write.file->inode->privileged) {
    TakePrivileges(context, write.file->inode, write.writer);
  }
  return written;
}

void Answer(const WriteRequest& write, const absl::StatusOr<size_t>& written) {
  InodeNo ino = write.file->inode->ino;
  if (!written.ok()) return ReplyStatus(write.req, written.status(), "write", ino);
  if (!write.sync) {
    fuse_reply_write(write.req, *written);
    return;
  }
  // The kernel syncs cached writes itself, direct ones not.
  write.context->syncs.Run([write, ino, count = *written] {
    absl::Status status = write.context->fs.Fsync(ino);
    if (!status.ok()) return ReplyStatus(write.req, status, "write", ino);
    fuse_reply_write(write.req, count);
  });
}

// The whole of a write, on a thread that serves no other request. by_pages: the bytes are the
// kernel's own pages.
void WriteApart(const WriteRequest& write, std::string_view bytes, bool by_pages) {
  if (!by_pages && write.file->inode->pages) Invalidate(write, bytes.size());
  const absl::StatusOr<size_t> written = Store(write, bytes, /*memory=*/nullptr);
  if (!by_pages && write.file->inode->pages) Invalidate(write, bytes.size());
  Answer(write, written);
}

void Answer(fuse_req_t req, const engine::ReadResult& result) {
  if (result.pieces().size() > kMaxParts) {
    const std::string joined = result.Joined();
    fuse_reply_buf(req, joined.data(), joined.size());
    return;
  }
  std::vector<iovec> parts;
  parts.reserve(result.pieces().size());
  for (std::string_view piece : result.pieces()) {
    parts.push_back({const_cast<char*>(piece.data()), piece.size()});
  }
  fuse_reply_iov(req, parts.data(), static_cast<int>(parts.size()));
}

}  // namespace

void Read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, fuse_file_info* fi) {
  absl::StatusOr<engine::ReadResult> result =
      ContextOf(req).fs.Read(FileOf(fi)->handle, static_cast<uint64_t>(offset), size);
  if (!result.ok()) return ReplyStatus(req, result.status(), "read", InodeNo(ino));
  Answer(req, *result);
}

void Write(fuse_req_t req, fuse_ino_t ino, const char* data, size_t size, off_t offset,
           fuse_file_info* fi) {
  Context& context = ContextOf(req);
  OpenFile* file = FileOf(fi);
  WriteRequest write{&context,
                     req,
                     file,
                     offset,
                     fuse_req_ctx(req)->uid,
                     (fi->flags & O_DSYNC) != 0 && !fi->writepage};
  engine::StreamBuffer* memory = ReceivedApart();
  const std::string_view bytes = memory != nullptr ? *memory : std::string_view(data, size);
  const bool by_pages = !file->direct || fi->writepage;
  if (context.fs.MustAwaitDisks(file->handle)) {
    context.waiting_writes.Run([write, by_pages, bytes = std::string(bytes)] {
      write.context->fs.AwaitDisks(write.file->handle);
      WriteApart(write, bytes, by_pages);
    });
    return;
  }
  if (by_pages) return Answer(write, Store(write, bytes, memory));
  if (file->inode->pages) {
    // Dirty pages are written back first, lest they bring old bytes over ours later.
    context.invalidations.Run(
        [write, bytes = std::string(bytes)] { WriteApart(write, bytes, /*by_pages=*/false); });
    return;
  }
  absl::StatusOr<size_t> written = Store(write, bytes, memory);
  if (!file->inode->pages) return Answer(write, written);
  context.invalidations.Run([write, written, size] {  // somebody opened the file meanwhile
    Invalidate(write, size);
    Answer(write, written);
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
  Context& context = ContextOf(req);
  // Between storage groups it is as many writes, each of which may wait.
  context.waiting_writes.Run([=, &context, source = FileOf(from_fi), target = FileOf(to_fi)] {
    absl::StatusOr<uint64_t> copied = context.fs.CopyRange(
        source->handle, static_cast<uint64_t>(from_offset), target->handle,
        static_cast<uint64_t>(to_offset), std::min<uint64_t>(length, kMaxCopyBytes));
    if (!copied.ok()) return ReplyStatus(req, copied.status(), "copy_file_range", InodeNo(from));
    fuse_reply_write(req, *copied);
  });
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
