#include "fs/fuse/context.h"

#include <cerrno>

#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::fuse {
namespace {

// Of regular files: the unit in which cp and cat move data, which is also one full request. As NFS
// mounts answer it.
constexpr blksize_t kFileBlockSize = kMaxTransferBytes;
constexpr blksize_t kOtherBlockSize = 4096;

timespec ToTimespec(int64_t ns) {
  constexpr int64_t kPerSecond = 1'000'000'000;
  int64_t seconds = ns / kPerSecond;
  int64_t rest = ns % kPerSecond;
  if (rest < 0) {
    --seconds;
    rest += kPerSecond;
  }
  return {static_cast<time_t>(seconds), static_cast<long>(rest)};
}

}  // namespace

struct stat ToStat(const engine::Inode& inode) {
  struct stat st {};
  st.st_ino = inode.ino.value;
  st.st_mode = inode.mode;
  st.st_nlink = inode.nlink;
  st.st_uid = inode.uid;
  st.st_gid = inode.gid;
  st.st_rdev = inode.rdev;
  st.st_size = static_cast<off_t>(inode.size);
  st.st_blksize = S_ISREG(inode.mode) ? kFileBlockSize : kOtherBlockSize;
  st.st_blocks = static_cast<blkcnt_t>((inode.data_bytes + 511) / 512);
  st.st_atim = ToTimespec(inode.atime_ns);
  st.st_mtim = ToTimespec(inode.mtime_ns);
  st.st_ctim = ToTimespec(inode.ctime_ns);
  return st;
}

void ReplyStatus(fuse_req_t req, const absl::Status& status, const char* operation, InodeNo ino) {
  int error = ErrnoOf(status);
  if (error == EIO) {
    log::Error("request_failed", "operation", operation, "inode", ino.value, "error",
               MessageOf(status));
  }
  fuse_reply_err(req, error);
}

fuse_entry_param ToEntry(const Context& context, const engine::Inode& inode) {
  fuse_entry_param entry{};
  entry.ino = inode.ino.value;
  entry.generation = 1;  // inode numbers are never used again
  entry.attr = ToStat(inode);
  entry.attr_timeout = context.timeout_seconds;
  entry.entry_timeout = context.timeout_seconds;
  return entry;
}

void ReplyEntry(fuse_req_t req, const engine::Inode& inode) {
  Context& context = ContextOf(req);
  fuse_entry_param entry = ToEntry(context, inode);
  context.fs.AddReference(inode.ino);
  if (fuse_reply_entry(req, &entry) != 0) context.fs.DropReferences(inode.ino, 1);
}

void ReplyAttr(fuse_req_t req, const engine::Inode& inode) {
  struct stat st = ToStat(inode);
  fuse_reply_attr(req, &st, ContextOf(req).timeout_seconds);
}

void InvalidateInode(const Context& context, InodeNo ino, int64_t offset, int64_t length) {
  // Errors mean that the kernel does not know the inode, or that it is gone: nothing to drop.
  fuse_lowlevel_notify_inval_inode(context.session, ino.value, offset, length);
}

}  // namespace oca::fuse
