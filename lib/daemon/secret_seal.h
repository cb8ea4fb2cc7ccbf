// Passwords that protocols need in plain, sealed by a key that is not in the database.
#ifndef OCA_LIB_DAEMON_SECRET_SEAL_H_
#define OCA_LIB_DAEMON_SECRET_SEAL_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "lib/crypto/secret.h"

namespace oca::daemon {

// XAES-256-GCM, with whose password it is as associated data: a sealed one cannot be given to
// somebody else. Thread-safe.
class SecretSeal {
 public:
  // The key's file, which no other process makes; made when something is sealed for the first time.
  // kind: of whom there are passwords ("user"), in messages and in the associated data.
  SecretSeal(std::string key_path, std::string kind)
      : key_path_(std::move(key_path)), kind_(std::move(kind)) {}

  // Hexadecimal: 24 bytes of nonce, then ciphertext and tag.
  absl::StatusOr<std::string> Seal(std::string_view owner, std::string_view password);
  // kFailedPrecondition, saying what to do, when it was sealed for another owner or by another key.
  absl::StatusOr<crypto::Secret> Open(std::string_view owner, const std::string& sealed);

 private:
  std::string Associated(std::string_view owner) const;

  const std::string key_path_;
  const std::string kind_;
  absl::Mutex mu_;  // one maker of the file at a time
};

}  // namespace oca::daemon

#endif  // OCA_LIB_DAEMON_SECRET_SEAL_H_
