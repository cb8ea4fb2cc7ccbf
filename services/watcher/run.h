// watcher and watcher_spawn as functions, so that tests run them in-process.
#ifndef OCA_SERVICES_WATCHER_RUN_H_
#define OCA_SERVICES_WATCHER_RUN_H_

#include <functional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "services/watcher/process.h"

namespace oca::watcher {

struct Program {
  std::string name;
  std::string description;
  // What it runs below `home`, with the programs of `bin`.
  std::function<std::vector<Spec>(const std::string& home, const std::string& bin,
                                  bool own_database)>
      specs;
};

// args: without the program's name. The exit code: 0 = stopped as asked, 1 = could not run, 2 =
// wrong arguments.
//   --home DIR         the appliance's folder
//   --bin DIR          the programs (default: beside this one)
//   --stop_all         stop what runs, in reverse order, and end
//   --unless_running   no error when another instance runs
int Run(const Program& program, std::span<const std::string> args, std::ostream& out,
        std::ostream& err);

}  // namespace oca::watcher

#endif  // OCA_SERVICES_WATCHER_RUN_H_
