// What a certificate says.
#ifndef OCA_LIB_CRYPTO_CERTIFICATE_H_
#define OCA_LIB_CRYPTO_CERTIFICATE_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace oca::crypto {

// Until when the first certificate of a PEM text is valid. kInvalidArgument when there is none in
// it. Thread-safe.
absl::StatusOr<absl::Time> CertificateEnd(std::string_view pem);

}  // namespace oca::crypto

#endif  // OCA_LIB_CRYPTO_CERTIFICATE_H_
