// What may follow in a line that somebody types.
#ifndef OCA_CLI_COMPLETION_H_
#define OCA_CLI_COMPLETION_H_

#include <string>
#include <string_view>
#include <vector>

#include "cli/run.h"

namespace oca::cli {

// The words that may stand in the place of the last one of `line` (which is empty after a blank):
// groups, verbs with their dashes, options, names of what there is. Names are looked up for the
// user of `context`; none where the appliance does not answer.
std::vector<std::string> Completions(std::string_view line, const Context& context);

}  // namespace oca::cli

#endif  // OCA_CLI_COMPLETION_H_
