#include "services/health/run.h"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/base/clock.h"
#include "lib/base/host_name.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/daemon/secret_seal.h"
#include "lib/daemon/server.h"
#include "lib/event/client.h"
#include "lib/log/log.h"
#include "lib/rpc/unix_socket.h"
#include "services/health/channels.h"
#include "services/health/database.h"
#include "services/health/lists.h"
#include "services/health/monitor.h"
#include "services/health/notifier.h"
#include "services/health/reading.h"
#include "services/health/recorder.h"
#include "services/health/service.h"
#include "services/health/transport.h"

namespace oca::health {
namespace {

constexpr std::string_view kName = "nhm";
constexpr absl::Duration kStopGrace = absl::Seconds(2);
constexpr absl::Duration kUsersTimeout = absl::Seconds(10);

absl::StatusOr<Statistics> StatisticsOf(Lists& lists, fs::v1::Fs::Stub& filesystem) {
  Statistics statistics;
  OCA_ASSIGN_OR_RETURN(statistics.alerts, lists.Summary());
  OCA_ASSIGN_OR_RETURN(FilesystemState state, LookAtFilesystem(filesystem));
  statistics.groups = std::move(state.groups);
  return statistics;
}

// Mail addresses of the enabled users with the role email_recipient, as far as ocaconfigsvc tells.
std::vector<std::string> RecipientsOf(management::v1::Users::Stub& users) {
  management::v1::ListUsersRequest request;
  request.set_role(management::v1::ROLE_EMAIL_RECIPIENT);
  management::v1::ListUsersResponse list;
  grpc::ClientContext context;
  rpc::SetTimeout(&context, kUsersTimeout);
  std::vector<std::string> addresses;
  if (!users.ListUsers(&context, request, &list).ok()) return addresses;
  for (const management::v1::User& user : list.users()) {
    if (user.enabled() && !user.email_addr().empty()) addresses.push_back(user.email_addr());
  }
  return addresses;
}

absl::Status Serve(const daemon::ServerArguments& arguments, const Context& context) {
  OCA_ASSIGN_OR_RETURN(conf::Config config, conf::LoadOfHome(arguments.home, arguments.config));
  const std::string& home = arguments.home;
  OCA_RETURN_IF_ERROR(
      log::InitLog(kName, fmt::format("{}/log/{}.log", home, kName), config.log.level));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<daemon::PidFile> pid_file,
                       daemon::PidFile::Acquire(fmt::format("{}/run/{}.pid", home, kName)));
  const CurlLibrary curl;
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start();

  const bool is_private = config.database.dsn.empty();
  Database database(is_private ? api::PrivateDsn(home) : config.database.dsn,
                    is_private ? fmt::format("start it: oca-appliance start --home {}", home)
                               : "see [database] in oca.toml");
  Lists lists(database);
  // A key of its own: each file of keys has one process that makes it.
  daemon::SecretSeal seal(home + "/config/mail.key", "channel");
  Channels channels(database, seal);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<event::Client> events,
                       event::Client::Start(std::string(kName), api::EventSocket(home)));
  OCA_ASSIGN_OR_RETURN(auto to_filesystem, rpc::UnixChannel(api::FsSocket(home)));
  const std::unique_ptr<fs::v1::Fs::Stub> filesystem = fs::v1::Fs::NewStub(to_filesystem);
  OCA_ASSIGN_OR_RETURN(auto to_users, rpc::UnixChannel(api::ManagementSocket(home)));
  const std::unique_ptr<management::v1::Users::Stub> users =
      management::v1::Users::NewStub(to_users);
  Notifier* wake = nullptr;
  Recorder recorder(database, [&wake] { wake->Wake(); });
  Notifier notifier({database, channels, recorder, *events, SystemClock(), HostName(),
                     context.syslog_socket, [&] { return StatisticsOf(lists, *filesystem); },
                     [&] { return RecipientsOf(*users); }, config.mail.ca_file});
  wake = &notifier;
  Monitor monitor([&] { return Look(home, *filesystem, SystemClock().Now()); }, recorder, *events,
                  SystemClock(), context.interval);

  std::unique_ptr<grpc::Service> recording = NewRecorderService(recorder);
  std::unique_ptr<grpc::Service> alerts = NewAlertsService(
      lists, channels, [&](const management::v1::Channel& one) { return notifier.Try(one); });
  OCA_ASSIGN_OR_RETURN(
      std::unique_ptr<rpc::UnixServer> server,
      rpc::UnixServer::Start(api::HealthSocket(home), {recording.get(), alerts.get()}));
  log::Info("serving", "socket", api::HealthSocket(home), "version", api::Version());
  daemon::TellReady();
  context.wait_for_stop();
  log::Info("stopping");
  server->Stop(kStopGrace);
  return absl::OkStatus();
}

}  // namespace

int Run(std::span<const std::string> args, Context& context) {
  return daemon::RunServer(
      {kName,
       "Oca's health monitor: keeps events and alerts, looks at the node, tells who shall know.",
       api::Version()},
      args, context.out, context.err,
      [&](const daemon::ServerArguments& arguments) { return Serve(arguments, context); });
}

}  // namespace oca::health
