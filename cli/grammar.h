// The known grammar, `oca <group> --<verb> [--flags]`, brought to the form that the parser takes:
// `<group> <verb> [--flags]`.
#ifndef OCA_CLI_GRAMMAR_H_
#define OCA_CLI_GRAMMAR_H_

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace oca::cli {

struct Group {
  std::string name;
  std::string what;  // one line
  std::vector<std::string> verbs;
};

// In the order in which help shows them.
std::span<const Group> Groups();

// The words in the parser's order: group, verb, then the rest as given. A verb may be written with
// dashes, anywhere, or bare, right after the group; long options may have '-' for '_'. Words
// without a group come back as they are (--help, --version), and so does a group alone with --help.
// kInvalidArgument for an unknown or missing group or verb, naming what there is.
absl::StatusOr<std::vector<std::string>> Normalize(std::span<const std::string> args);

}  // namespace oca::cli

#endif  // OCA_CLI_GRAMMAR_H_
