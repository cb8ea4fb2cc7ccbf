// A TLS connection to a server of a test, for bytes that no proper client sends.
#ifndef OCA_T_SUPPORT_TLS_CLIENT_H_
#define OCA_T_SUPPORT_TLS_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace oca::support {

// A TCP connection to loopback, whose reads wait for at most 30 s. Aborts the test program when
// there is nobody. The caller closes it.
int ConnectTo(uint16_t port);

// Not thread-safe.
class TlsClient {
 public:
  // Connects to loopback and shakes hands; the certificate is not checked. newest_version: 0 = any,
  // else the highest that is offered (TLS1_1_VERSION ...).
  explicit TlsClient(uint16_t port, int newest_version = 0);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // The handshake came to its end.
  bool connected() const { return connected_; }
  // False once the server has ended the connection.
  bool Send(std::string_view bytes);
  // What comes, until `text` is in it, or the server ends the connection, or nothing comes.
  std::string ReadUntil(std::string_view text);
  // The same to the end; whether it came is in ended().
  std::string ReadAll();
  // The server has ended the connection.
  bool ended() const { return ended_; }
  // SHA-256 of the server's certificate, as of lib/http/certificate.h.
  std::string Fingerprint() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
  bool connected_ = false;
  bool ended_ = false;
};

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_TLS_CLIENT_H_
