// ocardslogwriter as a function, so that tests run it in-process.
#ifndef OCA_SERVICES_LOGS_RUN_H_
#define OCA_SERVICES_LOGS_RUN_H_

#include <functional>
#include <ostream>
#include <span>
#include <string>

namespace oca::logs {

struct Context {
  std::ostream& out;
  std::ostream& err;
  std::function<void()> wait_for_stop;  // returns when the process shall end
};

// args: without the program's name. The exit code: 0 = stopped as asked, 1 = could not serve, 2 =
// wrong arguments.
//   --home DIR   the appliance's folder; the files are in DIR/log
int Run(std::span<const std::string> args, Context& context);

}  // namespace oca::logs

#endif  // OCA_SERVICES_LOGS_RUN_H_
