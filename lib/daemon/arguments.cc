#include "lib/daemon/arguments.h"

#include <vector>

#include "CLI/CLI.hpp"

namespace oca::daemon {

std::optional<int> ParseArguments(CLI::App& app, std::span<const std::string> args,
                                  std::ostream& out, std::ostream& err) {
  try {
    // CLI11 takes the words in reverse.
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace oca::daemon
