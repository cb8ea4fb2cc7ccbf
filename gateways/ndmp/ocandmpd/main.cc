#include <iostream>
#include <string>
#include <vector>

#include "gateways/ndmp/ocandmpd/run.h"
#include "lib/daemon/stop_signal.h"

int main(int argc, char** argv) {
  auto stop = oca::daemon::StopSignal::Create();
  if (!stop.ok()) {
    std::cerr << "ocandmpd: " << stop.status() << "\n";
    return 1;
  }
  std::vector<std::string> args(argv + 1, argv + argc);
  oca::ndmp::Context context{std::cout, std::cerr, [&] { (*stop)->Wait(); }};
  return oca::ndmp::Run(args, context);
}
