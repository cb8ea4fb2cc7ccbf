// Keys from passphrases, keys from keys, keys under keys.
#ifndef OCA_LIB_CRYPTO_KEYS_H_
#define OCA_LIB_CRYPTO_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/crypto/secret.h"

namespace oca::crypto {

// Cost of scrypt (RFC 7914): it needs 128 * 2^log2_n * r bytes of memory and p times as long.
struct ScryptCost {
  uint8_t log2_n = 17;
  uint8_t r = 8;
  uint8_t p = 1;
  friend bool operator==(const ScryptCost&, const ScryptCost&) = default;
};
// Costs that are taken: at most 1 GiB of memory, and never next to nothing.
bool IsSane(const ScryptCost& cost);

// `bytes` of key material from a passphrase. kInvalidArgument for a cost that is not sane.
absl::StatusOr<Secret> Scrypt(std::string_view passphrase, std::string_view salt,
                              const ScryptCost& cost, size_t bytes);
// SHA-256 (FIPS 180-4); 32 bytes.
absl::StatusOr<std::string> Sha256(std::string_view message);
// HMAC-SHA-256 (FIPS 198-1); 32 bytes.
absl::StatusOr<std::string> HmacSha256(std::string_view key, std::string_view message);

// AES-256 key wrap (RFC 3394, NIST SP 800-38F KW): needs no nonce; 8 bytes longer than `secret`,
// whose size is a multiple of 8, at least 16.
absl::StatusOr<std::string> WrapKey(std::string_view key, std::string_view secret);
// kDataLoss when `wrapped` was not wrapped by `key`, or was changed.
absl::StatusOr<Secret> UnwrapKey(std::string_view key, std::string_view wrapped);

}  // namespace oca::crypto

#endif  // OCA_LIB_CRYPTO_KEYS_H_
