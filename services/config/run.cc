#include "services/config/run.h"

#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/io/file_system.h"
#include "lib/log/log.h"
#include "lib/rpc/unix_socket.h"
#include "services/config/audit.h"
#include "services/config/changes.h"
#include "services/config/filesystem_client.h"
#include "services/config/gate.h"
#include "services/config/logins.h"
#include "services/config/management_service.h"
#include "services/config/secret_seal.h"
#include "services/config/store.h"
#include "services/config/user_store.h"
#include "services/config/users.h"
#include "services/config/users_service.h"
#include "services/config/views.h"

namespace oca::config {
namespace {

constexpr std::string_view kName = "ocaconfigsvc";
constexpr absl::Duration kStopGrace = absl::Seconds(5);

struct Arguments {
  std::string home;
  std::string config;  // empty: the home's, when it exists
};

absl::StatusOr<conf::Config> LoadConfig(const Arguments& arguments) {
  if (!arguments.config.empty()) return conf::LoadFile(arguments.config);
  absl::StatusOr<conf::Config> config = conf::LoadFile(arguments.home + "/oca.toml");
  if (absl::IsNotFound(config.status())) return conf::Config();
  return config;
}

// For what nobody else may read.
absl::Status MakePrivateFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return PosixError(errno, path);
  return absl::OkStatus();
}

absl::Status Serve(const Arguments& arguments, const Context& context) {
  OCA_ASSIGN_OR_RETURN(conf::Config config, LoadConfig(arguments));
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
  Changes changes(store, *filesystem);
  Views views(store, *filesystem, changes, home);

  const std::string private_folder = home + "/config";
  OCA_RETURN_IF_ERROR(MakePrivateFolder(private_folder));
  UserStore user_store(store);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Logins> logins, Logins::Create(absl::Now));
  SecretSeal seal(private_folder + "/secrets.key");
  Users users(user_store, *logins, seal, absl::Now);
  AuditTrail audit(store, io::PosixFileSystem(), private_folder + "/audit.pending");
  Gate gate(user_store, *logins, audit);
  std::unique_ptr<grpc::Service> management =
      NewManagementService(gate, changes, views, *filesystem);
  std::unique_ptr<grpc::Service> user_service = NewUsersService(gate, users, *logins, audit);
  OCA_ASSIGN_OR_RETURN(
      std::unique_ptr<rpc::UnixServer> server,
      rpc::UnixServer::Start(api::ManagementSocket(home), {management.get(), user_service.get()}));
  changes.Start();
  log::Info("serving", "socket", api::ManagementSocket(home), "version", api::Version());
  absl::Status notified = daemon::Notify("READY=1");
  if (!notified.ok()) log::Warning("readiness_not_told", "error", MessageOf(notified));
  context.wait_for_stop();
  log::Info("stopping");
  server->Stop(kStopGrace);
  return absl::OkStatus();
}

}  // namespace

int Run(std::span<const std::string> args, Context& context) {
  CLI::App app{
      "Oca's configuration service: owns storage groups and containers, serves the oca CLI.",
      std::string(kName)};
  Arguments arguments;
  app.add_option("--home", arguments.home, "The appliance's folder")->required();
  app.add_option("--config", arguments.config, "Configuration file (default: HOME/oca.toml)");
  app.set_version_flag("--version", std::string(api::Version()));
  try {
    // CLI11 takes the words in reverse.
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& error) {
    int code = app.exit(error, context.out, context.err);
    return code == 0 ? 0 : 2;
  }
  absl::Status status = Serve(arguments, context);
  if (status.ok()) return 0;
  log::Error("cannot_serve", "error", MessageOf(status));
  context.err << fmt::format("{}: {}\n", kName, MessageOf(status));
  return 1;
}

}  // namespace oca::config
