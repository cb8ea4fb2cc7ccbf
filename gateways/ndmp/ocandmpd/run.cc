#include "gateways/ndmp/ocandmpd/run.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "gateways/ndmp/data/tree.h"
#include "gateways/ndmp/device/iscsi_unit.h"
#include "gateways/ndmp/ocandmpd/appliance_libraries.h"
#include "gateways/ndmp/ocandmpd/config_authenticator.h"
#include "gateways/ndmp/ocandmpd/failure_events.h"
#include "gateways/ndmp/ocandmpd/reporter.h"
#include "gateways/ndmp/ocandmpd/settings.h"
#include "gateways/ndmp/session/server.h"
#include "lib/api/home.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/arguments.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/event/client.h"
#include "lib/log/log.h"

namespace oca::ndmp {
namespace {

constexpr std::string_view kName = "ocandmpd";

absl::StatusOr<std::unique_ptr<ScsiUnit>> OpenLibrary(const LibraryAddress& library) {
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<IscsiUnit> unit, IscsiUnit::Login(library, 0));
  return std::unique_ptr<ScsiUnit>(std::move(unit));
}

absl::Status Serve(const std::string& home, const Context& context) {
  OCA_ASSIGN_OR_RETURN(conf::Config config, conf::LoadOfHome(home));
  OCA_RETURN_IF_ERROR(
      log::InitLog(kName, fmt::format("{}/log/{}.log", home, kName), config.log.level));
  OCA_ASSIGN_OR_RETURN(Settings settings, LoadSettings(home + "/ndmp.toml"));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<daemon::PidFile> pid_file,
                       daemon::PidFile::Acquire(fmt::format("{}/run/{}.pid", home, kName)));
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start();
  OCA_ASSIGN_OR_RETURN(
      std::unique_ptr<ApplianceLibraries> libraries,
      ApplianceLibraries::Create(api::VtlSocket(home), std::move(settings.libraries)));
  Devices devices(*libraries, OpenLibrary);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Authenticator> authenticator,
                       NewConfigAuthenticator(api::GatewaysSocket(home)));
  Tree tree(settings.mount.empty() ? home + "/mnt" : settings.mount);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<event::Client> events,
                       event::Client::Start(std::string(kName), api::EventSocket(home)));
  FailureEvents failures(*events);
  SessionList sessions;
  Shared shared{devices, *authenticator, tree, std::string(api::Version()), failures, sessions};
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Reporter> reporter,
                       Reporter::Create(api::GatewaysSocket(home), settings.reach, sessions));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Server> server,
                       Server::Start(reporter->FirstReach(), shared));
  log::Info("serving", "address", ToText(server->endpoint()), "version", api::Version());
  reporter->Start(*server);
  daemon::TellReady();
  context.wait_for_stop();
  log::Info("stopping");
  reporter->Stop();
  server.reset();
  reporter->SayEnd();
  return absl::OkStatus();
}

}  // namespace

int Run(std::span<const std::string> args, const Context& context) {
  CLI::App app{
      "Oca's NDMP server: tape libraries and containers for backup applications and NAS filers.",
      std::string(kName)};
  std::string home;
  app.add_option("--home", home, "The appliance's folder; ndmp.toml in it is the configuration")
      ->required();
  app.set_version_flag("--version", std::string(api::Version()));
  if (auto code = daemon::ParseArguments(app, args, context.out, context.err)) return *code;
  absl::Status status = Serve(home, context);
  if (status.ok()) return 0;
  log::Error("cannot_serve", "error", MessageOf(status));
  context.err << fmt::format("{}: {}\n", kName, MessageOf(status));
  return 1;
}

}  // namespace oca::ndmp
