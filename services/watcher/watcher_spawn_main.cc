#include <iostream>
#include <string>
#include <vector>

#include "services/watcher/appliance.h"
#include "services/watcher/run.h"

int main(int argc, char** argv) {
  const oca::watcher::Program program = {
      "watcher_spawn", "Starts watcher and keeps it running: the first process of an appliance.",
      [](const std::string& home, const std::string& bin, bool) {
        return oca::watcher::WatcherSpecs(home, bin);
      }};
  return oca::watcher::Run(program, std::vector<std::string>(argv + 1, argv + argc), std::cout,
                           std::cerr);
}
