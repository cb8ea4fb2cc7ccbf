#include "lib/daemon/secret_seal.h"

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/aead.h"
#include "lib/daemon/secret_file.h"

namespace oca::daemon {
namespace {

constexpr size_t kNonceBytes = crypto::Xaes::kNonceBytes;

}  // namespace

std::string SecretSeal::Associated(std::string_view owner) const {
  return fmt::format("oca {} secret {}", kind_, owner);
}

absl::StatusOr<std::string> SecretSeal::Seal(std::string_view owner, std::string_view password) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(crypto::Secret key, ReadOrMakeKeyFile(key_path_));
  OCA_ASSIGN_OR_RETURN(crypto::Xaes cipher, crypto::Xaes::Create(key.view()));
  OCA_ASSIGN_OR_RETURN(std::string sealed, crypto::RandomBytes(kNonceBytes));
  const std::string nonce = sealed;
  OCA_RETURN_IF_ERROR(cipher.Seal(nonce, Associated(owner), password, &sealed));
  return absl::BytesToHexString(sealed);
}

absl::StatusOr<crypto::Secret> SecretSeal::Open(std::string_view owner, const std::string& sealed) {
  absl::MutexLock lock(&mu_);
  OCA_ASSIGN_OR_RETURN(crypto::Secret key, ReadOrMakeKeyFile(key_path_));
  OCA_ASSIGN_OR_RETURN(crypto::Xaes cipher, crypto::Xaes::Create(key.view()));
  const std::string bytes = absl::HexStringToBytes(sealed);
  absl::StatusOr<std::string> plain = absl::DataLossError("too short");
  if (bytes.size() >= kNonceBytes) {
    const std::string_view view = bytes;
    plain = cipher.Open(view.substr(0, kNonceBytes), Associated(owner), view.substr(kNonceBytes));
  }
  if (!plain.ok()) {
    return absl::FailedPreconditionError(
        fmt::format("the kept password of {} '{}' was not sealed by the key in {}: set the "
                    "password again",
                    kind_, owner, key_path_));
  }
  crypto::Secret secret(*plain);
  crypto::Wipe(plain->data(), plain->size());
  return secret;
}

}  // namespace oca::daemon
