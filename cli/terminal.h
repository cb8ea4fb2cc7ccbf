// The command line on the standard input and output of this process.
#ifndef OCA_CLI_TERMINAL_H_
#define OCA_CLI_TERMINAL_H_

#include <string>

#include "cli/run.h"

namespace oca::cli {

// home: used when --home is not given.
Context StandardContext(std::string home);

}  // namespace oca::cli

#endif  // OCA_CLI_TERMINAL_H_
