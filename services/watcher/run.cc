#include "services/watcher/run.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <system_error>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/arguments.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/pid_file.h"
#include "lib/daemon/program_folder.h"
#include "lib/event/client.h"
#include "lib/log/log.h"
#include "services/watcher/supervisor.h"

namespace oca::watcher {
namespace {

struct Arguments {
  std::string home;
  std::string bin;
  bool stop_all = false;
  bool unless_running = false;
};

// What a process shall not have from us: what is between us and our own watcher, and somebody's
// PostgreSQL.
constexpr std::string_view kNotHandedOn[] = {
    "OCA_HOME=",   "NOTIFY_SOCKET=", "WATCHDOG_",  "LISTEN_", "MAINPID=",
    "PGHOST=",     "PGPORT=",        "PGUSER=",    "PGDATA=", "PGDATABASE=",
    "PGPASSWORD=", "PGSERVICE=",     "PGOPTIONS=", "LC_ALL="};

std::vector<std::string> HandedOn() {
  std::vector<std::string> kept = {"LC_ALL=C.UTF-8"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (std::none_of(std::begin(kNotHandedOn), std::end(kNotHandedOn),
                     [&](std::string_view name) { return text.starts_with(name); })) {
      kept.emplace_back(text);
    }
  }
  return kept;
}

absl::Status Watch(const Program& program, const Arguments& arguments) {
  OCA_RETURN_IF_ERROR(Supervisor::BlockSignals());
  OCA_ASSIGN_OR_RETURN(conf::Config config, conf::LoadOfHome(arguments.home));
  OCA_RETURN_IF_ERROR(log::InitLog(
      program.name, fmt::format("{}/log/{}.log", arguments.home, program.name), config.log.level));
  auto lock = daemon::PidFile::Acquire(fmt::format("{}/run/{}.pid", arguments.home, program.name));
  if (absl::IsAlreadyExists(lock.status()) && arguments.unless_running) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(lock.status());
  Options options;
  options.name = program.name;
  options.home = arguments.home;
  options.give_up_after = static_cast<int>(config.watcher.give_up_after);
  options.environment = HandedOn();
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<event::Client> events,
                       event::Client::Start(program.name, api::EventSocket(arguments.home)));
  options.events = events.get();
  const std::string bin = arguments.bin.empty() ? daemon::ProgramFolder() : arguments.bin;
  OCA_ASSIGN_OR_RETURN(
      std::unique_ptr<Supervisor> supervisor,
      Supervisor::Create(std::move(options),
                         program.specs(arguments.home, bin, config.database.dsn.empty())));
  log::Info("watching", "version", api::Version(), "bin", bin);
  if (arguments.stop_all) {
    supervisor->StopAll();
    return absl::OkStatus();
  }
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start(/*beats=*/false);
  supervisor->Run();
  return absl::OkStatus();
}

}  // namespace

int Run(const Program& program, std::span<const std::string> args, std::ostream& out,
        std::ostream& err) {
  CLI::App app{program.description, program.name};
  Arguments arguments;
  app.add_option("--home", arguments.home, "The appliance's folder")->required();
  app.add_option("--bin", arguments.bin, "Where the programs are (default: beside this one)");
  app.add_flag("--stop_all", arguments.stop_all, "Stop what runs, in reverse order, and end");
  app.add_flag("--unless_running", arguments.unless_running,
               "End without an error when another instance runs");
  app.set_version_flag("--version", std::string(api::Version()));
  if (auto code = daemon::ParseArguments(app, args, out, err)) return *code;
  absl::Status status = Watch(program, arguments);
  if (status.ok()) return 0;
  log::Error("cannot_watch", "error", MessageOf(status));
  err << fmt::format("{}: {}\n", program.name, MessageOf(status));
  return 1;
}

}  // namespace oca::watcher
