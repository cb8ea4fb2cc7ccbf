#include <sys/statvfs.h>

#include <algorithm>
#include <limits>

#include "fs/fuse/context.h"
#include "fs/fuse/operations.h"
#include "lib/base/status.h"

namespace oca::fuse {
namespace {

// Saturates at the years 1677 and 2262.
int64_t ToNanos(const timespec& time) {
  constexpr int64_t kPerSecond = 1'000'000'000;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / kPerSecond;
  if (time.tv_sec >= kMost) return std::numeric_limits<int64_t>::max();
  if (time.tv_sec <= -kMost) return std::numeric_limits<int64_t>::min();
  return time.tv_sec * kPerSecond + time.tv_nsec;
}

engine::AttrChange ToChange(Clock& clock, const struct stat& attr, int to_set) {
  engine::AttrChange change;
  if (to_set & FUSE_SET_ATTR_MODE) change.mode = attr.st_mode & 07777;
  if (to_set & FUSE_SET_ATTR_UID) change.uid = attr.st_uid;
  if (to_set & FUSE_SET_ATTR_GID) change.gid = attr.st_gid;
  int64_t now = absl::ToUnixNanos(clock.Now());
  if (to_set & FUSE_SET_ATTR_ATIME_NOW) {
    change.atime_ns = now;
  } else if (to_set & FUSE_SET_ATTR_ATIME) {
    change.atime_ns = ToNanos(attr.st_atim);
  }
  if (to_set & FUSE_SET_ATTR_MTIME_NOW) {
    change.mtime_ns = now;
  } else if (to_set & FUSE_SET_ATTR_MTIME) {
    change.mtime_ns = ToNanos(attr.st_mtim);
  }
  return change;
}

absl::StatusOr<engine::Inode> Apply(Context& context, InodeNo ino, const struct stat& attr,
                                    int to_set) {
  absl::StatusOr<engine::Inode> inode = absl::UnknownError("unset");
  bool resize = to_set & FUSE_SET_ATTR_SIZE;
  if (resize) {
    OCA_ASSIGN_OR_RETURN(inode, context.fs.Truncate(ino, static_cast<uint64_t>(attr.st_size)));
  }
  // A resize has set mtime and ctime itself. With nothing named at all (chown to nobody new), ctime
  // moves.
  constexpr int kOthers = FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID |
                          FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME;
  if (!resize || (to_set & kOthers) != 0) {
    OCA_ASSIGN_OR_RETURN(inode, context.fs.SetAttr(ino, ToChange(context.clock, attr, to_set)));
  }
  return inode;
}

}  // namespace

void GetAttr(fuse_req_t req, fuse_ino_t ino, fuse_file_info*) {
  absl::StatusOr<engine::Inode> inode = ContextOf(req).fs.GetAttr(InodeNo(ino));
  if (!inode.ok()) return ReplyStatus(req, inode.status(), "getattr", InodeNo(ino));
  ReplyAttr(req, *inode);
}

void SetAttr(fuse_req_t req, fuse_ino_t ino, struct stat* attr, int to_set, fuse_file_info*) {
  Context& context = ContextOf(req);
  absl::StatusOr<engine::Inode> inode = Apply(context, InodeNo(ino), *attr, to_set);
  if (!inode.ok()) return ReplyStatus(req, inode.status(), "setattr", InodeNo(ino));
  if ((to_set & FUSE_SET_ATTR_MODE) && (inode->mode & (S_ISUID | S_ISGID)) != 0) {
    context.open_files.MarkPrivileged(InodeNo(ino));
  }
  ReplyAttr(req, *inode);
}

void StatFs(fuse_req_t req, fuse_ino_t ino) {
  absl::StatusOr<engine::StatFs> stats = ContextOf(req).fs.GetStatFs(InodeNo(ino));
  if (!stats.ok()) return ReplyStatus(req, stats.status(), "statfs", InodeNo(ino));
  struct statvfs out {};
  uint64_t block = std::max<uint64_t>(stats->block_size, 1);
  out.f_bsize = block;
  out.f_frsize = block;
  out.f_blocks = stats->total_bytes / block;
  out.f_bfree = stats->free_bytes / block;
  out.f_bavail = out.f_bfree;
  out.f_files = stats->inodes + stats->free_inodes;
  out.f_ffree = stats->free_inodes;
  out.f_favail = stats->free_inodes;
  out.f_namemax = names::kMaxNameBytes;
  fuse_reply_statfs(req, &out);
}

}  // namespace oca::fuse
