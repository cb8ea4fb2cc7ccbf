// A program's words on its command line.
#ifndef OCA_LIB_DAEMON_ARGUMENTS_H_
#define OCA_LIB_DAEMON_ARGUMENTS_H_

#include <optional>
#include <ostream>
#include <span>
#include <string>

namespace CLI {
class App;
}

namespace oca::daemon {

// Parses `args` (without the program's name) into what `app` has bound. Nothing when the program
// shall go on; else its exit code: 0 after --help or --version, printed to `out`, 2 for wrong
// words, explained on `err`.
std::optional<int> ParseArguments(CLI::App& app, std::span<const std::string> args,
                                  std::ostream& out, std::ostream& err);

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_ARGUMENTS_H_
