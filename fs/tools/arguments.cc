#include "fs/tools/arguments.h"

#include <filesystem>
#include <system_error>

#include "CLI/CLI.hpp"
#include "fmt/format.h"

namespace oca::ofsck {

absl::StatusOr<Arguments> ParseArguments(int argc, const char* const* argv) {
  Arguments arguments;
  CLI::App app(
      "Checks the repository of an appliance that is stopped, and repairs it when told to.",
      "ofsck");
  app.add_option("--home", arguments.home, "Folder of the appliance")->envname("OCA_HOME");
  app.add_option("--config", arguments.config_path,
                 "Configuration file (default: <home>/oca.toml, if there is one)");
  app.add_option("--passphrase-dir", arguments.passphrase_dir,
                 "Folder with a file for each encrypted storage group, named as the group "
                 "(default: fs.passphrase_dir of the configuration)");
  app.add_flag("--repair", arguments.repair,
               "Repair what can be repaired without loss; without it nothing is changed");
  app.add_flag("--rebuild-index", arguments.rebuild_index,
               "Make every fingerprint index anew from the packs; includes --repair");
  app.add_flag("--rebuild-names", arguments.rebuild_names,
               "When names cannot be opened any more: make files without names from all recipes "
               "that are found; includes --repair");
  app.add_option("--manifest", arguments.manifest,
                 "Where to list what is wrong before anything is changed, and then what was done "
                 "(default: <home>/ofsck-<time>.manifest)");
  app.add_flag("--progress", arguments.progress,
               "Say how far it is on standard error, also when that is no terminal");
  app.set_version_flag("--version", "ofsck " OCA_VERSION);
  app.footer(
      "Exit code, the sum of: 0 nothing is wrong, 1 something was and is repaired, 4 something is "
      "wrong and is not,\n8 it could not be checked, 16 wrong usage. See ofsck(8).");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    arguments.text = app.help();
    return arguments;
  } catch (const CLI::CallForVersion&) {
    arguments.text = app.version() + "\n";
    return arguments;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(fmt::format("{} (see ofsck --help)", error.what()));
  }
  if (arguments.home.empty()) {
    return absl::InvalidArgumentError("no home: give --home DIR, or set OCA_HOME");
  }
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(arguments.home, error);
  if (!error) arguments.home = absolute.lexically_normal().string();
  while (arguments.home.size() > 1 && arguments.home.back() == '/') arguments.home.pop_back();
  return arguments;
}

}  // namespace oca::ofsck
