// Listens for control connections, and gives each one a thread.
#ifndef OCA_GATEWAYS_NDMP_SESSION_SERVER_H_
#define OCA_GATEWAYS_NDMP_SESSION_SERVER_H_

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "gateways/ndmp/session/session.h"

namespace oca::ndmp {

// Not thread-safe.
class Server {
 public:
  // Borrows what is shared. kUnavailable when the port is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(uint32_t ip, uint16_t port, Shared& shared);
  // Tells all sessions that the service ends, and waits for them.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  struct Worker {
    std::thread thread;
    std::atomic<bool> done = false;
  };

  Server(Shared& shared, Socket listener, const Endpoint& endpoint, std::pair<Socket, Socket> stop);
  void AcceptAll();
  void AcceptOne(std::list<Worker>& workers);

  Shared& shared_;
  const Socket listener_;
  const Endpoint endpoint_;
  // Closing the first end makes the second readable: for the thread below and for all sessions.
  std::pair<Socket, Socket> stop_;
  std::thread acceptor_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_SERVER_H_
