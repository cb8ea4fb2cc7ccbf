#include "gateways/vtl/ocavtl/manage.h"

#include <sys/stat.h>

#include <cerrno>
#include <memory>

#include "fmt/format.h"
#include "gateways/vtl/ocavtl/manager.h"
#include "gateways/vtl/ocavtl/run_dir.h"
#include "gateways/vtl/ocavtl/service.h"
#include "lib/api/home.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/log/log.h"
#include "lib/rpc/unix_socket.h"

namespace oca::vtl {
namespace {

constexpr absl::Duration kStopGrace = absl::Seconds(5);

absl::Status MakePrivateFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return PosixError(errno, path);
  return absl::OkStatus();
}

absl::Status ServeLibraries(const ManageOptions& options) {
  const std::string& home = options.home;
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<daemon::PidFile> pid_file,
                       daemon::PidFile::Acquire(fmt::format("{}/run/{}.pid", home, kProgramName)));
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start();
  OCA_RETURN_IF_ERROR(MakePrivateFolder(home + "/vtl"));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<RunDir> run_dir, RunDir::At(home + "/run/vtl"));
  OCA_ASSIGN_OR_RETURN(
      std::unique_ptr<Manager> manager,
      Manager::Start({home + "/vtl/libraries.json", run_dir->path(), options.module}));
  std::unique_ptr<grpc::Service> service = NewVtlService(*manager);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<rpc::UnixServer> server,
                       rpc::UnixServer::Start(api::VtlSocket(home), {service.get()}));
  log::Info("serving", "socket", api::VtlSocket(home), "version", api::Version());
  daemon::TellReady();
  options.wait_for_stop();
  log::Info("stopping");
  server->Stop(kStopGrace);
  return absl::OkStatus();
}

}  // namespace

absl::Status Manage(const ManageOptions& options) {
  OCA_ASSIGN_OR_RETURN(conf::Config config, conf::LoadOfHome(options.home));
  OCA_RETURN_IF_ERROR(log::InitLog(
      kProgramName, fmt::format("{}/log/{}.log", options.home, kProgramName), config.log.level));
  absl::Status status = ServeLibraries(options);
  if (!status.ok()) log::Error("cannot_serve", "error", MessageOf(status));
  return status;
}

}  // namespace oca::vtl
