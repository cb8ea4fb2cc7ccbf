// TCP and local stream sockets of NDMP's control and data connections. IPv4, as in the protocol.
#ifndef OCA_GATEWAYS_NDMP_SESSION_SOCKET_H_
#define OCA_GATEWAYS_NDMP_SESSION_SOCKET_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace oca::ndmp {

// Owns a descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    other.Close();
    return *this;
  }
  ~Socket() { Close(); }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

struct Endpoint {
  uint32_t ip = 0;  // host byte order
  uint16_t port = 0;

  bool operator==(const Endpoint&) const = default;
};
std::string IpText(uint32_t ip);
std::string ToText(const Endpoint& endpoint);
// Of "192.0.2.7"; kInvalidArgument.
absl::StatusOr<uint32_t> ParseIp(const std::string& text);

struct PortRange {
  uint16_t first = 0;  // 0: any
  uint16_t last = 0;

  bool operator==(const PortRange&) const = default;
};

// Listens on `ip` at a free port of the range; `*at` is where. kUnavailable, saying why.
absl::StatusOr<Socket> Listen(uint32_t ip, const PortRange& ports, Endpoint* at);
// Who waits at a listening socket; not open when nobody does. Does not wait.
Socket Accept(const Socket& listener, Endpoint* peer);
// kUnavailable, saying why.
absl::StatusOr<Socket> Connect(const Endpoint& to, absl::Duration timeout);
// This end of a connection.
absl::StatusOr<Endpoint> LocalEnd(const Socket& connection);
// Two ends of a stream within this process.
absl::StatusOr<std::pair<Socket, Socket>> LocalPair();

enum class Flow { kMoved, kWouldBlock, kEnded, kFailed };
// Neither waits. kMoved: *moved bytes, at least one. kEnded: the peer has closed.
Flow Receive(const Socket& from, char* to, size_t room, size_t* moved);
Flow Send(const Socket& to, std::string_view bytes, size_t* moved);

// Whether `fd` is ready for `events` (of poll) within `timeout`.
bool WaitFor(int fd, short events, absl::Duration timeout);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_SOCKET_H_
