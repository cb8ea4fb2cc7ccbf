#include "services/config/portals.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "fmt/format.h"
#include "lib/api/iscsi.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

constexpr int kTries = 1000;
constexpr int kLastPortalPort = 65535;

}  // namespace

absl::Status TryToListen(const api::Portal& portal) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(portal.address.c_str(), std::to_string(portal.port).c_str(), &hints, &found) !=
      0) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no address", portal.address));
  }
  int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (fd >= 0) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool bound = fd >= 0 && ::bind(fd, found->ai_addr, found->ai_addrlen) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  ::freeaddrinfo(found);
  return bound ? absl::OkStatus() : PosixError(error, portal.Text());
}

absl::StatusOr<std::string> ChoosePortal(const PortalRange& range,
                                         const std::vector<std::string>& taken) {
  const bool is_v6 = range.address.find(':') != std::string::npos;
  const int last = std::min(range.first_port + kTries - 1, kLastPortalPort);
  for (int port = range.first_port; port <= last; ++port) {
    const api::Portal portal{range.address, port, is_v6};
    // A port belongs to one library whatever the address: a wildcard has them all.
    if (std::any_of(taken.begin(), taken.end(), [&](const std::string& each) {
          return each.ends_with(fmt::format(":{}", port));
        })) {
      continue;
    }
    absl::Status free = TryToListen(portal);
    if (free.ok()) return portal.Text();
    if (ErrnoOf(free) == EADDRINUSE) continue;
    if (ErrnoOf(free) == EADDRNOTAVAIL) {
      return absl::FailedPreconditionError(
          fmt::format("{} is no address of this machine; see [vtl] in oca.toml", range.address));
    }
    return free;
  }
  return absl::ResourceExhaustedError(fmt::format("all ports of {} from {} to {} are in use",
                                                  range.address, range.first_port, last));
}

}  // namespace oca::config
