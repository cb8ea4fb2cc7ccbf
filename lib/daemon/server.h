// What every server of the appliance does around its serving.
#ifndef OCA_LIB_DAEMON_SERVER_H_
#define OCA_LIB_DAEMON_SERVER_H_

#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace oca::daemon {

struct Program {
  std::string_view name;
  std::string_view description;
  std::string_view version;
};

struct ServerArguments {
  std::string home;
  std::string config;  // empty: the home's, when it exists
};

// Parses `args` (without the program's name), then calls `serve`, which returns when the process
// shall end. The exit code: 0, 1 when `serve` failed (said in the log and on `err`), else as
// ParseArguments.
int RunServer(const Program& program, std::span<const std::string> args, std::ostream& out,
              std::ostream& err, const std::function<absl::Status(const ServerArguments&)>& serve);

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_SERVER_H_
