// A workload that uses every mutation, the same each time: the n-th step always does the same to
// the same state.
#ifndef OCA_T_UNIT_FS_NAMES_SCRIPT_H_
#define OCA_T_UNIT_FS_NAMES_SCRIPT_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "fs/names/names.h"

namespace oca::names {

// What the steps have made so far; each run of the script has its own.
struct ScriptState {
  GroupId group;
  ContainerId container;
  ContainerId doomed;
  InodeNo root;
  InodeNo doomed_root;
  std::vector<InodeNo> dirs;
  std::vector<InodeNo> files;
};

// One step: at most one mutation, so it happened or not. `commits`: it was a Commit.
struct ScriptStep {
  std::function<absl::Status(Names&, ScriptState&)> run;
  bool commits = false;
};

std::vector<ScriptStep> MakeScript();

}  // namespace oca::names

#endif  // OCA_T_UNIT_FS_NAMES_SCRIPT_H_
