// An HTTPS/1.1 server with bounds on all that a client can make it hold or wait for.
#ifndef OCA_LIB_HTTP_SERVER_H_
#define OCA_LIB_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/http/certificate.h"
#include "lib/http/message.h"

namespace oca::http {

// What a client may take. Beyond it: 431 (header), 413 (body), 408 (time, once a request has
// begun), or the end of the connection.
struct Limits {
  size_t header_bytes = 16 << 10;
  size_t body_bytes = 1 << 20;
  size_t connections = 256;
  size_t connections_of_one_address = 64;
  int handlers = 16;  // requests that are worked on at once; the others wait
  absl::Duration handshake = absl::Seconds(10);
  absl::Duration idle = absl::Seconds(60);    // without a request
  absl::Duration header = absl::Seconds(10);  // from its first byte to its end
  absl::Duration body = absl::Seconds(30);
  absl::Duration write = absl::Seconds(30);
  absl::Duration ending = absl::Seconds(2);  // for the client to read what it was refused with
};

struct ServerOptions {
  std::string address;  // "127.0.0.1"; "::" = all of IPv6 and IPv4
  uint16_t port = 0;    // 0 = a free one
  CertificateFiles certificate;
  Limits limits = {};
};

// Answers one request; called by several threads at once, may wait, must not throw.
using Handler = std::function<Response(const Request&)>;

// TLS 1.2 and later. When the certificate's files change, connections from then on (within some
// seconds) see the new one; while the new files are no pair the old one stays. Thread-safe but for
// Stop, which is called once.
class Server {
 public:
  // kAlreadyExists when the port is taken; kInvalidArgument for an address that is none; what is
  // wrong with the certificate.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options, Handler handler);
  // Stops at once where Stop was not called.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  uint16_t port() const;
  // Takes no new connections, closes those without a request, waits up to `grace` for the answers
  // of the others.
  void Stop(absl::Duration grace);

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace oca::http

#endif  // OCA_LIB_HTTP_SERVER_H_
