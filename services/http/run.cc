#include "services/http/run.h"

#include <sys/stat.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/base/host_name.h"
#include "lib/base/status.h"
#include "lib/conf/conf.h"
#include "lib/daemon/heartbeat.h"
#include "lib/daemon/notify.h"
#include "lib/daemon/pid_file.h"
#include "lib/daemon/server.h"
#include "lib/http/server.h"
#include "lib/io/file_system.h"
#include "lib/log/log.h"
#include "services/http/app.h"
#include "services/http/backend.h"

namespace oca::httpd {
namespace {

constexpr std::string_view kName = "ocahttp";
constexpr absl::Duration kStopGrace = absl::Seconds(5);
constexpr absl::Duration kTryAgain = absl::Seconds(2);

absl::StatusOr<http::CertificateFiles> Certificate(const std::string& home) {
  const std::string folder = api::HttpFolder(home);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return PosixError(errno, folder);
  http::CertificateFiles files{folder + "/server.crt", folder + "/server.key"};
  const std::string host = HostName();
  OCA_RETURN_IF_ERROR(http::EnsureCertificate(files, host.empty() ? "localhost" : host));
  return files;
}

// "https://127.0.0.1:5233": by which this machine reaches it.
std::string UrlOf(std::string address, uint16_t port) {
  if (address == "::") address = "::1";
  if (address == "0.0.0.0") address = "127.0.0.1";
  const bool is_v6 = address.find(':') != std::string::npos;
  return is_v6 ? fmt::format("https://[{}]:{}", address, port)
               : fmt::format("https://{}:{}", address, port);
}

absl::Status TellUrl(const std::string& home, std::string_view url) {
  return io::WriteFileAtomically(io::PosixFileSystem(), api::HttpUrlFile(home), url);
}

// Who watches does not wait for a port that another program has: all else of the appliance is of
// use without REST.
absl::StatusOr<std::unique_ptr<http::Server>> Listen(const http::ServerOptions& options,
                                                     const http::Handler& handler,
                                                     const std::string& home,
                                                     const Context& context) {
  bool told = false;
  while (true) {
    auto server = http::Server::Start(options, handler);
    if (!absl::IsAlreadyExists(server.status())) return server;
    if (!told) {
      log::Warning("port_taken", "error", MessageOf(server.status()), "what_to_do",
                   "set [http] port in oca.toml");
      OCA_RETURN_IF_ERROR(TellUrl(home, ""));
      daemon::TellReady();
      told = true;
    }
    if (context.wait_for_stop(kTryAgain)) return std::unique_ptr<http::Server>();
  }
}

absl::Status Serve(const daemon::ServerArguments& arguments, const Context& context) {
  OCA_ASSIGN_OR_RETURN(conf::Config config, conf::LoadOfHome(arguments.home, arguments.config));
  const std::string& home = arguments.home;
  OCA_RETURN_IF_ERROR(
      log::InitLog(kName, fmt::format("{}/log/{}.log", home, kName), config.log.level));
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<daemon::PidFile> pid_file,
                       daemon::PidFile::Acquire(fmt::format("{}/run/{}.pid", home, kName)));
  std::unique_ptr<daemon::Heartbeat> heartbeat = daemon::Heartbeat::Start();
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<Backend> backend, Backend::Create(home));
  App app(*backend, absl::Now);
  http::ServerOptions options;
  options.address = config.http.address;
  options.port = static_cast<uint16_t>(config.http.port);
  OCA_ASSIGN_OR_RETURN(options.certificate, Certificate(home));
  OCA_ASSIGN_OR_RETURN(
      std::unique_ptr<http::Server> server,
      Listen(
          options, [&app](const http::Request& request) { return app.Answer(request); }, home,
          context));
  if (server != nullptr) {
    const std::string url = UrlOf(options.address, server->port());
    OCA_RETURN_IF_ERROR(TellUrl(home, url + "\n"));
    log::Info("serving", "url", url, "version", api::Version());
    daemon::TellReady();
    while (!context.wait_for_stop(absl::Hours(1))) {
    }
    log::Info("stopping");
    server->Stop(kStopGrace);
  }
  return io::RemoveFileDurably(io::PosixFileSystem(), api::HttpUrlFile(home));
}

}  // namespace

int Run(std::span<const std::string> args, Context& context) {
  return daemon::RunServer({kName, "Oca's REST server: the API over HTTPS.", api::Version()}, args,
                           context.out, context.err, [&](const daemon::ServerArguments& arguments) {
                             return Serve(arguments, context);
                           });
}

}  // namespace oca::httpd
