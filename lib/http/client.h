// One request to a server of this machine.
#ifndef OCA_LIB_HTTP_CLIENT_H_
#define OCA_LIB_HTTP_CLIENT_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/http/message.h"

namespace oca::http {

// Sends `request` over TLS on a connection of its own and returns what comes back, whatever its
// status, with the headers' names in small letters. The certificate is not checked: it is for
// asking an own server, at an address of this machine, whether it serves. kUnavailable,
// kDeadlineExceeded.
absl::StatusOr<Response> Fetch(const std::string& address, uint16_t port, const Request& request,
                               absl::Duration timeout);

}  // namespace oca::http

#endif  // OCA_LIB_HTTP_CLIENT_H_
