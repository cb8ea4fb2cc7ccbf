#include <cstdlib>
#include <string>
#include <vector>

#include "cli/run.h"
#include "cli/terminal.h"

int main(int argc, char** argv) {
  const char* home = std::getenv("OCA_HOME");
  // Without any word about it, the installed appliance.
  oca::cli::Context context =
      oca::cli::StandardContext(home != nullptr && *home != '\0' ? home : "/var/lib/oca");
  return oca::cli::Run(std::vector<std::string>(argv + 1, argv + argc), context);
}
