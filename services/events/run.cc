#include "services/events/run.h"

#include <memory>
#include <string_view>

#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/base/clock.h"
#include "lib/base/host_name.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/daemon/server.h"
#include "lib/log/log.h"
#include "lib/rpc/unix_socket.h"
#include "services/events/collector.h"
#include "services/events/courier.h"
#include "services/events/service.h"
#include "services/events/spool.h"

namespace oca::events {
namespace {

constexpr std::string_view kName = "oca_idm_eda";
constexpr absl::Duration kStopGrace = absl::Milliseconds(500);

absl::Status Serve(const daemon::ServerArguments& arguments, const Context& context) {
  OCA_ASSIGN_OR_RETURN(conf::Config config, conf::LoadOfHome(arguments.home, arguments.config));
  const std::string& home = arguments.home;
  OCA_RETURN_IF_ERROR(
      log::InitLog(kName, fmt::format("{}/log/{}.log", home, kName), config.log.level));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<daemon::PidFile> pid_file,
                       daemon::PidFile::Acquire(fmt::format("{}/run/{}.pid", home, kName)));
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start();

  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Spool> spool,
                       Spool::Open(io::PosixFileSystem(), home + "/events"));
  Collector collector(*spool, SystemClock(), HostName(), context.limits);
  std::unique_ptr<grpc::Service> service = NewCollectorService(collector);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<rpc::UnixServer> server,
                       rpc::UnixServer::Start(api::EventSocket(home), {service.get()}));
  OCA_ASSIGN_OR_RETURN(auto channel, rpc::UnixChannel(api::HealthSocket(home)));
  Courier courier(*spool, collector, event::v1::Recorder::NewStub(channel));
  log::Info("serving", "socket", api::EventSocket(home), "version", api::Version(), "waiting",
            spool->records());
  daemon::TellReady();
  context.wait_for_stop();
  log::Info("stopping", "waiting", spool->records());
  server->Stop(kStopGrace);
  return absl::OkStatus();
}

}  // namespace

int Run(std::span<const std::string> args, Context& context) {
  return daemon::RunServer(
      {kName, "Oca's event collector: takes events from all processes and passes them on to nhm.",
       api::Version()},
      args, context.out, context.err,
      [&](const daemon::ServerArguments& arguments) { return Serve(arguments, context); });
}

}  // namespace oca::events
