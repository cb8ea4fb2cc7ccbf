// The mount's open files, and what they mean for the kernel's page cache.
//
// A file opened for writing only is a stream: its writes come straight to us (FOPEN_DIRECT_IO),
// which costs a third of the CPU of the page cache. All other files go through the page cache, so
// that they can be mapped. Both together on one inode need care, because a direct write leaves the
// kernel's pages as they were:
//   - Opening a stream makes the kernel drop the inode's pages (no keep_cache), before the open
//   returns.
//   - Pages can come back only while, or after, a cached file is open beside the stream. From then
//   on each direct write
//     drops the range that it wrote, after the engine has the bytes and before the writer is
//     answered. A read that starts later finds the new bytes; one that is under way holds its page
//     locked, and the page is dropped when it ends.
//   - A page that was written through a mapping would bring old bytes over new ones when it is
//   written back. So pages are dropped, which
//     writes them back, before the direct write too; and a file is no stream while it is open for
//     reading and writing.
//   - Dropping waits for such reads, which our own threads must answer: so it runs on a thread of
//   its own.
// The kernel also leaves set-uid bits and file capabilities in place on direct writes, where POSIX
// wants them gone: a file that has them is opened cached (the kernel then does it), and one that
// gets them while a stream is open is marked.
#ifndef OCA_FS_FUSE_OPEN_FILES_H_
#define OCA_FS_FUSE_OPEN_FILES_H_

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/synchronization/mutex.h"
#include "fs/engine/filesystem.h"
#include "lib/base/ids.h"

namespace oca::fuse {

// An inode while files of it are open.
struct OpenInode {
  InodeNo ino;
  int cached = 0;    // files open through the page cache; guarded by OpenFiles
  int writable = 0;  // of them, those that may write (and be mapped so)
  int direct = 0;    // streams; guarded by OpenFiles
  // The kernel may hold pages that a direct write makes stale. Atomic: read for each direct write.
  std::atomic<bool> pages{false};
  // The next direct write must take away set-uid, set-gid and capabilities. Atomic: read for each
  // direct write.
  std::atomic<bool> privileged{false};
};

// What fuse_file_info.fh points to.
struct OpenFile {
  engine::Handle* handle = nullptr;
  OpenInode* inode = nullptr;
  bool direct = false;
  bool writable = false;
};

// Thread-safe.
class OpenFiles {
 public:
  // Takes over `handle`, opened with the access mode of `flags`. may_stream: nothing else speaks
  // against a stream. The result's `direct` holds from now on, so call it before the kernel is
  // answered.
  OpenFile* Add(InodeNo ino, engine::Handle* handle, int flags, bool may_stream);
  // Gives the handle back; `file` is gone.
  engine::Handle* Remove(OpenFile* file);
  // `ino` got bits that a write must clear.
  void MarkPrivileged(InodeNo ino);
  // All files still open, as left behind by a connection that ended.
  std::vector<OpenFile*> All();

 private:
  absl::Mutex mutex_;
  absl::flat_hash_map<InodeNo, std::unique_ptr<OpenInode>> inodes_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<OpenFile*> files_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace oca::fuse

#endif  // OCA_FS_FUSE_OPEN_FILES_H_
