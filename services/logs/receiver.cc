#include "services/logs/receiver.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/writer_sink.h"
#include "services/logs/log_files.h"

namespace oca::logs {
namespace {

constexpr size_t kMaxPacketBytes = 64 << 10;  // what is longer is cut
constexpr size_t kMaxConnections = 256;
// Of one connection before the others have their turn.
constexpr int kPacketsInTurn = 256;

bool Watch(int epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool IsOurs(int fd) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == geteuid();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Receiver>> Receiver::Open(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(fmt::format("the socket's path is too long: {}", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  unlink(path.c_str());
  const int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::unique_ptr<Receiver> receiver(new Receiver(path, listener, epoll, wake));
  const mode_t mask = umask(0177);
  const bool bound = listener >= 0 && bind(listener, reinterpret_cast<const sockaddr*>(&address),
                                           sizeof(address)) == 0;
  const int error = errno;
  umask(mask);
  if (!bound) return absl::ErrnoToStatus(error, fmt::format("cannot listen at {}", path));
  if (listen(listener, 64) != 0 || !Watch(epoll, listener) || !Watch(epoll, wake)) {
    return absl::ErrnoToStatus(errno, fmt::format("cannot listen at {}", path));
  }
  return receiver;
}

Receiver::Receiver(std::string path, int listener, int epoll, int wake)
    : path_(std::move(path)),
      listener_(listener),
      epoll_(epoll),
      wake_(wake),
      packet_(kMaxPacketBytes) {}

Receiver::~Receiver() {
  for (const auto& [fd, name] : names_) close(fd);
  for (int fd : {listener_, epoll_, wake_}) {
    if (fd >= 0) close(fd);
  }
  unlink(path_.c_str());
}

void Receiver::Wake() { eventfd_write(wake_, 1); }

void Receiver::Accept() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    if (names_.size() >= kMaxConnections || !IsOurs(fd) || !Watch(epoll_, fd)) {
      close(fd);
      continue;
    }
    names_.emplace(fd, "");
  }
}

bool Receiver::Read(int fd, Take take) {
  std::string& name = names_[fd];
  for (int i = 0; i < kPacketsInTurn; ++i) {
    const ssize_t n = recv(fd, packet_.data(), packet_.size(), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    const std::string_view packet(packet_.data(), static_cast<size_t>(n));
    if (!name.empty()) {
      take(name, packet);
      continue;
    }
    const std::string greeting = log::WriterGreeting("");
    if (!packet.starts_with(greeting) || !IsLogName(packet.substr(greeting.size()))) return false;
    name = packet.substr(greeting.size());
  }
  return true;
}

void Receiver::TakeSome(absl::Duration longest, Take take) {
  std::array<epoll_event, 64> events;
  const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                           static_cast<int>(absl::ToInt64Milliseconds(longest)));
  for (int i = 0; i < n; ++i) {
    const int fd = events[static_cast<size_t>(i)].data.fd;
    if (fd == wake_) {
      eventfd_t count;
      eventfd_read(wake_, &count);
    } else if (fd == listener_) {
      Accept();
    } else if (!Read(fd, take)) {
      names_.erase(fd);
      close(fd);
    }
  }
}

void Receiver::Drain(Take take) {
  Accept();
  close(listener_);
  listener_ = -1;
  unlink(path_.c_str());
  for (bool more = true; more;) {
    more = false;
    TakeSome(absl::ZeroDuration(), [&](std::string_view name, std::string_view line) {
      more = true;
      take(name, line);
    });
  }
}

}  // namespace oca::logs
