// Asks ocaconfigsvc who a peer is: passwords never come here.
#ifndef OCA_GATEWAYS_NDMP_OCANDMPD_CONFIG_AUTHENTICATOR_H_
#define OCA_GATEWAYS_NDMP_OCANDMPD_CONFIG_AUTHENTICATOR_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "gateways/ndmp/session/authenticator.h"

namespace oca::ndmp {

// By the service Gateways at `socket`. kInvalidArgument for a path that cannot be one.
absl::StatusOr<std::unique_ptr<Authenticator>> NewConfigAuthenticator(const std::string& socket);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_OCANDMPD_CONFIG_AUTHENTICATOR_H_
