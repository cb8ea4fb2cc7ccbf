// Identifiers that nobody else makes.
#ifndef OCA_LIB_CRYPTO_UUID_H_
#define OCA_LIB_CRYPTO_UUID_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace oca::crypto {

// A random UUID (RFC 9562, version 4) as text in lower case. Errors as RandomBytes. Thread-safe.
absl::StatusOr<std::string> RandomUuid();

// Whether `text` is a UUID, of any version, as RandomUuid writes it.
bool IsUuid(std::string_view text);

}  // namespace oca::crypto

#endif  // OCA_LIB_CRYPTO_UUID_H_
