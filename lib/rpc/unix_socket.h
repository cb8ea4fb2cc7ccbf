// gRPC over unix sockets that belong to one account: who may connect is decided by the modes of the
// socket (0600) and of its folder (closed to others), which are checked when a server starts.
#ifndef OCA_LIB_RPC_UNIX_SOCKET_H_
#define OCA_LIB_RPC_UNIX_SOCKET_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/server.h"
#include "lib/rpc/request_id.h"

namespace oca::rpc {

// The kernel's limit for a socket's path (sockaddr_un), without the closing NUL.
inline constexpr size_t kMaxSocketPathBytes = 107;

// kInvalidArgument, with the length and the way out, when `path` is relative or too long for a
// socket.
absl::Status CheckSocketPath(std::string_view path);

// A channel to the server at `path`. Connects at the first call, and again by itself after the
// server was away (tried at most every second). Thread-safe.
absl::StatusOr<std::shared_ptr<grpc::Channel>> UnixChannel(std::string_view path);

// `context` ends with DEADLINE_EXCEEDED after `timeout`.
void SetTimeout(grpc::ClientContext* context, absl::Duration timeout);

// Whether something accepts connections at `path`.
bool SocketAnswers(const std::string& path);

// Prepares a call on `channel`, which leads to the server at `path`: false when nobody listens
// there. Else `context` lets the call fail at once when the server has gone, and wait while gRPC
// pauses before it connects again. It asks the kernel only in that pause: each look is a connection
// that the server has to accept.
bool MayCall(grpc::Channel& channel, const std::string& path, grpc::ClientContext* context);

// What every server on a unix socket does before it binds it: checks path and folder as
// UnixServer::Start says, with the same errors, and removes a socket left by a dead server.
absl::Status PrepareSocket(const std::string& path, std::optional<gid_t> shared_with);
// And after it has bound it: the modes by which the kernel lets others in.
absl::Status OpenSocketTo(const std::string& path, std::optional<gid_t> shared_with);

// A gRPC server on a unix socket. Its methods run for the request of their call (request_id.h).
// Thread-safe but for Stop, which is called once.
class UnixServer {
 public:
  // Serves `services` (borrowed; they must outlive this) at `path` until Stop. A socket left by a
  // dead server is replaced; kAlreadyExists when a living one is there. kPermissionDenied when the
  // folder is open to others or not ours. shared_with: the group that may connect too, to which the
  // folder belongs.
  static absl::StatusOr<std::unique_ptr<UnixServer>> Start(
      const std::string& path, const std::vector<grpc::Service*>& services,
      std::optional<gid_t> shared_with = std::nullopt);
  ~UnixServer();
  UnixServer(const UnixServer&) = delete;
  UnixServer& operator=(const UnixServer&) = delete;

  // Takes no new calls, waits up to `grace` for those that run, cancels the rest, removes the
  // socket. Connections without a call do not hold it up.
  void Stop(absl::Duration grace);

 private:
  UnixServer(std::string path, std::unique_ptr<CallCount> calls,
             std::unique_ptr<grpc::Server> server);

  const std::string path_;
  const std::unique_ptr<CallCount> calls_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace oca::rpc

#endif  // OCA_LIB_RPC_UNIX_SOCKET_H_
