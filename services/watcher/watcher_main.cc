#include <iostream>
#include <string>
#include <vector>

#include "services/watcher/appliance.h"
#include "services/watcher/run.h"

int main(int argc, char** argv) {
  const oca::watcher::Program program = {
      "watcher", "Starts the processes of an appliance and keeps them running.",
      oca::watcher::ApplianceSpecs};
  return oca::watcher::Run(program, std::vector<std::string>(argv + 1, argv + argc), std::cout,
                           std::cerr);
}
