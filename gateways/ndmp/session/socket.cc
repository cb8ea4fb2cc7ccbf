#include "gateways/ndmp/session/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

constexpr int kDataBufferBytes = 4 << 20;

sockaddr_in AddressOf(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(endpoint.ip);
  address.sin_port = htons(endpoint.port);
  return address;
}

Endpoint EndpointOf(const sockaddr_in& address) {
  return {ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

absl::Status Failure(std::string_view what, const Endpoint& at) {
  std::string why = std::generic_category().message(errno);
  return absl::UnavailableError(fmt::format("{} {}: {}", what, ToText(at), why));
}

// A peer that has gone without a word is found out, however long nobody speaks.
void Tune(const Socket& socket) {
  int on = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

absl::StatusOr<Socket> ListenAt(const Endpoint& at) {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return Failure("no socket for", at);
  int on = 1;
  setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  int buffer = kDataBufferBytes;
  setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  sockaddr_in address = AddressOf(at);
  if (bind(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(socket.fd(), 16) != 0) {
    return Failure("cannot listen on", at);
  }
  return socket;
}

}  // namespace

void Socket::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::string IpText(uint32_t ip) {
  return fmt::format("{}.{}.{}.{}", ip >> 24, ip >> 16 & 0xff, ip >> 8 & 0xff, ip & 0xff);
}

std::string ToText(const Endpoint& endpoint) {
  return fmt::format("{}:{}", IpText(endpoint.ip), endpoint.port);
}

absl::StatusOr<uint32_t> ParseIp(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no IPv4 address", text));
  }
  return ntohl(address.s_addr);
}

absl::StatusOr<Socket> Listen(uint32_t ip, const PortRange& ports, Endpoint* at) {
  absl::Status failure;
  for (uint32_t port = ports.first; port <= ports.last; ++port) {
    *at = {ip, static_cast<uint16_t>(port)};
    absl::StatusOr<Socket> socket = ListenAt(*at);
    if (socket.ok()) {
      OCA_ASSIGN_OR_RETURN(*at, LocalEnd(*socket));
      return socket;
    }
    failure = socket.status();
  }
  return failure;
}

Socket Accept(const Socket& listener, Endpoint* peer) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  Socket socket(accept4(listener.fd(), reinterpret_cast<sockaddr*>(&address), &size,
                        SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (socket.is_open()) {
    *peer = EndpointOf(address);
    Tune(socket);
  }
  return socket;
}

absl::StatusOr<Socket> Connect(const Endpoint& to, absl::Duration timeout) {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return Failure("no socket for", to);
  int buffer = kDataBufferBytes;
  setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  sockaddr_in address = AddressOf(to);
  int result = connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  if (result != 0 && errno == EINPROGRESS) {
    if (!WaitFor(socket.fd(), POLLOUT, timeout)) {
      errno = ETIMEDOUT;
    } else {
      int error = 0;
      socklen_t size = sizeof error;
      getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
      result = error == 0 ? 0 : -1;
      errno = error;
    }
  }
  if (result != 0) return Failure("cannot connect to", to);
  Tune(socket);
  return socket;
}

absl::StatusOr<Endpoint> LocalEnd(const Socket& connection) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(connection.fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return PosixError(errno, "a socket's address");
  }
  return EndpointOf(address);
}

absl::StatusOr<std::pair<Socket, Socket>> LocalPair() {
  std::array<int, 2> fds{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds.data()) != 0) {
    return PosixError(errno, "a local connection");
  }
  return std::pair(Socket(fds[0]), Socket(fds[1]));
}

Flow Receive(const Socket& from, char* to, size_t room, size_t* moved) {
  ssize_t n = 0;
  do {
    n = recv(from.fd(), to, room, MSG_DONTWAIT);
  } while (n < 0 && errno == EINTR);
  *moved = n > 0 ? static_cast<size_t>(n) : 0;
  if (n > 0) return Flow::kMoved;
  if (n == 0) return Flow::kEnded;
  return errno == EAGAIN || errno == EWOULDBLOCK ? Flow::kWouldBlock : Flow::kFailed;
}

Flow Send(const Socket& to, std::string_view bytes, size_t* moved) {
  ssize_t n = 0;
  do {
    n = send(to.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  *moved = n > 0 ? static_cast<size_t>(n) : 0;
  if (n > 0) return Flow::kMoved;
  if (errno == EAGAIN || errno == EWOULDBLOCK) return Flow::kWouldBlock;
  return errno == EPIPE || errno == ECONNRESET ? Flow::kEnded : Flow::kFailed;
}

bool WaitFor(int fd, short events, absl::Duration timeout) {
  absl::Time deadline = absl::Now() + timeout;
  while (true) {
    pollfd wanted{fd, events, 0};
    int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now());
    int n = poll(&wanted, 1, left > 0 ? static_cast<int>(left) : 0);
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

}  // namespace oca::ndmp
