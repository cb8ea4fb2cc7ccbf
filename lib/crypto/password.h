// Passwords of users: hashed so that guessing is dear, and made where nobody chooses one.
#ifndef OCA_LIB_CRYPTO_PASSWORD_H_
#define OCA_LIB_CRYPTO_PASSWORD_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/crypto/secret.h"

namespace oca::crypto {

// argon2id (RFC 9106) of libsodium at its interactive cost, 64 MiB and some 0.1 s, with a random
// salt, in the text form "$argon2id$v=19$m=65536,t=2,p=1$...". kResourceExhausted without memory.
absl::StatusOr<std::string> HashPassword(std::string_view password);

// Whether `hash` (of HashPassword) is that of `password`; costs as much as making it. False for
// what is no such hash.
bool PasswordMatches(std::string_view password, const std::string& hash);

// 16 random characters without those that look alike: 80 bits, and what CHAP takes.
absl::StatusOr<Secret> GeneratePassword();

}  // namespace oca::crypto

#endif  // OCA_LIB_CRYPTO_PASSWORD_H_
