// The answer to a challenge of NDMP's MD5 method. Pure.
#ifndef OCA_SERVICES_CONFIG_NDMP_DIGEST_H_
#define OCA_SERVICES_CONFIG_NDMP_DIGEST_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "lib/crypto/secret.h"

namespace oca::config {

inline constexpr size_t kNdmpChallengeBytes = 64;

// 16 bytes: MD5 of the password (its first 32 bytes), zeros up to 64 bytes less its length, the
// challenge, and the password again (draft-skardal-ndmp4-04, 2.4.2.2). kInternal without MD5.
absl::StatusOr<crypto::Secret> NdmpDigest(std::string_view password, std::string_view challenge);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_NDMP_DIGEST_H_
