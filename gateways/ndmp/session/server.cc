#include "gateways/ndmp/session/server.h"

#include <poll.h>

#include <array>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::ndmp {
namespace {

constexpr size_t kMaxSessions = 128;
constexpr int kTidyMs = 60'000;

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Reach& reach, Shared& shared) {
  OCA_ASSIGN_OR_RETURN(Waker wake, LocalPair());
  OCA_ASSIGN_OR_RETURN(Waker stop, LocalPair());
  std::unique_ptr<Server> server(new Server(shared, std::move(wake), std::move(stop)));
  OCA_RETURN_IF_ERROR(server->Listen(reach.control));
  server->reach_ = reach;
  server->Resume();
  return server;
}

Server::~Server() {
  if (acceptor_.joinable()) Pause();
  stop_.first.Close();
  for (Worker& worker : workers_) worker.thread.join();
}

void Server::Resume() {
  acceptor_ = std::thread([this] { AcceptAll(); });
}

void Server::Pause() {
  size_t moved = 0;
  ndmp::Send(wake_.first, "x", &moved);
  acceptor_.join();
}

absl::Status Server::Listen(const Endpoint& wanted) {
  Endpoint at;
  OCA_ASSIGN_OR_RETURN(listener_, ndmp::Listen(wanted.ip, {wanted.port, wanted.port}, &at));
  endpoint_ = at;
  return absl::OkStatus();
}

absl::Status Server::MoveTo(const Endpoint& wanted) {
  absl::Status status = Listen(wanted);
  if (status.ok() || wanted.port != endpoint_.port) return status;
  // It may be we ourselves who have the port, at another address.
  const Endpoint before = endpoint_;
  listener_.Close();
  status = Listen(wanted);
  if (status.ok()) return status;
  if (absl::Status back = Listen(before); !back.ok()) {
    log::Error("ndmp_does_not_listen", "error", MessageOf(back));
    endpoint_ = {};
  }
  return status;
}

absl::Status Server::Change(const Reach& reach) {
  if (reach == reach_) return absl::OkStatus();
  Pause();
  absl::Status moved = reach.control == reach_.control ? absl::OkStatus() : MoveTo(reach.control);
  if (moved.ok()) reach_ = reach;
  Resume();
  return moved;
}

void Server::AcceptAll() {
  while (true) {
    std::array<pollfd, 2> wanted = {pollfd{wake_.second.fd(), POLLIN, 0},
                                    {listener_.fd(), POLLIN, 0}};
    if (poll(wanted.data(), wanted.size(), kTidyMs) < 0) continue;
    if (wanted[0].revents != 0) break;
    workers_.remove_if([](Worker& worker) {
      if (!worker.done) return false;
      worker.thread.join();
      return true;
    });
    if (wanted[1].revents != 0) AcceptOne();
  }
  char woken = 0;
  size_t moved = 0;
  Receive(wake_.second, &woken, 1, &moved);
}

void Server::AcceptOne() {
  Endpoint peer;
  Socket connection = Accept(listener_, &peer);
  if (!connection.is_open()) return;
  if (workers_.size() >= kMaxSessions) {
    log::Warning("ndmp_session_refused", "from", ToText(peer), "sessions", workers_.size());
    RefuseSession(std::move(connection),
                  fmt::format("there are {} sessions already", workers_.size()));
    return;
  }
  Worker& worker = workers_.emplace_back();
  worker.thread = std::thread(
      [this, &worker, peer, data = reach_.data, socket = std::move(connection)]() mutable {
        ServeSession(std::move(socket), peer, data, shared_, stop_.second.fd());
        worker.done = true;
      });
}

}  // namespace oca::ndmp
