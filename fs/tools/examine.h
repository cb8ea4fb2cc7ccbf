// The whole check: structures, names, packs, recipes. On an overlay it changes nothing; on the real
// files it repairs.
#ifndef OCA_FS_TOOLS_EXAMINE_H_
#define OCA_FS_TOOLS_EXAMINE_H_

#include <functional>

#include "absl/status/status.h"
#include "fs/engine/filesystem.h"
#include "fs/tools/findings.h"

namespace oca::ofsck {

struct Examination {
  engine::Options engine = {};  // which files, which repository, which memory
  bool repair = false;          // and keep what was repaired
  std::function<void(const engine::ScanStatus&)> progress = {};  // called some times a second
};

// What is wrong stands in `findings`, with the paths of the files that lost something; a status
// that is not OK means that the examination could not be carried out. Nobody may have the
// repository open.
absl::Status Examine(const Examination& what, Findings* findings);

// Whether the names database can be opened. Changes the repository: give it an overlay.
absl::Status NamesOpen(const engine::Options& options);

}  // namespace oca::ofsck

#endif  // OCA_FS_TOOLS_EXAMINE_H_
