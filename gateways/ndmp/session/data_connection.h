// How a data connection comes to be, for the mover and the data service alike.
#ifndef OCA_GATEWAYS_NDMP_SESSION_DATA_CONNECTION_H_
#define OCA_GATEWAYS_NDMP_SESSION_DATA_CONNECTION_H_

#include <cstdint>

#include "gateways/ndmp/session/socket.h"
#include "gateways/ndmp/wire/messages_connect.h"

namespace oca::ndmp {

// Where data connections are listened for.
struct DataAddress {
  uint32_t ip = 0;
  PortRange ports;

  bool operator==(const DataAddress&) const = default;
};

// What the session has to wait for before the next step.
struct Wish {
  int fd = -1;  // and `events` of poll on it; -1: for nothing
  short events = 0;
  bool now = false;  // the next step can be done at once
};

// The session's other part, for LOCAL addresses.
class LocalPeer {
 public:
  virtual ~LocalPeer() = default;
  // Whether it waits for the session's other part.
  virtual bool ListensLocally() const = 0;
  // The connection that it waited for.
  virtual void TakeLocal(Socket stream) = 0;
};

// Whether we can listen at, or connect to, such an address.
bool IsReachable(AddrType type);
// Listens; *addr is where. For LOCAL there is nothing to listen on. kConnect, kIllegalArgs.
Error ListenOn(AddrType type, const DataAddress& at, Socket* listener, Addr* addr);
// Connects to the first address of `to` that answers, or to `local`, which must listen
// (kIllegalState); *addr is that one. kConnect, kIllegalArgs.
Error ConnectTo(const Addr& to, LocalPeer* local, Socket* stream, Addr* addr);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_DATA_CONNECTION_H_
