// The small files of a repository: format, the seal on names, key rings, health. Each is checked,
// and where another one can take its place, it does.
#ifndef OCA_FS_TOOLS_STRUCTURES_H_
#define OCA_FS_TOOLS_STRUCTURES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/tools/findings.h"
#include "lib/base/ids.h"
#include "lib/io/file_system.h"

namespace oca::ofsck {

// Checks and mends in one, so that what depends on them can be looked at afterwards; for a check
// that changes nothing give it an io::OverlayFileSystem. What is replaced is kept beside, its name
// ending in ".broken". ENOENT: there is no repository; kFailedPrecondition: one of a newer version;
// else errors of the disk.
absl::Status MendStructures(io::FileSystem& fs, const std::string& repository, Findings* findings);

// Ids of the storage groups that have a folder, ascending.
absl::StatusOr<std::vector<GroupId>> GroupFolders(io::FileSystem& fs,
                                                  const std::string& repository);
std::string GroupFolder(const std::string& repository, GroupId id);

}  // namespace oca::ofsck

#endif  // OCA_FS_TOOLS_STRUCTURES_H_
