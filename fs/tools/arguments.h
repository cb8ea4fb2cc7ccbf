// The command line of ofsck.
#ifndef OCA_FS_TOOLS_ARGUMENTS_H_
#define OCA_FS_TOOLS_ARGUMENTS_H_

#include <string>

#include "absl/status/statusor.h"

namespace oca::ofsck {

struct Arguments {
  std::string home;            // absolute
  std::string config_path;     // empty: <home>/oca.toml, if there is one
  std::string passphrase_dir;  // empty: as the configuration says
  std::string manifest;        // empty: <home>/ofsck-<time>.manifest
  bool repair = false;
  bool rebuild_index = false;
  bool rebuild_names = false;
  bool progress = false;
  std::string text;  // to be printed instead of doing anything: help, version

  bool changes() const { return repair || rebuild_index || rebuild_names; }
};

// kInvalidArgument: what is wrong, and where help is.
absl::StatusOr<Arguments> ParseArguments(int argc, const char* const* argv);

}  // namespace oca::ofsck

#endif  // OCA_FS_TOOLS_ARGUMENTS_H_
