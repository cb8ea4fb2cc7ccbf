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

absl::StatusOr<std::unique_ptr<Server>> Server::Start(uint32_t ip, uint16_t port, Shared& shared) {
  Endpoint at;
  OCA_ASSIGN_OR_RETURN(Socket listener, Listen(ip, {port, port}, &at));
  OCA_ASSIGN_OR_RETURN(auto stop, LocalPair());
  return std::unique_ptr<Server>(new Server(shared, std::move(listener), at, std::move(stop)));
}

Server::Server(Shared& shared, Socket listener, const Endpoint& endpoint,
               std::pair<Socket, Socket> stop)
    : shared_(shared),
      listener_(std::move(listener)),
      endpoint_(endpoint),
      stop_(std::move(stop)),
      acceptor_([this] { AcceptAll(); }) {}

Server::~Server() {
  stop_.first.Close();
  acceptor_.join();
}

void Server::AcceptAll() {
  std::list<Worker> workers;
  while (true) {
    std::array<pollfd, 2> wanted = {pollfd{stop_.second.fd(), POLLIN, 0},
                                    {listener_.fd(), POLLIN, 0}};
    if (poll(wanted.data(), wanted.size(), kTidyMs) < 0) continue;
    if (wanted[0].revents != 0) break;
    workers.remove_if([](Worker& worker) {
      if (!worker.done) return false;
      worker.thread.join();
      return true;
    });
    if (wanted[1].revents != 0) AcceptOne(workers);
  }
  for (Worker& worker : workers) worker.thread.join();
}

void Server::AcceptOne(std::list<Worker>& workers) {
  Endpoint peer;
  Socket connection = Accept(listener_, &peer);
  if (!connection.is_open()) return;
  if (workers.size() >= kMaxSessions) {
    log::Warning("ndmp_session_refused", "from", ToText(peer), "sessions", workers.size());
    RefuseSession(std::move(connection),
                  fmt::format("there are {} sessions already", workers.size()));
    return;
  }
  Worker& worker = workers.emplace_back();
  worker.thread = std::thread([this, &worker, peer, socket = std::move(connection)]() mutable {
    ServeSession(std::move(socket), peer, shared_, stop_.second.fd());
    worker.done = true;
  });
}

}  // namespace oca::ndmp
