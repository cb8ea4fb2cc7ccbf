#include "fs/ocafsd/arguments.h"

#include <filesystem>
#include <system_error>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::ocafsd {
namespace {

std::string Absolute(const std::string& path) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

}  // namespace

absl::StatusOr<Arguments> ParseArguments(int argc, const char* const* argv) {
  Arguments arguments;
  CLI::App app("Oca's filesystem daemon: mounts the containers and keeps their data.", "ocafsd");
  app.add_option("--home", arguments.home, "Folder of the appliance")->envname("OCA_HOME");
  app.add_option("--config", arguments.config_path,
                 "Configuration file (default: <home>/oca.toml, if there is one)");
  app.add_option("--mount", arguments.mountpoint, "Where to mount (default: <home>/mnt)");
  app.set_version_flag("--version", "ocafsd " OCA_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    arguments.text = app.help();
    return arguments;
  } catch (const CLI::CallForVersion&) {
    arguments.text = app.version() + "\n";
    return arguments;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(fmt::format("{} (see ocafsd --help)", error.what()));
  }
  if (arguments.home.empty()) {
    return absl::InvalidArgumentError("no home: give --home DIR, or set OCA_HOME");
  }
  arguments.home = Absolute(arguments.home);
  while (arguments.home.size() > 1 && arguments.home.back() == '/') arguments.home.pop_back();
  arguments.mountpoint =
      arguments.mountpoint.empty() ? arguments.home + "/mnt" : Absolute(arguments.mountpoint);
  return arguments;
}

}  // namespace oca::ocafsd
