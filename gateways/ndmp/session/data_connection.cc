#include "gateways/ndmp/session/data_connection.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::ndmp {
namespace {

constexpr absl::Duration kConnectTimeout = absl::Seconds(15);

Error JoinLocally(LocalPeer* listener, Socket* stream) {
  if (listener == nullptr || !listener->ListensLocally()) return Error::kIllegalState;
  absl::StatusOr<std::pair<Socket, Socket>> pair = LocalPair();
  if (!pair.ok()) {
    log::Warning("ndmp_data_connection", "error", MessageOf(pair.status()));
    return Error::kConnect;
  }
  listener->TakeLocal(std::move(pair->first));
  *stream = std::move(pair->second);
  return Error::kNone;
}

}  // namespace

bool IsReachable(AddrType type) { return type == AddrType::kLocal || type == AddrType::kTcp; }

Error ListenOn(AddrType type, const DataAddress& at, Socket* listener, Addr* addr) {
  if (!IsReachable(type)) return Error::kIllegalArgs;
  *addr = {};
  addr->type = type;
  if (type == AddrType::kLocal) return Error::kNone;
  Endpoint end;
  absl::StatusOr<Socket> socket = ndmp::Listen(at.ip, at.ports, &end);
  if (!socket.ok()) {
    log::Warning("ndmp_data_port", "error", MessageOf(socket.status()));
    return Error::kConnect;
  }
  *listener = *std::move(socket);
  addr->tcp = {{end.ip, end.port, {}}};
  return Error::kNone;
}

Error ConnectTo(const Addr& to, LocalPeer* local, Socket* stream, Addr* addr) {
  if (!IsReachable(to.type)) return Error::kIllegalArgs;
  *addr = {};
  addr->type = to.type;
  if (to.type == AddrType::kLocal) return JoinLocally(local, stream);
  if (to.tcp.empty()) return Error::kIllegalArgs;
  for (const TcpAddr& address : to.tcp) {
    absl::StatusOr<Socket> socket = ndmp::Connect({address.ip, address.port}, kConnectTimeout);
    if (!socket.ok()) {
      log::Warning("ndmp_data_connection", "error", MessageOf(socket.status()));
      continue;
    }
    *stream = *std::move(socket);
    addr->tcp = {address};
    return Error::kNone;
  }
  return Error::kConnect;
}

}  // namespace oca::ndmp
