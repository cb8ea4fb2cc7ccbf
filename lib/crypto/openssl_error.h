// Errors of OpenSSL as a status. Private to lib/crypto.
#ifndef OCA_LIB_CRYPTO_OPENSSL_ERROR_H_
#define OCA_LIB_CRYPTO_OPENSSL_ERROR_H_

#include <string_view>

#include "absl/status/status.h"

namespace oca::crypto {

// kInternal: `what` and the thread's last OpenSSL error, whose queue is emptied.
absl::Status OpenSslError(std::string_view what);

}  // namespace oca::crypto

#endif  // OCA_LIB_CRYPTO_OPENSSL_ERROR_H_
