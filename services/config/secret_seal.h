// Passwords that protocols need in plain, sealed by a key that is not in the database.
#ifndef OCA_SERVICES_CONFIG_SECRET_SEAL_H_
#define OCA_SERVICES_CONFIG_SECRET_SEAL_H_

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "lib/crypto/secret.h"

namespace oca::config {

// XAES-256-GCM, with the user's name as associated data: a sealed password cannot be given to
// somebody else. Thread-safe.
class SecretSeal {
 public:
  // The key's file; made when something is sealed for the first time.
  explicit SecretSeal(std::string key_path) : key_path_(std::move(key_path)) {}

  // Hexadecimal: 24 bytes of nonce, then ciphertext and tag.
  absl::StatusOr<std::string> Seal(std::string_view user, std::string_view password);
  // kFailedPrecondition, saying what to do, when it was sealed for another user or by another key.
  absl::StatusOr<crypto::Secret> Open(std::string_view user, const std::string& sealed);

 private:
  const std::string key_path_;
  absl::Mutex mu_;  // one maker of the file at a time
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_SECRET_SEAL_H_
