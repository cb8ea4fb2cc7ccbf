// ocavtl as a function, so that tests run it in-process.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_RUN_H_
#define OCA_GATEWAYS_VTL_OCAVTL_RUN_H_

#include <functional>
#include <ostream>
#include <span>
#include <string>

namespace oca::vtl {

struct Context {
  std::ostream& out;
  std::ostream& err;
  std::function<void()> wait_for_stop;  // returns when the process shall end
  std::function<void()> stop_now;       // makes it return; from any thread
  std::string module;                   // where oca_tgt.so is unless --module says so
};

// args: without the program's name. The exit code: 0 = done, 1 = could not, 2 = wrong arguments.
// `ocavtl --help` lists the commands.
int Run(std::span<const std::string> args, const Context& context);

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_RUN_H_
