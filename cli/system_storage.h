// Storage paths on the command line.
#ifndef OCA_CLI_SYSTEM_STORAGE_H_
#define OCA_CLI_SYSTEM_STORAGE_H_

#include <string>
#include <vector>

#include "cli/session.h"
#include "lib/api/paths.pb.h"

namespace oca::cli {

// `path` as it is from the top, without dots.
std::string AbsolutePath(const std::string& path);
// A table, and what is wrong with each.
std::string PathsText(const std::vector<fs::v1::StoragePath>& paths);

}  // namespace oca::cli

#endif  // OCA_CLI_SYSTEM_STORAGE_H_
