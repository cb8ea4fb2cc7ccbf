// A names database made from recipes and chunks, for a repository that lost its own.
#ifndef OCA_FS_TOOLS_REBUILD_NAMES_H_
#define OCA_FS_TOOLS_REBUILD_NAMES_H_

#include <string>

#include "absl/status/status.h"
#include "fs/engine/filesystem.h"
#include "fs/tools/findings.h"

namespace oca::ofsck {

// What it cannot know: names, folders, owners, times, settings, and which of several versions of a
// file was the last. So each storage group gets a container "lost-found-<id>" with a folder for
// each container that its chunks came from. There each recipe that no other refers to is a file
// "file-<its fingerprint>", and each chunk that is in no recipe (a small file, or a part of one) a
// file "chunk-<its fingerprint>". All belong to the owner of the mount, and nobody else may read
// them.
//
// The new database takes its place at once, when it is whole; the old one is kept as
// "names.broken". An encrypted group needs its passphrase: in one of the files of `passphrase_dir`.
// kFailedPrecondition when that is not there, and nothing was changed. Nobody may have the
// repository open.
absl::Status RebuildNames(const engine::Options& options, const std::string& passphrase_dir,
                          Findings* findings);

}  // namespace oca::ofsck

#endif  // OCA_FS_TOOLS_REBUILD_NAMES_H_
