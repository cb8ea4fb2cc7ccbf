// oca-shell: what somebody who comes in by ssh gets instead of a shell. It runs the command line in
// this process, for one user, and never another program.
#ifndef OCA_CLI_SHELL_H_
#define OCA_CLI_SHELL_H_

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "cli/run.h"

namespace oca::cli {

// What sshd tells about the connection.
struct Visitor {
  std::string command;  // of `ssh host command`; empty = a session
  std::string address;  // of the client; empty = not known
  std::string account;  // that runs this
};

// The terminal of a session. Either may be empty: then lines are read from the context as they are.
struct Terminal {
  // The next line; none at the end of the input.
  std::function<std::optional<std::string>(const std::string& prompt)> read_line = {};
  std::function<void()> new_page = {};  // before the output of a command
};

// args: without the program's name:
//   --home DIR --user NAME   from the line in authorized_keys: for that user, or
//   --home DIR   from sshd's configuration: for the user whose name the visitor's account has, who
//                is asked for the code of a second factor first, where there is one, or
//   -c "oca-shell ..."   one of these, as sshd hands it to a login shell
// One command, or a session: a prompt for each line until `exit` or the end of the input. The exit
// code of the (last) command; 2 for other arguments.
int RunShell(std::span<const std::string> args, const Visitor& visitor, Context& context,
             const Terminal& terminal = {});

}  // namespace oca::cli

#endif  // OCA_CLI_SHELL_H_
