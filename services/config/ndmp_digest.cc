#include "services/config/ndmp_digest.h"

#include <openssl/evp.h>

#include <array>
#include <string>

namespace oca::config {
namespace {

constexpr size_t kMaxDigestedBytes = 32;
constexpr size_t kBlockBytes = 64;

}  // namespace

absl::StatusOr<crypto::Secret> NdmpDigest(std::string_view password, std::string_view challenge) {
  std::string_view used = password.substr(0, kMaxDigestedBytes);
  std::string text;
  text.reserve(2 * kBlockBytes);
  text.append(used);
  text.append(kBlockBytes - 2 * used.size(), '\0');
  text.append(challenge);
  text.append(used);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  int made = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr);
  crypto::Wipe(text.data(), text.size());
  if (made != 1) return absl::InternalError("OpenSSL has no MD5");
  return crypto::Secret(std::string_view(reinterpret_cast<char*>(digest.data()), size));
}

}  // namespace oca::config
