// ocahttp as a function, so that tests run it in-process.
#ifndef OCA_SERVICES_HTTP_RUN_H_
#define OCA_SERVICES_HTTP_RUN_H_

#include <functional>
#include <ostream>
#include <span>
#include <string>

#include "absl/time/time.h"

namespace oca::httpd {

struct Context {
  std::ostream& out;
  std::ostream& err;
  // Returns true when the process shall end, false after that time.
  std::function<bool(absl::Duration)> wait_for_stop;
};

// args: without the program's name. The exit code: 0 = stopped as asked, 1 = could not serve, 2 =
// wrong arguments. While the port is taken by another program it waits for it.
//   --home DIR      the appliance's folder
//   --config FILE   default: DIR/oca.toml when there is one
int Run(std::span<const std::string> args, Context& context);

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_RUN_H_
