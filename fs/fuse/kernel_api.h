// libfuse's low-level interface, at the version that we write against. Include this, never fuse3/
// itself.
#ifndef OCA_FS_FUSE_KERNEL_API_H_
#define OCA_FS_FUSE_KERNEL_API_H_

#define FUSE_USE_VERSION FUSE_MAKE_VERSION(3, 14)
#include <fuse3/fuse_log.h>
#include <fuse3/fuse_lowlevel.h>

#endif  // OCA_FS_FUSE_KERNEL_API_H_
