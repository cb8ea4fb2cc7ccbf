// CONNECT: agrees on a version, and finds out who the peer is.
#ifndef OCA_GATEWAYS_NDMP_SESSION_CONNECT_INTERFACE_H_
#define OCA_GATEWAYS_NDMP_SESSION_CONNECT_INTERFACE_H_

#include <string>
#include <utility>

#include "gateways/ndmp/session/authenticator.h"
#include "gateways/ndmp/session/dispatcher.h"
#include "gateways/ndmp/session/failures.h"
#include "gateways/ndmp/wire/messages_connect.h"

namespace oca::ndmp {

// Not thread-safe.
class ConnectInterface {
 public:
  // Borrows all. `peer`: its address.
  ConnectInterface(Outbox& outbox, Authenticator& authenticator, FailureListener& failures,
                   std::string peer)
      : outbox_(outbox),
        authenticator_(authenticator),
        failures_(failures),
        peer_(std::move(peer)) {}

  void Register(Dispatcher& dispatcher);
  // The first message of every connection.
  void Greet();
  // Says that the service ends.
  void SayShutdown();
  // The peer has closed the session, or has guessed too often.
  bool closed() const { return closed_; }
  bool authorized() const { return authorized_; }
  const std::string& user() const { return user_; }

 private:
  Error Open(const ConnectOpenRequest& request);
  Error ClientAuth(const AuthData& request);
  Error GetAuthAttr(const AuthAttrRequest& request, AuthAttrReply& reply);

  Outbox& outbox_;
  Authenticator& authenticator_;
  FailureListener& failures_;
  const std::string peer_;
  std::string user_;
  std::string challenge_;  // the last one given out; empty: none
  int tries_ = 0;          // that failed
  bool authorized_ = false;
  bool closed_ = false;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_CONNECT_INTERFACE_H_
