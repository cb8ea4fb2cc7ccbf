// ocamonitor as a function, so that tests run it in-process.
#ifndef OCA_SERVICES_MONITOR_RUN_H_
#define OCA_SERVICES_MONITOR_RUN_H_

#include <functional>
#include <ostream>
#include <span>
#include <string>

namespace oca::monitor {

struct Context {
  std::ostream& out;
  std::ostream& err;
  std::function<void()> wait_for_stop;  // returns when the process shall end
};

// args: without the program's name. The exit code: 0 = stopped as asked, 1 = could not serve, 2 =
// wrong arguments.
//   --home DIR      the appliance's folder
//   --config FILE   default: DIR/oca.toml when there is one
int Run(std::span<const std::string> args, Context& context);

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_RUN_H_
