#include "lib/daemon/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::daemon {

absl::Status SendState(std::string_view name, std::string_view state) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.empty() || (name[0] != '/' && name[0] != '@') ||
      name.size() >= sizeof address.sun_path) {
    return absl::InvalidArgumentError(fmt::format("notify \"{}\": no socket address", name));
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return PosixError(errno, "notify socket");
  socklen_t address_length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  ssize_t sent = sendto(fd, state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                        reinterpret_cast<const sockaddr*>(&address), address_length);
  int error = errno;
  close(fd);
  if (sent != static_cast<ssize_t>(state.size())) {
    return PosixError(error, fmt::format("notify {}", name));
  }
  return absl::OkStatus();
}

absl::Status Notify(std::string_view state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return absl::OkStatus();
  return SendState(name, state);
}

void TellReady() {
  absl::Status notified = Notify("READY=1");
  if (!notified.ok()) log::Warning("readiness_not_told", "error", MessageOf(notified));
}

}  // namespace oca::daemon
