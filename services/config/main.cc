#include <iostream>
#include <string>
#include <vector>

#include "lib/daemon/stop_signal.h"
#include "services/config/run.h"

int main(int argc, char** argv) {
  auto stop = oca::daemon::StopSignal::Create();
  if (!stop.ok()) {
    std::cerr << "ocaconfigsvc: " << stop.status() << "\n";
    return 1;
  }
  std::vector<std::string> args(argv + 1, argv + argc);
  oca::config::Context context{std::cout, std::cerr, [&] { (*stop)->Wait(); }};
  return oca::config::Run(args, context);
}
