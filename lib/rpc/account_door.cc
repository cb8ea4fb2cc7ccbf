#include "lib/rpc/account_door.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "absl/cleanup/cleanup.h"
#include "fmt/format.h"
#include "lib/base/bell.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::rpc {
namespace {

constexpr size_t kMaxQuestionBytes = 4096;
constexpr size_t kMaxAnswerBytes = 65536;
constexpr size_t kMaxOriginBytes = 128;
constexpr int kBacklog = 16;
// Who asks has its question ready, and waits for nothing but the answer.
constexpr absl::Duration kPatience = absl::Seconds(2);
constexpr int kPauseMs = 1000;  // when no more files can be opened

absl::StatusOr<int> NewSocket(const std::string& path, sockaddr_un* address) {
  OCA_RETURN_IF_ERROR(CheckSocketPath(path));
  *address = {};
  address->sun_family = AF_UNIX;
  std::memcpy(address->sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return PosixError(errno, "socket");
  return fd;
}

// Until `fd` is ready for `events` or has an error, which the call after this one then sees.
absl::Status Await(int fd, int16_t events, absl::Time deadline) {
  for (;;) {
    const absl::Duration left = std::max(deadline - MonotonicNow(), absl::ZeroDuration());
    pollfd waiting{fd, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return PosixError(errno, "poll");
    if (left == absl::ZeroDuration()) return absl::DeadlineExceededError("no answer in time");
  }
}

absl::Status SendAll(int fd, std::string_view bytes, absl::Time deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (errno == EAGAIN) {
      OCA_RETURN_IF_ERROR(Await(fd, POLLOUT, deadline));
    } else if (errno != EINTR) {
      return PosixError(errno, "send");
    }
  }
  return absl::OkStatus();
}

// All that comes until the other side has said all.
absl::StatusOr<std::string> ReceiveAll(int fd, size_t most, absl::Time deadline) {
  std::string bytes;
  for (;;) {
    char piece[4096];
    const ssize_t got = ::recv(fd, piece, sizeof piece, 0);
    if (got == 0) return bytes;
    if (got > 0) {
      bytes.append(piece, static_cast<size_t>(got));
      if (bytes.size() > most) return absl::InvalidArgumentError("too long");
    } else if (errno == EAGAIN) {
      OCA_RETURN_IF_ERROR(Await(fd, POLLIN, deadline));
    } else if (errno != EINTR) {
      return PosixError(errno, "recv");
    }
  }
}

std::string Encode(const absl::StatusOr<std::string>& answer) {
  const grpc::Status status = ToGrpc(answer.status());
  std::string bytes;
  PutVarint(&bytes, static_cast<uint64_t>(status.error_code()));
  PutLengthPrefixed(&bytes, status.error_message());
  PutLengthPrefixed(&bytes, status.error_details());
  PutLengthPrefixed(&bytes, answer.ok() ? *answer : std::string());
  return bytes;
}

absl::StatusOr<std::string> Decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto code = static_cast<grpc::StatusCode>(reader.Varint());
  const std::string message(reader.LengthPrefixed());
  const std::string details(reader.LengthPrefixed());
  std::string token(reader.LengthPrefixed());
  if (!reader.ok()) return absl::UnavailableError("the connection was closed without an answer");
  OCA_RETURN_IF_ERROR(FromGrpc(grpc::Status(code, message, details)));
  return token;
}

// It is printed and kept: nothing in it may be more than text.
std::string Printable(std::string_view text) {
  std::string plain(text.substr(0, kMaxOriginBytes));
  for (char& c : plain) {
    if (c < ' ' || c > '~') c = '?';
  }
  return plain;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AccountDoor>> AccountDoor::Open(const std::string& path,
                                                               std::optional<gid_t> shared_with,
                                                               Answer answer) {
  OCA_RETURN_IF_ERROR(PrepareSocket(path, shared_with));
  sockaddr_un address{};
  OCA_ASSIGN_OR_RETURN(const int listen_fd, NewSocket(path, &address));
  absl::Cleanup close_listen_fd = [listen_fd] { ::close(listen_fd); };
  if (::bind(listen_fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listen_fd, kBacklog) != 0) {
    return PosixError(errno, path);
  }
  OCA_RETURN_IF_ERROR(OpenSocketTo(path, shared_with));
  const int stop_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_fd < 0) return PosixError(errno, "eventfd");
  std::move(close_listen_fd).Cancel();
  return std::unique_ptr<AccountDoor>(new AccountDoor(path, listen_fd, stop_fd, std::move(answer)));
}

AccountDoor::~AccountDoor() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_fd_, &one, sizeof one);
  thread_.join();
  ::close(listen_fd_);
  ::close(stop_fd_);
  ::unlink(path_.c_str());
}

void AccountDoor::Loop() {
  for (;;) {
    pollfd fds[] = {{stop_fd_, POLLIN, 0}, {listen_fd_, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0) continue;  // EINTR
    if (fds[0].revents != 0) return;
    const int fd = ::accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      Serve(fd);
      ::close(fd);
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      ::poll(fds, 1, kPauseMs);
    }
  }
}

void AccountDoor::Serve(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  const absl::StatusOr<std::string> question =
      ReceiveAll(fd, kMaxQuestionBytes, MonotonicNow() + kPatience);
  // Nothing at all: somebody looked whether anybody is here.
  if (!question.ok() || question->empty()) return;
  ByteReader reader(*question);
  Knock knock;
  knock.account = peer.uid;
  knock.origin = Printable(reader.LengthPrefixed());
  knock.one_time_code = reader.LengthPrefixed();
  if (!reader.ok()) return;
  // Who has gone away meanwhile needs no answer.
  SendAll(fd, Encode(answer_(knock)), MonotonicNow() + kPatience).IgnoreError();
}

absl::StatusOr<std::string> KnockAt(const std::string& path, const std::string& origin,
                                    const std::string& one_time_code, absl::Duration timeout) {
  const absl::Time deadline = MonotonicNow() + timeout;
  sockaddr_un address{};
  OCA_ASSIGN_OR_RETURN(const int fd, NewSocket(path, &address));
  absl::Cleanup close_fd = [fd] { ::close(fd); };
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return absl::UnavailableError(
        fmt::format("nobody answers at {}: {}", path, MessageOf(PosixError(errno, "connect"))));
  }
  std::string question;
  PutLengthPrefixed(&question, origin);
  PutLengthPrefixed(&question, one_time_code);
  OCA_RETURN_IF_ERROR(SendAll(fd, question, deadline));
  if (::shutdown(fd, SHUT_WR) != 0) return PosixError(errno, "shutdown");
  OCA_ASSIGN_OR_RETURN(std::string answer, ReceiveAll(fd, kMaxAnswerBytes, deadline));
  return Decode(answer);
}

}  // namespace oca::rpc
