#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "lib/daemon/stop_signal.h"
#include "services/http/run.h"

int main(int argc, char** argv) {
  auto stop = oca::daemon::StopSignal::Create();
  if (!stop.ok()) {
    std::cerr << "ocahttp: " << stop.status() << "\n";
    return 1;
  }
  absl::Notification stopped;
  std::thread waiter([&] {
    (*stop)->Wait();
    stopped.Notify();
  });
  std::vector<std::string> args(argv + 1, argv + argc);
  oca::httpd::Context context{std::cout, std::cerr, [&](absl::Duration patience) {
                                return stopped.WaitForNotificationWithTimeout(patience);
                              }};
  const int code = oca::httpd::Run(args, context);
  (*stop)->Trigger();
  waiter.join();
  return code;
}
