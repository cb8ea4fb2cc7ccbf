// ocandmpd as a function, so that tests run it in-process.
#ifndef OCA_GATEWAYS_NDMP_OCANDMPD_RUN_H_
#define OCA_GATEWAYS_NDMP_OCANDMPD_RUN_H_

#include <functional>
#include <ostream>
#include <span>
#include <string>

namespace oca::ndmp {

struct Context {
  std::ostream& out;
  std::ostream& err;
  std::function<void()> wait_for_stop;  // returns when the process shall end
};

// args: without the program's name. The exit code: 0 = served until it was stopped, 1 = could not,
// 2 = wrong arguments.
int Run(std::span<const std::string> args, const Context& context);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_OCANDMPD_RUN_H_
