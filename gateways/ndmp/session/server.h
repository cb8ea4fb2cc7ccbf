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

// How the service is reached.
struct Reach {
  Endpoint control;  // ip 0: all addresses; port 0: any
  DataAddress data;  // of sessions to come

  bool operator==(const Reach&) const = default;
};

// Not thread-safe.
class Server {
 public:
  // Borrows what is shared. kUnavailable when the port is taken.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Reach& reach, Shared& shared);
  // Tells all sessions that the service ends, and waits for them.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // From now on it is reached so; sessions that there are go on. kUnavailable when the port is
  // taken: then it is reached as before.
  absl::Status Change(const Reach& reach);

  // Where it listens; port 0: nowhere.
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  struct Worker {
    std::thread thread;
    std::atomic<bool> done = false;
  };
  using Waker = std::pair<Socket, Socket>;  // the second becomes readable

  Server(Shared& shared, Waker wake, Waker stop)
      : shared_(shared), wake_(std::move(wake)), stop_(std::move(stop)) {}
  // Between both nobody is let in; who connects waits.
  void Resume();
  void Pause();
  // While it is paused.
  absl::Status Listen(const Endpoint& wanted);
  absl::Status MoveTo(const Endpoint& wanted);
  void AcceptAll();
  void AcceptOne();

  Shared& shared_;
  const Waker wake_;  // of the acceptor
  Waker stop_;        // of all sessions, when the first end is closed
  std::thread acceptor_;
  // The acceptor's own unless it is paused.
  Reach reach_;
  Socket listener_;
  Endpoint endpoint_;
  std::list<Worker> workers_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_SERVER_H_
