// The system's mount table, as far as a FUSE mount needs it.
#ifndef OCA_FS_FUSE_MOUNTS_H_
#define OCA_FS_FUSE_MOUNTS_H_

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace oca::fuse {

inline constexpr std::string_view kFilesystemType = "fuse.oca";

struct MountEntry {
  std::string directory;
  std::string type;
};

// The entries of a mountinfo text (proc(5)), in its order: of those on one directory the last is on
// top. Lines that make no sense are passed over.
std::vector<MountEntry> ParseMountInfo(std::string_view text);

// What is mounted on `directory` now, the top last.
absl::StatusOr<std::vector<MountEntry>> MountsOn(const std::string& directory);

// `path` made absolute and free of links, but for a last component that may be a dead mount. Its
// parent must exist.
absl::StatusOr<std::string> CanonicalMountpoint(const std::string& path);

// Makes `directory` (canonical) ready to be mounted on: creates it when missing; takes away mounts
// of ours whose process died; kAlreadyExists when a living one is there, kFailedPrecondition when
// the directory holds files.
absl::Status PrepareMountpoint(const std::string& directory);

// Unmounts what is on top of `directory`, as root by itself, else through fusermount3. lazy:
// detaches it now, though it is in use. EBUSY when in use and not lazy; EINVAL when nothing is
// mounted there.
absl::Status UnmountDirectory(const std::string& directory, bool lazy);

// Ends the kernel's connection to the server of the FUSE mount with this device number, wherever it
// is mounted. Without root only where the system has mounted fusectl.
absl::Status AbortConnection(dev_t device);

}  // namespace oca::fuse

#endif  // OCA_FS_FUSE_MOUNTS_H_
