// The command line on the standard input and output of this process.
#ifndef OCA_CLI_TERMINAL_H_
#define OCA_CLI_TERMINAL_H_

#include <iostream>
#include <string>

#include "cli/run.h"

namespace oca::cli {

// home: used when --home is not given. out: instead of the standard output, for what ends there all
// the same.
Context StandardContext(std::string home, std::ostream& out = std::cout);

}  // namespace oca::cli

#endif  // OCA_CLI_TERMINAL_H_
