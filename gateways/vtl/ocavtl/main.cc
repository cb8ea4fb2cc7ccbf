#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "gateways/vtl/ocavtl/run.h"
#include "lib/daemon/program_folder.h"
#include "lib/daemon/stop_signal.h"

namespace {

// oca_tgt.so: beside this program in a build, below lib when installed.
std::string ModulePath() {
  std::error_code error;
  const std::filesystem::path folder = oca::daemon::ProgramFolder();
  std::filesystem::path beside = folder / "oca_tgt.so";
  if (std::filesystem::exists(beside, error)) return beside;
  return folder.parent_path() / "lib/oca/oca_tgt.so";
}

}  // namespace

int main(int argc, char** argv) {
  auto stop = oca::daemon::StopSignal::Create();
  if (!stop.ok()) {
    std::cerr << "ocavtl: " << stop.status() << "\n";
    return 1;
  }
  std::vector<std::string> args(argv + 1, argv + argc);
  oca::vtl::Context context{std::cout, std::cerr, [&] { (*stop)->Wait(); },
                            [&] { (*stop)->Trigger(); }, ModulePath()};
  return oca::vtl::Run(args, context);
}
