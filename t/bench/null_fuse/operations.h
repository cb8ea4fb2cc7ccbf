// FUSE daemons to measure against: they show what the kernel's part costs, with nothing of a
// filesystem behind it.
#ifndef OCA_T_BENCH_NULL_FUSE_OPERATIONS_H_
#define OCA_T_BENCH_NULL_FUSE_OPERATIONS_H_

#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

#include <string>

namespace oca::bench {

inline constexpr double kTimeoutSeconds = 3600;

// Accepts what is written and keeps only names and sizes; reads give zeros. Thread-safe by one
// lock.
const fuse_lowlevel_ops& SinkOperations();

// Gives a directory tree of the host read-only, file by file, bytes as the kernel reads them.
const fuse_lowlevel_ops& PassthroughOperations();
// Errno, or 0. To be called once, before the session starts.
int OpenPassthroughRoot(const std::string& dir);

}  // namespace oca::bench

#endif  // OCA_T_BENCH_NULL_FUSE_OPERATIONS_H_
