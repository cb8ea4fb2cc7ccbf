#include "lib/rpc/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"
#include "fmt/format.h"
#include "grpc/grpc.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/support/channel_arguments.h"
#include "lib/base/status.h"

namespace oca::rpc {
namespace {

// Lists of containers and scan faults are the largest messages.
constexpr int kMaxMessageBytes = 64 << 20;
// How often a server that stops looks whether calls still run.
constexpr absl::Duration kLook = absl::Milliseconds(20);

absl::Status CheckFolder(const std::string& path, std::optional<gid_t> shared_with) {
  std::string folder = path.substr(0, path.rfind('/'));
  if (folder.empty()) folder = "/";
  struct stat st;
  if (::stat(folder.c_str(), &st) != 0) {
    return PosixError(errno, fmt::format("folder {} of the socket", folder));
  }
  if (!S_ISDIR(st.st_mode)) return PosixError(ENOTDIR, folder);
  if (shared_with.has_value()) {
    if (st.st_uid == ::geteuid() && st.st_gid == *shared_with && (st.st_mode & 027) == 0) {
      return absl::OkStatus();
    }
    return absl::PermissionDeniedError(fmt::format(
        "folder {} of the socket must belong to uid {} and gid {} and be closed to others (mode "
        "0750); it belongs to uid {}, gid {} and has mode {:04o}",
        folder, ::geteuid(), *shared_with, st.st_uid, st.st_gid, st.st_mode & 07777));
  }
  if (st.st_uid != ::geteuid() || (st.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(
        fmt::format("folder {} of the socket must belong to the account that runs the service (uid "
                    "{}) and be closed to "
                    "others (mode 0700); it belongs to uid {} and has mode {:04o}",
                    folder, ::geteuid(), st.st_uid, st.st_mode & 07777));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSocketPath(std::string_view path) {
  if (path.empty() || path.front() != '/') {
    return absl::InvalidArgumentError(fmt::format("socket path '{}' is not absolute", path));
  }
  if (path.size() > kMaxSocketPathBytes) {
    return absl::InvalidArgumentError(fmt::format(
        "socket path {} has {} bytes, but the kernel allows {}; choose a shorter OCA_HOME", path,
        path.size(), kMaxSocketPathBytes));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> UnixChannel(std::string_view path) {
  OCA_RETURN_IF_ERROR(CheckSocketPath(path));
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // In spite of its name the time that a connection may take until the server's first frame, before
  // it counts as failed: on a machine that is slow or busy that frame is late.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Each channel is a connection of its own, so that one's backoff does not hold up another.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return grpc::experimental::CreateCustomChannelWithInterceptors(fmt::format("unix:{}", path),
                                                                 grpc::InsecureChannelCredentials(),
                                                                 arguments, RequestIdSenders());
}

void SetTimeout(grpc::ClientContext* context, absl::Duration timeout) {
  context->set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(timeout));
}

bool MayCall(grpc::Channel& channel, const std::string& path, grpc::ClientContext* context) {
  const grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/false);
  if (state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_IDLE) return true;
  context->set_wait_for_ready(true);
  return SocketAnswers(path);
}

bool SocketAnswers(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.data(), path.size());
  int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return false;
  // EAGAIN: alive, with a full backlog.
  bool answers =
      ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
  ::close(fd);
  return answers;
}

absl::Status PrepareSocket(const std::string& path, std::optional<gid_t> shared_with) {
  OCA_RETURN_IF_ERROR(CheckSocketPath(path));
  OCA_RETURN_IF_ERROR(CheckFolder(path, shared_with));
  if (SocketAnswers(path)) {
    return absl::AlreadyExistsError(fmt::format("another process serves {}", path));
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return PosixError(errno, path);
  return absl::OkStatus();
}

absl::Status OpenSocketTo(const std::string& path, std::optional<gid_t> shared_with) {
  // The folder has kept others out until here.
  if (shared_with.has_value() && ::chown(path.c_str(), static_cast<uid_t>(-1), *shared_with) != 0) {
    return PosixError(errno, path);
  }
  if (::chmod(path.c_str(), shared_with.has_value() ? 0660 : 0600) != 0) {
    return PosixError(errno, path);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<UnixServer>> UnixServer::Start(
    const std::string& path, const std::vector<grpc::Service*>& services,
    std::optional<gid_t> shared_with) {
  OCA_RETURN_IF_ERROR(PrepareSocket(path, shared_with));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(fmt::format("unix:{}", path), grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // Few callers: a small pool, so that an idle daemon costs next to nothing.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  auto calls = std::make_unique<CallCount>();
  builder.experimental().SetInterceptorCreators(RequestIdReceivers(*calls));
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return absl::UnavailableError(fmt::format("cannot listen on {}", path));
  OCA_RETURN_IF_ERROR(OpenSocketTo(path, shared_with));
  return std::unique_ptr<UnixServer>(new UnixServer(path, std::move(calls), std::move(server)));
}

UnixServer::UnixServer(std::string path, std::unique_ptr<CallCount> calls,
                       std::unique_ptr<grpc::Server> server)
    : path_(std::move(path)), calls_(std::move(calls)), server_(std::move(server)) {}

UnixServer::~UnixServer() {
  if (server_ != nullptr) Stop(absl::ZeroDuration());
}

void UnixServer::Stop(absl::Duration grace) {
  // gRPC waits for connections, not for calls: until the client has answered that it saw the end
  // coming. One without calls looks at its connection every five seconds only (the backup poller),
  // so that the whole grace would pass: connections are closed once no call runs.
  absl::Notification stopped;
  std::thread closer([&] {
    do {
      if (calls_->AwaitNone(kLook)) grpc_server_cancel_all_calls(server_->c_server());
    } while (!stopped.WaitForNotificationWithTimeout(kLook));
  });
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(grace));
  stopped.Notify();
  closer.join();
  server_->Wait();
  server_.reset();
  ::unlink(path_.c_str());
}

}  // namespace oca::rpc
