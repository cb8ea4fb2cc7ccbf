// The command-line interface as a function, so that tests run it in-process. docs/cli.md has the
// grammar.
#ifndef OCA_CLI_RUN_H_
#define OCA_CLI_RUN_H_

#include <functional>
#include <istream>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace oca::cli {

// Exit codes: a documented promise.
enum ExitCode {
  kSuccess = 0,
  kFailed = 1,       // the operation failed
  kUsage = 2,        // wrong arguments, or a value that breaks a rule
  kNotFound = 3,     // what was named does not exist
  kConflict = 4,     // it exists already, or its state forbids the operation
  kUnreachable = 5,  // a part of the appliance is down
  kDeclined = 6,     // the answer to a question was no, or the work was stopped
  kNotSignedIn = 7,  // user and password do not belong together, or the login is over
};

struct Context {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;   // there is somebody to ask
  bool out_is_terminal = false;  // progress may be drawn
  std::string home;              // used when --home is not given; empty = none is known
  std::function<void(absl::Duration)> pause;  // between two looks at work that goes on
  // Whether what is typed shows; may be empty where there is no terminal.
  std::function<void(bool)> echo = {};
  // For whom the commands are: a user who has been authenticated, for whom there is neither --home
  // nor --login; empty = the account that runs this.
  std::string user = {};
  std::string token = {};  // of the login that the user has come with; empty = by a key of ssh
  std::string from = {};   // where the user is: "ssh 192.0.2.7"; empty = here
};

// Says on the context's standard error what went wrong, if anything did; the exit code for it.
// request: under which id the logs tell of it; empty = they do not.
ExitCode Report(Context& context, const absl::Status& status, std::string_view request = "");

// args: without the program's name.
int Run(std::span<const std::string> args, Context& context);

}  // namespace oca::cli

#endif  // OCA_CLI_RUN_H_
