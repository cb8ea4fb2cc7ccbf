#include <iostream>
#include <string>
#include <vector>

#include "lib/daemon/stop_signal.h"
#include "services/health/run.h"

int main(int argc, char** argv) {
  auto stop = oca::daemon::StopSignal::Create();
  if (!stop.ok()) {
    std::cerr << "nhm: " << stop.status() << "\n";
    return 1;
  }
  std::vector<std::string> args(argv + 1, argv + argc);
  oca::health::Context context{std::cout, std::cerr, [&] { (*stop)->Wait(); }};
  return oca::health::Run(args, context);
}
