#include "services/watcher/appliance.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "grpcpp/client_context.h"
#include "lib/api/events.grpc.pb.h"
#include "lib/api/fs.grpc.pb.h"
#include "lib/api/home.h"
#include "lib/api/statistics.grpc.pb.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/api/vtl.grpc.pb.h"
#include "lib/daemon/pid_file.h"
#include "lib/db/connection.h"
#include "lib/http/client.h"
#include "lib/io/file_system.h"
#include "lib/rpc/unix_socket.h"

namespace oca::watcher {
namespace {

constexpr absl::Duration kProbeTimeout = absl::Seconds(5);
constexpr std::string_view kHttps = "https://";

// Asks the service at `socket` by a method that only it itself answers.
template <typename Service, typename Request, typename Response>
std::function<bool()> RpcProbe(const std::string& socket,
                               grpc::Status (Service::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, Response*)) {
  auto channel = rpc::UnixChannel(socket);
  if (!channel.ok()) return [] { return false; };
  // One connection for all probes: making one costs more than what is asked.
  std::shared_ptr<typename Service::Stub> stub = Service::NewStub(*channel);
  return [stub, method] {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, kProbeTimeout);
    Response response;
    return (stub.get()->*method)(&context, Request(), &response).ok();
  };
}

// Whether the server at the URL in this file answers, whatever it says: what it needs has probes of
// its own. While the file is empty its port is taken, and there is nobody to ask.
bool HttpServes(const std::string& url_file) {
  auto url = io::ReadFile(io::PosixFileSystem(), url_file);
  if (!url.ok()) return false;
  if (url->empty()) return true;
  const std::string_view text(*url);
  const size_t begin = text.find_first_of("0123456789abcdef:", kHttps.size());
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  if (!text.starts_with(kHttps) || begin >= colon ||
      !absl::SimpleAtoi(absl::string_view(text.data() + colon + 1, text.size() - colon - 1),
                        &port)) {
    return false;
  }
  std::string address(text.substr(begin, colon - begin));
  if (address.ends_with(']')) address.pop_back();
  return http::Fetch(address, static_cast<uint16_t>(port), {"GET", "/healthz"}, kProbeTimeout).ok();
}

Spec Daemon(const std::string& name, const std::string& home, const std::string& bin) {
  Spec spec;
  spec.name = name;
  spec.command = {fmt::format("{}/{}", bin, name), "--home", home};
  spec.find = [path = fmt::format("{}/run/{}.pid", home, name)] { return daemon::HolderOf(path); };
  spec.stop_signal = SIGTERM;
  return spec;
}

Spec Postgres(const std::string& home, const std::string& bin) {
  Spec spec;
  spec.name = "postgresql";
  spec.command = {bin + "/oca-postgres", "--home", home};
  spec.find = [data = home + "/pg/data"] { return PostgresOf(data); };
  spec.probe = [dsn = api::PrivateDsn(home)] { return db::ServerLives(dsn); };
  spec.tells_ready = false;
  // It has no heartbeat; while it recovers it answers all the same.
  spec.silence = absl::Minutes(1);
  spec.stop_signal = SIGINT;  // a fast shutdown, as by pg_ctl stop -m fast
  return spec;
}

}  // namespace

std::optional<pid_t> PostgresOf(const std::string& data_folder) {
  std::ifstream file(data_folder + "/postmaster.pid");
  pid_t pid = 0;
  if (!(file >> pid) || pid <= 0) return std::nullopt;
  // The number may belong to another process by now. A server works in its data folder, whatever
  // name it sees it under.
  std::array<char, 256> program{};
  ssize_t n = readlink(fmt::format("/proc/{}/exe", pid).c_str(), program.data(), program.size());
  std::string_view name(program.data(), n > 0 ? static_cast<size_t>(n) : 0);
  struct stat folder {
  }, works_in{};
  if (name.find("/postgres") == std::string_view::npos || stat(data_folder.c_str(), &folder) != 0 ||
      stat(fmt::format("/proc/{}/cwd", pid).c_str(), &works_in) != 0 ||
      folder.st_dev != works_in.st_dev || folder.st_ino != works_in.st_ino) {
    return std::nullopt;
  }
  return pid;
}

std::vector<Spec> ApplianceSpecs(const std::string& home, const std::string& bin,
                                 bool own_database) {
  std::vector<Spec> specs;
  specs.push_back(Daemon("ocardslogwriter", home, bin));
  // First, and so the last to be stopped: everybody's events are kept.
  Spec events = Daemon("oca_idm_eda", home, bin);
  events.probe = RpcProbe<event::v1::Collector>(api::EventSocket(home),
                                                &event::v1::Collector::Stub::GetCollectorStatus);
  specs.push_back(std::move(events));
  if (own_database) specs.push_back(Postgres(home, bin));
  Spec filesystem = Daemon("ocafsd", home, bin);
  filesystem.probe = RpcProbe<fs::v1::Fs>(api::FsSocket(home), &fs::v1::Fs::Stub::GetInfo);
  // Ending it takes the mount away from everybody: only when nothing has come for long.
  filesystem.silence = absl::Minutes(2);
  filesystem.stop_timeout = absl::Minutes(5);  // a commit of much data may need some
  specs.push_back(std::move(filesystem));
  Spec configuration = Daemon("ocaconfigsvc", home, bin);
  configuration.probe = RpcProbe<management::v1::Users>(api::ManagementSocket(home),
                                                        &management::v1::Users::Stub::ListLogins);
  specs.push_back(std::move(configuration));
  Spec tapes = Daemon("ocavtl", home, bin);
  tapes.command = {bin + "/ocavtl", "manage", "--home", home};
  tapes.probe = RpcProbe<vtl::v1::Vtl>(api::VtlSocket(home), &vtl::v1::Vtl::Stub::GetInfo);
  tapes.stop_timeout = absl::Minutes(3);  // tapes are unloaded
  specs.push_back(std::move(tapes));
  Spec rest = Daemon("ocahttp", home, bin);
  rest.probe = [home] { return HttpServes(api::HttpUrlFile(home)); };
  specs.push_back(std::move(rest));
  Spec health = Daemon("nhm", home, bin);
  // It answers without its database too.
  health.probe =
      RpcProbe<event::v1::Recorder>(api::HealthSocket(home), &event::v1::Recorder::Stub::Check);
  specs.push_back(std::move(health));
  Spec statistics = Daemon("ocamonitor", home, bin);
  statistics.probe = RpcProbe<management::v1::Statistics>(
      api::MonitorSocket(home), &management::v1::Statistics::Stub::GetMonitorStatus);
  specs.push_back(std::move(statistics));
  // NDMP is for those who have told where their tape libraries are.
  if (std::error_code error; std::filesystem::exists(home + "/ndmp.toml", error)) {
    specs.push_back(Daemon("ocandmpd", home, bin));
  }
  return specs;
}

std::vector<Spec> WatcherSpecs(const std::string& home, const std::string& bin) {
  Spec spec = Daemon("watcher", home, bin);
  // It stops all the others first.
  spec.stop_timeout = absl::Minutes(15);
  return {spec};
}

}  // namespace oca::watcher
