// How requests come from the kernel: the bytes of a large write in memory of their own, page by
// page as the kernel has them, so that the engine can keep them without a copy. libfuse alone would
// put them behind the request's header.
#ifndef OCA_FS_FUSE_RECEIVE_H_
#define OCA_FS_FUSE_RECEIVE_H_

#include "absl/status/status.h"
#include "fs/engine/stream_buffer.h"
#include "fs/fuse/kernel_api.h"

namespace oca::fuse {

// For a mounted session, before it serves requests.
absl::Status ReceiveWritesApart(fuse_session* session);

// While this thread serves a write: its bytes, to be used or taken; null when they are where
// libfuse says.
engine::StreamBuffer* ReceivedApart();

}  // namespace oca::fuse

#endif  // OCA_FS_FUSE_RECEIVE_H_
