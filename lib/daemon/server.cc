#include "lib/daemon/server.h"

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/daemon/arguments.h"
#include "lib/log/log.h"

namespace oca::daemon {

int RunServer(const Program& program, std::span<const std::string> args, std::ostream& out,
              std::ostream& err, const std::function<absl::Status(const ServerArguments&)>& serve) {
  CLI::App app{std::string(program.description), std::string(program.name)};
  ServerArguments arguments;
  app.add_option("--home", arguments.home, "The appliance's folder")->required();
  app.add_option("--config", arguments.config, "Configuration file (default: HOME/oca.toml)");
  app.set_version_flag("--version", std::string(program.version));
  if (auto code = ParseArguments(app, args, out, err)) return *code;
  absl::Status status = serve(arguments);
  if (status.ok()) return 0;
  log::Error("cannot_serve", "error", MessageOf(status));
  err << fmt::format("{}: {}\n", program.name, MessageOf(status));
  return 1;
}

}  // namespace oca::daemon
