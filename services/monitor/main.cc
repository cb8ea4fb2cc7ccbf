#include <iostream>
#include <string>
#include <vector>

#include "lib/daemon/stop_signal.h"
#include "services/monitor/run.h"

int main(int argc, char** argv) {
  auto stop = oca::daemon::StopSignal::Create();
  if (!stop.ok()) {
    std::cerr << "ocamonitor: " << stop.status() << "\n";
    return 1;
  }
  std::vector<std::string> args(argv + 1, argv + argc);
  oca::monitor::Context context{std::cout, std::cerr, [&] { (*stop)->Wait(); }};
  return oca::monitor::Run(args, context);
}
