// Authenticated encryption: AES-256-GCM (NIST SP 800-38D), and XAES-256-GCM (C2SP), which is
// AES-256-GCM under a key derived anew for each nonce.
#ifndef OCA_LIB_CRYPTO_AEAD_H_
#define OCA_LIB_CRYPTO_AEAD_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/crypto/secret.h"

namespace oca::crypto {

inline constexpr size_t kKeyBytes = 32;
inline constexpr size_t kGcmNonceBytes = 12;
inline constexpr size_t kTagBytes = 16;

// Appends ciphertext (as long as `plain`) and tag to *out. The pair (key, nonce) must never be used
// for other bytes: then GCM protects nothing. kInvalidArgument for a key or nonce of another size.
absl::Status SealGcm(std::string_view key, std::string_view nonce, std::string_view associated,
                     std::string_view plain, std::string* out);
// The plain bytes of what SealGcm appended. kDataLoss when key, nonce, associated bytes or sealed
// bytes are not those that were sealed.
absl::StatusOr<std::string> OpenGcm(std::string_view key, std::string_view nonce,
                                    std::string_view associated, std::string_view sealed);

// XAES-256-GCM with one key. A nonce of 192 random bits needs no counter and no memory of earlier
// ones: 2^48 units under one key share a nonce with a chance below 2^-96.
// Thread-safe.
class Xaes {
 public:
  static constexpr size_t kNonceBytes = 24;

  // `key` has kKeyBytes.
  static absl::StatusOr<Xaes> Create(std::string_view key);

  // As SealGcm and OpenGcm.
  absl::Status Seal(std::string_view nonce, std::string_view associated, std::string_view plain,
                    std::string* out) const;
  absl::StatusOr<std::string> Open(std::string_view nonce, std::string_view associated,
                                   std::string_view sealed) const;

  const Secret& key() const { return key_; }

 private:
  Xaes(Secret key, Secret subkey) : key_(std::move(key)), subkey_(std::move(subkey)) {}
  absl::StatusOr<Secret> KeyFor(std::string_view nonce) const;

  Secret key_;
  Secret subkey_;  // K1 of CMAC
};

}  // namespace oca::crypto

#endif  // OCA_LIB_CRYPTO_AEAD_H_
