// A control connection: whole messages over a stream socket.
#ifndef OCA_GATEWAYS_NDMP_SESSION_CONTROL_H_
#define OCA_GATEWAYS_NDMP_SESSION_CONTROL_H_

#include <optional>
#include <string>

#include "gateways/ndmp/session/socket.h"
#include "gateways/ndmp/wire/framing.h"

namespace oca::ndmp {

// Not thread-safe.
class Control {
 public:
  explicit Control(Socket socket);

  int fd() const { return socket_.fd(); }
  // Takes what has come; does not wait.
  void Receive();
  std::optional<std::string> Next() { return unframer_.Next(); }
  // Waits until the peer takes it, for a minute at most.
  void Send(const std::string& message);
  // From now on longer messages are taken.
  void Trust();
  // Nothing more comes, or goes.
  bool ended() const { return ended_ || unframer_.broken(); }

 private:
  const Socket socket_;
  Unframer unframer_;
  bool ended_ = false;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_CONTROL_H_
