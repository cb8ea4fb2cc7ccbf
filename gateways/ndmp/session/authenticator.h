// Who may use the gateway.
#ifndef OCA_GATEWAYS_NDMP_SESSION_AUTHENTICATOR_H_
#define OCA_GATEWAYS_NDMP_SESSION_AUTHENTICATOR_H_

#include <string>

#include "absl/status/status.h"

namespace oca::ndmp {

// What a peer says of itself.
struct Credentials {
  std::string user;
  std::string from;       // the peer's address
  std::string password;   // of the text method
  std::string challenge;  // of MD5: 64 bytes that the peer was given
  std::string digest;     // 16 bytes; empty: the text method
};

// Thread-safe.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // kUnauthenticated without saying what was wrong; other codes: it cannot be found out now.
  virtual absl::Status Check(const Credentials& credentials) = 0;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_AUTHENTICATOR_H_
