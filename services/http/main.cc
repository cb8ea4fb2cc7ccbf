#include <iostream>
#include <string>
#include <vector>

#include "lib/daemon/stop_signal.h"
#include "services/http/run.h"

int main(int argc, char** argv) {
  auto stop = oca::daemon::StopSignal::Create();
  if (!stop.ok()) {
    std::cerr << "ocahttp: " << stop.status() << "\n";
    return 1;
  }
  std::vector<std::string> args(argv + 1, argv + argc);
  oca::httpd::Context context{std::cout, std::cerr, [&](absl::Duration patience) {
                                return (*stop)->WaitFor(patience).has_value();
                              }};
  return oca::httpd::Run(args, context);
}
