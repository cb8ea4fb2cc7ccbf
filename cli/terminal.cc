#include "cli/terminal.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <utility>

namespace oca::cli {
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

Context StandardContext(std::string home, std::ostream& out) {
  return Context{.in = std::cin,
                 .out = out,
                 .err = std::cerr,
                 .in_is_terminal = isatty(STDIN_FILENO) == 1,
                 .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                 .home = std::move(home),
                 .pause =
                     [](absl::Duration time) {
                       poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(time)));
                     },
                 .echo = SetEcho};
}

}  // namespace oca::cli
