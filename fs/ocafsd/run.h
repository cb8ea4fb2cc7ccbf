// ocafsd: the filesystem daemon. Opens the repository, mounts it, serves its RPC, until SIGTERM,
// SIGINT, an RPC, or somebody's unmounting ends it.
//
// Under the home: data/ the repository, mnt/ the mount, run/ocafsd.{pid,sock}, log/ocafsd.log,
// oca.toml the configuration (if any).
#ifndef OCA_FS_OCAFSD_RUN_H_
#define OCA_FS_OCAFSD_RUN_H_

namespace oca::ocafsd {

// Exit codes.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;  // the reason is on stderr and in the log
inline constexpr int kUsage = 2;    // arguments or configuration

// The whole program.
int Run(int argc, const char* const* argv);

}  // namespace oca::ocafsd

#endif  // OCA_FS_OCAFSD_RUN_H_
