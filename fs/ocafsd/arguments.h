// ocafsd's command line.
#ifndef OCA_FS_OCAFSD_ARGUMENTS_H_
#define OCA_FS_OCAFSD_ARGUMENTS_H_

#include <string>

#include "absl/status/statusor.h"

namespace oca::ocafsd {

struct Arguments {
  std::string home;         // absolute
  std::string config_path;  // empty = home/oca.toml when it exists, else defaults
  std::string mountpoint;
  // Not empty: print this and end (help or version).
  std::string text;
};

// kInvalidArgument with a text for people.
absl::StatusOr<Arguments> ParseArguments(int argc, const char* const* argv);

}  // namespace oca::ocafsd

#endif  // OCA_FS_OCAFSD_ARGUMENTS_H_
