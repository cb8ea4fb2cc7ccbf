#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "cli/run.h"

namespace {

void SetEcho(bool on) {
  termios settings{};
  if (tcgetattr(STDIN_FILENO, &settings) != 0) return;
  if (on) {
    settings.c_lflag |= ECHO;
  } else {
    settings.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  }
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings);
}

}  // namespace

int main(int argc, char** argv) {
  const char* home = std::getenv("OCA_HOME");
  // Without any word about it, the installed appliance.
  oca::cli::Context context{std::cin,
                            std::cout,
                            std::cerr,
                            isatty(STDIN_FILENO) == 1,
                            isatty(STDOUT_FILENO) == 1,
                            home != nullptr && *home != '\0' ? home : "/var/lib/oca",
                            [](absl::Duration time) {
                              poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(time)));
                            },
                            SetEcho};
  return oca::cli::Run(std::vector<std::string>(argv + 1, argv + argc), context);
}
