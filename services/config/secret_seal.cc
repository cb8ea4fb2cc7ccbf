#include "services/config/secret_seal.h"

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/aead.h"
#include "lib/daemon/secret_file.h"

namespace oca::config {
namespace {

constexpr size_t kNonceBytes = crypto::Xaes::kNonceBytes;

std::string Associated(std::string_view user) { return fmt::format("oca user secret {}", user); }

}  // namespace

absl::StatusOr<std::string> SecretSeal::Seal(std::string_view user, std::string_view password) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(crypto::Secret key, daemon::ReadOrMakeKeyFile(key_path_));
  OCA_ASSIGN_OR_RETURN(crypto::Xaes cipher, crypto::Xaes::Create(key.view()));
  OCA_ASSIGN_OR_RETURN(std::string sealed, crypto::RandomBytes(kNonceBytes));
  const std::string nonce = sealed;
  OCA_RETURN_IF_ERROR(cipher.Seal(nonce, Associated(user), password, &sealed));
  return absl::BytesToHexString(sealed);
}

absl::StatusOr<crypto::Secret> SecretSeal::Open(std::string_view user, const std::string& sealed) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(crypto::Secret key, daemon::ReadOrMakeKeyFile(key_path_));
  OCA_ASSIGN_OR_RETURN(crypto::Xaes cipher, crypto::Xaes::Create(key.view()));
  const std::string bytes = absl::HexStringToBytes(sealed);
  absl::StatusOr<std::string> plain = absl::DataLossError("too short");
  if (bytes.size() >= kNonceBytes) {
    const std::string_view view = bytes;
    plain = cipher.Open(view.substr(0, kNonceBytes), Associated(user), view.substr(kNonceBytes));
  }
  if (!plain.ok()) {
    return absl::FailedPreconditionError(
        fmt::format("the kept password of user '{}' was not sealed by the key in {}: set the "
                    "password again",
                    user, key_path_));
  }
  crypto::Secret secret(*plain);
  crypto::Wipe(plain->data(), plain->size());
  return secret;
}

}  // namespace oca::config
