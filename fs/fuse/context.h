// What the operations work with, and their common answers.
#ifndef OCA_FS_FUSE_CONTEXT_H_
#define OCA_FS_FUSE_CONTEXT_H_

#include <sys/stat.h>

#include "absl/status/status.h"
#include "fs/engine/filesystem.h"
#include "fs/fuse/kernel_api.h"
#include "fs/fuse/offload.h"
#include "fs/fuse/open_files.h"
#include "lib/base/clock.h"
#include "lib/base/ids.h"

namespace oca::fuse {

// Threads for fsync: many may wait for one commit.
inline constexpr int kSyncThreads = 16;
// Threads for writes that wait for a disk.
inline constexpr int kWaitingWrites = 16;
// One request carries at most this much.
inline constexpr unsigned kMaxTransferBytes = 1u << 20;

// One per session; its members are thread-safe.
struct Context {
  Context(engine::Filesystem& filesystem, Clock& time) : fs(filesystem), clock(time) {}

  engine::Filesystem& fs;
  Clock& clock;
  fuse_session* session = nullptr;  // set before the first request is served
  // Seconds that the kernel may keep names and attributes. All changes pass through the same
  // kernel, which drops what it changes; changes from elsewhere are told to it
  // (Session::InvalidateEntry).
  double timeout_seconds = 0;
  OpenFiles open_files;
  Offload syncs{kSyncThreads};
  Offload invalidations{1};
  Offload waiting_writes{kWaitingWrites};
};

inline Context& ContextOf(fuse_req_t req) { return *static_cast<Context*>(fuse_req_userdata(req)); }
inline OpenFile* FileOf(const fuse_file_info* fi) {
  return reinterpret_cast<OpenFile*>(static_cast<uintptr_t>(fi->fh));
}

struct stat ToStat(const engine::Inode& inode);

// Answers with the errno of `status`, 0 for OK. Damage (EIO) is logged with the operation's name
// and the inode.
void ReplyStatus(fuse_req_t req, const absl::Status& status, const char* operation, InodeNo ino);

// The answer that hands `inode` to the kernel. The caller has added the reference, or adds it
// before answering.
fuse_entry_param ToEntry(const Context& context, const engine::Inode& inode);
// Adds a reference and answers; takes the reference back when the answer found nobody.
void ReplyEntry(fuse_req_t req, const engine::Inode& inode);
void ReplyAttr(fuse_req_t req, const engine::Inode& inode);

// Makes the kernel drop its pages of the range (length 0 = to the end), or only attributes when
// offset is negative. Waits for reads of the range: never call it on a thread that serves requests,
// but for attributes.
void InvalidateInode(const Context& context, InodeNo ino, int64_t offset, int64_t length);

}  // namespace oca::fuse

#endif  // OCA_FS_FUSE_CONTEXT_H_
