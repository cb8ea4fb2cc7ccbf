// One control connection from its greeting to its end.
#ifndef OCA_GATEWAYS_NDMP_SESSION_SESSION_H_
#define OCA_GATEWAYS_NDMP_SESSION_SESSION_H_

#include <string>

#include "gateways/ndmp/data/tree.h"
#include "gateways/ndmp/device/devices.h"
#include "gateways/ndmp/session/authenticator.h"
#include "gateways/ndmp/session/data_connection.h"
#include "gateways/ndmp/session/failures.h"
#include "gateways/ndmp/session/session_list.h"
#include "gateways/ndmp/session/socket.h"

namespace oca::ndmp {

// What all sessions share; each part is thread-safe.
struct Shared {
  Devices& devices;
  Authenticator& authenticator;
  const Tree& tree;
  std::string revision;
  FailureListener& failures;
  SessionList& sessions;
};

// Serves the connection in this thread until it ends, or `stop_fd` becomes readable. `data` with ip
// 0: the address at which the session's client reached us. The drive is closed in an orderly way in
// any case.
void ServeSession(Socket connection, const Endpoint& peer, const DataAddress& data, Shared& shared,
                  int stop_fd);
// Tells a peer that it cannot be served now.
void RefuseSession(Socket connection, const std::string& why);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_SESSION_H_
