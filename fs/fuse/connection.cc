#include "fs/fuse/context.h"
#include "fs/fuse/operations.h"

namespace oca::fuse {

void Init(void*, fuse_conn_info* conn) {
  constexpr unsigned kWanted = FUSE_CAP_ASYNC_READ | FUSE_CAP_ASYNC_DIO | FUSE_CAP_EXPORT_SUPPORT |
                               FUSE_CAP_DONT_MASK | FUSE_CAP_READDIRPLUS |
                               FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_POSIX_ACL |
                               FUSE_CAP_CACHE_SYMLINKS;
  // Left out, with reasons:
  //   ATOMIC_O_TRUNC: without it the kernel sends the truncation as a SETATTR that also takes
  //   set-uid bits away. HANDLE_KILLPRIV: so that the kernel does that on cached writes, truncates
  //   and chowns, by who the caller is. WRITEBACK_CACHE: costs more CPU, and moves size and mtime
  //   to the kernel. AUTO_INVAL_DATA: nobody else changes our files' data; the page cache stays.
  //   READDIRPLUS_AUTO: attributes always come with the names.
  //   SPLICE_*: the bytes of a write are wanted in memory.
  //   POSIX_LOCKS, FLOCK_LOCKS: the kernel's own locks.
  conn->want = kWanted & conn->capable;
  conn->max_write = kMaxTransferBytes;
  conn->max_read = kMaxTransferBytes;
  conn->max_readahead = kMaxTransferBytes;
  conn->max_background = 64;
  conn->congestion_threshold = 48;
  conn->time_gran = 1;
}

}  // namespace oca::fuse
