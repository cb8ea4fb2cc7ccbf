#include "services/monitor/run.h"

#include <memory>
#include <string_view>
#include <thread>

#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/base/clock.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/daemon/server.h"
#include "lib/log/log.h"
#include "lib/rpc/unix_socket.h"
#include "services/monitor/backlog.h"
#include "services/monitor/board.h"
#include "services/monitor/history.h"
#include "services/monitor/parts.h"
#include "services/monitor/sampler.h"
#include "services/monitor/service.h"
#include "services/monitor/store.h"
#include "services/monitor/wall_timer.h"
#include "services/monitor/writer.h"

namespace oca::monitor {
namespace {

constexpr std::string_view kName = "ocamonitor";
constexpr absl::Duration kStopGrace = absl::Seconds(2);

// The sampler on a thread of its own, as long as this lives.
class Sampling {
 public:
  Sampling(Sampler& sampler, WallTimer& timer)
      : timer_(timer), thread_([&sampler] { sampler.Run(); }) {}
  ~Sampling() {
    timer_.Stop();
    thread_.join();
  }
  Sampling(const Sampling&) = delete;
  Sampling& operator=(const Sampling&) = delete;

 private:
  WallTimer& timer_;
  std::thread thread_;
};

absl::Status Serve(const daemon::ServerArguments& arguments, const Context& context) {
  OCA_ASSIGN_OR_RETURN(conf::Config config, conf::LoadOfHome(arguments.home, arguments.config));
  const std::string& home = arguments.home;
  OCA_RETURN_IF_ERROR(
      log::InitLog(kName, fmt::format("{}/log/{}.log", home, kName), config.log.level));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<daemon::PidFile> pid_file,
                       daemon::PidFile::Acquire(fmt::format("{}/run/{}.pid", home, kName)));
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start();

  const bool is_private = config.database.dsn.empty();
  Store store(is_private ? api::PrivateDsn(home) : config.database.dsn,
              is_private ? fmt::format("start it: oca-appliance start --home {}", home)
                         : "see [database] in oca.toml");
  Clock& clock = SystemClock();
  Board board(clock.Now());
  Backlog backlog;
  History history(store.database());
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Parts> parts, Parts::Create(home));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<WallTimer> timer, WallTimer::Create());
  Sampler sampler({home, ThisMachine(), [&] { return parts->AskFilesystem(); },
                   [&] { return parts->AskConfiguration(); }},
                  backlog, board, clock, [&](absl::Time time) { return timer->WaitUntil(time); });

  std::unique_ptr<grpc::Service> service = NewStatisticsService(board, backlog, history, clock);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<rpc::UnixServer> server,
                       rpc::UnixServer::Start(api::MonitorSocket(home), {service.get()}));
  Writer writer(backlog, store, board, clock);
  Sampling sampling(sampler, *timer);
  log::Info("serving", "socket", api::MonitorSocket(home), "version", api::Version());
  daemon::TellReady();
  context.wait_for_stop();
  log::Info("stopping");
  server->Stop(kStopGrace);
  return absl::OkStatus();
}

}  // namespace

int Run(std::span<const std::string> args, Context& context) {
  return daemon::RunServer(
      {kName, "Oca's statistics: samples the appliance and the machine, and keeps the history.",
       api::Version()},
      args, context.out, context.err,
      [&](const daemon::ServerArguments& arguments) { return Serve(arguments, context); });
}

}  // namespace oca::monitor
