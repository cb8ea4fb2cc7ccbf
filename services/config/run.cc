#include "services/config/run.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/daemon/program_folder.h"
#include "lib/daemon/secret_seal.h"
#include "lib/daemon/server.h"
#include "lib/event/client.h"
#include "lib/io/file_system.h"
#include "lib/log/log.h"
#include "lib/rpc/unix_socket.h"
#include "services/config/access_store.h"
#include "services/config/audit.h"
#include "services/config/audit_limits.h"
#include "services/config/changes.h"
#include "services/config/diagnostics.h"
#include "services/config/diagnostics_service.h"
#include "services/config/filesystem_client.h"
#include "services/config/front.h"
#include "services/config/gate.h"
#include "services/config/gateways_service.h"
#include "services/config/logins.h"
#include "services/config/ndmp_gateway.h"
#include "services/config/ndmp_store.h"
#include "services/config/replication_links.h"
#include "services/config/replication_store.h"
#include "services/config/second_factor.h"
#include "services/config/store.h"
#include "services/config/tape_libraries.h"
#include "services/config/tokens.h"
#include "services/config/totp_store.h"
#include "services/config/user_store.h"
#include "services/config/users.h"
#include "services/config/views.h"
#include "services/config/vtl_client.h"
#include "services/config/vtl_store.h"

namespace oca::config {
namespace {

constexpr std::string_view kName = "ocaconfigsvc";

// For what nobody else may read.
absl::Status MakePrivateFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return PosixError(errno, path);
  return absl::OkStatus();
}

absl::Status Serve(const daemon::ServerArguments& arguments, const Context& context) {
  OCA_ASSIGN_OR_RETURN(conf::Config config, conf::LoadOfHome(arguments.home, arguments.config));
  const std::string& home = arguments.home;
  OCA_RETURN_IF_ERROR(
      log::InitLog(kName, fmt::format("{}/log/{}.log", home, kName), config.log.level));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<daemon::PidFile> pid_file,
                       daemon::PidFile::Acquire(fmt::format("{}/run/{}.pid", home, kName)));
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start();

  std::string how_to_start = fmt::format("start it: oca-appliance start --home {}", home);
  bool is_private = config.database.dsn.empty();
  Store store(is_private ? api::PrivateDsn(home) : config.database.dsn,
              is_private ? how_to_start : "see [database] in oca.toml");
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<FilesystemClient> filesystem,
                       FilesystemClient::Create(api::FsSocket(home), how_to_start));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<VtlClient> vtl,
                       VtlClient::Create(api::VtlSocket(home), how_to_start));
  Changes changes(store, *filesystem);
  Views views(store, *filesystem, *vtl, changes, home);

  const std::string private_folder = home + "/config";
  OCA_RETURN_IF_ERROR(MakePrivateFolder(private_folder));
  UserStore user_store(store);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Logins> logins, Logins::Create(absl::Now));
  daemon::SecretSeal seal(private_folder + "/secrets.key", "user");
  TotpStore totp_store(store, user_store);
  SecondFactor second_factor(totp_store, seal, absl::Now);
  Users users(
      user_store, *logins, seal, second_factor,
      {api::SshFolder(home) + "/authorized_keys", daemon::ProgramFolder() + "/oca-shell", home},
      absl::Now);
  TokenStore token_store(store);
  Tokens tokens(token_store, absl::Now);
  AccessStore access(store);
  AuditTrail audit(store, io::PosixFileSystem(), private_folder + "/audit.pending");
  AuditLimits audit_limits(store, AccountName(), absl::Now);
  VtlStore vtl_store(store);
  TapeLibraries libraries(
      {vtl_store, user_store, seal, *filesystem, changes, views, *vtl,
       PortalRange{config.vtl.portal_address, static_cast<int>(config.vtl.first_port)}});
  NdmpStore ndmp_store(store);
  NdmpGateway ndmp(ndmp_store, user_store, vtl_store, static_cast<int>(config.http.port),
                   fmt::format("it is started where there is {}/ndmp.toml", home));
  ReplicationStore replication_store(store);
  ReplicationLinks replication(replication_store, store, *filesystem);
  Diagnostics diagnostics(home, ApplianceTexts(views, users, audit, replication, *filesystem),
                          absl::Now);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<HealthClient> health,
                       CreateHealthClient(api::HealthSocket(home), how_to_start));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<MonitorClient> monitor,
                       CreateMonitorClient(api::MonitorSocket(home), how_to_start));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<event::Client> events,
                       event::Client::Start(std::string(kName), api::EventSocket(home)));
  const Behind behind{user_store,  *logins,      tokens,      store,         access,
                      audit,       audit_limits, users,       second_factor, changes,
                      libraries,   ndmp,         replication, views,         *filesystem,
                      diagnostics, *health,      *monitor,    *events};
  Front accounts(behind, Gate::Believes::kAll);
  OCA_RETURN_IF_ERROR(accounts.Open(api::ManagementSocket(home), std::nullopt));
  OCA_ASSIGN_OR_RETURN(gid_t group, MakeSharedFolder(api::SshFolder(home), config.ssh.group));
  Front visitors(behind, Gate::Believes::kUsers);
  OCA_RETURN_IF_ERROR(visitors.Open(api::SshSocket(home), group));
  std::optional<AccountEntrance> entrance;
  if (!config.ssh.account_group.empty()) {
    OCA_RETURN_IF_ERROR(entrance.emplace(behind).Open(home, config.ssh));
  }
  OCA_RETURN_IF_ERROR(MakePrivateFolder(api::HttpFolder(home)));
  Front strangers(behind, Gate::Believes::kTokens);
  OCA_RETURN_IF_ERROR(strangers.Open(api::HttpSocket(home), std::nullopt));
  Gate gateways_gate(user_store, *logins, tokens, access, audit, *events, Gate::Believes::kAll);
  std::unique_ptr<grpc::Service> gateways = NewGatewaysService(gateways_gate, users, ndmp);
  OCA_ASSIGN_OR_RETURN(gid_t gateways_group,
                       MakeSharedFolder(api::GatewaysFolder(home), config.gateways.group));
  OCA_ASSIGN_OR_RETURN(
      std::unique_ptr<rpc::UnixServer> gateways_server,
      rpc::UnixServer::Start(api::GatewaysSocket(home), {gateways.get()}, gateways_group));
  changes.Start();
  audit_limits.Start();
  libraries.Start();
  users.PublishKeys();
  log::Info("serving", "socket", api::ManagementSocket(home), "version", api::Version());
  daemon::TellReady();
  context.wait_for_stop();
  log::Info("stopping");
  gateways_server->Stop(kFrontStopGrace);
  strangers.Close();
  if (entrance.has_value()) entrance->Close();
  visitors.Close();
  accounts.Close();
  return absl::OkStatus();
}

}  // namespace

int Run(std::span<const std::string> args, Context& context) {
  return daemon::RunServer(
      {kName,
       "Oca's configuration service: owns storage groups and containers, serves the oca CLI.",
       api::Version()},
      args, context.out, context.err,
      [&](const daemon::ServerArguments& arguments) { return Serve(arguments, context); });
}

}  // namespace oca::config
