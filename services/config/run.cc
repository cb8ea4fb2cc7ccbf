#include "services/config/run.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
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
#include "lib/daemon/program_folder.h"
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
#include "services/config/storage_service.h"
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

// For what nobody else may read.
absl::Status MakePrivateFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return PosixError(errno, path);
  return absl::OkStatus();
}

// For what accounts of `group` (empty: ours) may reach: they may enter, and files belong to it.
absl::StatusOr<gid_t> MakeSharedFolder(const std::string& path, const std::string& group) {
  gid_t gid = getegid();
  if (!group.empty()) {
    struct group entry {};
    struct group* found = nullptr;
    std::array<char, 65536> buffer{};
    if (getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
      return absl::FailedPreconditionError(
          fmt::format("there is no group '{}', which [ssh] in oca.toml names", group));
    }
    gid = found->gr_gid;
  }
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) return PosixError(errno, path);
  if (::chown(path.c_str(), static_cast<uid_t>(-1), gid) != 0 ||
      ::chmod(path.c_str(), 02750) != 0) {
    return PosixError(errno, path);
  }
  return gid;
}

// What both sockets lead to.
struct Behind {
  UserStore& user_store;
  Logins& logins;
  AuditTrail& audit;
  Users& users;
  Changes& changes;
  Views& views;
  FilesystemClient& filesystem;
};

// The services on one socket, behind a gate of its own.
class Front {
 public:
  Front(const Behind& behind, Gate::Unnamed unnamed)
      : gate_(behind.user_store, behind.logins, behind.audit, unnamed),
        management_(NewManagementService(gate_, behind.changes, behind.views, behind.filesystem)),
        users_(NewUsersService(gate_, behind.users, behind.logins, behind.audit)),
        storage_(NewStorageService(gate_, behind.filesystem)) {}

  absl::Status Open(const std::string& socket, std::optional<gid_t> shared_with) {
    OCA_ASSIGN_OR_RETURN(
        server_, rpc::UnixServer::Start(socket, {management_.get(), users_.get(), storage_.get()},
                                        shared_with));
    return absl::OkStatus();
  }
  void Close() { server_->Stop(kStopGrace); }

 private:
  Gate gate_;
  std::unique_ptr<grpc::Service> management_;
  std::unique_ptr<grpc::Service> users_;
  std::unique_ptr<grpc::Service> storage_;
  std::unique_ptr<rpc::UnixServer> server_;
};

absl::Status Serve(const Arguments& arguments, const Context& context) {
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
  Changes changes(store, *filesystem);
  Views views(store, *filesystem, changes, home);

  const std::string private_folder = home + "/config";
  OCA_RETURN_IF_ERROR(MakePrivateFolder(private_folder));
  UserStore user_store(store);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Logins> logins, Logins::Create(absl::Now));
  SecretSeal seal(private_folder + "/secrets.key");
  Users users(
      user_store, *logins, seal,
      {api::SshFolder(home) + "/authorized_keys", daemon::ProgramFolder() + "/oca-shell", home},
      absl::Now);
  AuditTrail audit(store, io::PosixFileSystem(), private_folder + "/audit.pending");
  const Behind behind{user_store, *logins, audit, users, changes, views, *filesystem};
  Front accounts(behind, Gate::Unnamed::kIsTheAccount);
  OCA_RETURN_IF_ERROR(accounts.Open(api::ManagementSocket(home), std::nullopt));
  OCA_ASSIGN_OR_RETURN(gid_t group, MakeSharedFolder(api::SshFolder(home), config.ssh.group));
  Front visitors(behind, Gate::Unnamed::kIsRefused);
  OCA_RETURN_IF_ERROR(visitors.Open(api::SshSocket(home), group));
  changes.Start();
  users.PublishKeys();
  log::Info("serving", "socket", api::ManagementSocket(home), "version", api::Version());
  absl::Status notified = daemon::Notify("READY=1");
  if (!notified.ok()) log::Warning("readiness_not_told", "error", MessageOf(notified));
  context.wait_for_stop();
  log::Info("stopping");
  visitors.Close();
  accounts.Close();
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
