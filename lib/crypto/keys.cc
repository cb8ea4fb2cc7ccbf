#include "lib/crypto/keys.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/aead.h"
#include "lib/crypto/openssl_bytes.h"
#include "lib/crypto/openssl_error.h"

namespace oca::crypto {
namespace {

constexpr size_t kWrapExtraBytes = 8;
constexpr uint64_t kMaxScryptMemory = 1ull << 30;

struct FreeKdf {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
  void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// A context for AES-256 key wrap, ready to work; null when OpenSSL has none.
std::unique_ptr<EVP_CIPHER_CTX, FreeKdf> WrapContext(std::string_view key, bool wrap) {
  std::unique_ptr<EVP_CIPHER, FreeKdf> cipher(EVP_CIPHER_fetch(nullptr, "AES-256-WRAP", nullptr));
  std::unique_ptr<EVP_CIPHER_CTX, FreeKdf> context(EVP_CIPHER_CTX_new());
  if (cipher == nullptr || context == nullptr) return nullptr;
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  if (EVP_CipherInit_ex2(context.get(), cipher.get(), InBytes(key), nullptr, wrap ? 1 : 0,
                         nullptr) != 1) {
    return nullptr;
  }
  return context;
}

}  // namespace

bool IsSane(const ScryptCost& cost) {
  return cost.log2_n >= 10 && cost.log2_n <= 24 && cost.r >= 1 && cost.r <= 32 && cost.p >= 1 &&
         cost.p <= 16 && (uint64_t{128} << cost.log2_n) * cost.r <= kMaxScryptMemory;
}

absl::StatusOr<Secret> Scrypt(std::string_view passphrase, std::string_view salt,
                              const ScryptCost& cost, size_t bytes) {
  if (!IsSane(cost)) return absl::InvalidArgumentError("scrypt: cost is outside its limits");
  std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, "SCRYPT", nullptr));
  std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(EVP_KDF_CTX_new(kdf.get()));
  uint64_t n = uint64_t{1} << cost.log2_n;
  uint32_t r = cost.r, p = cost.p;
  uint64_t memory = 2 * kMaxScryptMemory;
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
                                        const_cast<char*>(passphrase.data()), passphrase.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, const_cast<char*>(salt.data()),
                                        salt.size()),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
      OSSL_PARAM_construct_end()};
  std::string out(bytes, '\0');
  if (context == nullptr ||
      EVP_KDF_derive(context.get(), OutBytes(out.data()), out.size(), params) != 1) {
    return OpenSslError("scrypt");
  }
  Secret secret(out);
  Wipe(out.data(), out.size());
  return secret;
}

absl::StatusOr<std::string> Sha256(std::string_view message) {
  std::string out(32, '\0');
  size_t size = 0;
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, message.data(), message.size(), OutBytes(out.data()),
                   &size) != 1) {
    return OpenSslError("SHA-256");
  }
  return out;
}

absl::StatusOr<std::string> HmacSha256(std::string_view key, std::string_view message) {
  std::string out(32, '\0');
  unsigned int n = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), InBytes(message), message.size(),
           OutBytes(out.data()), &n) == nullptr) {
    return OpenSslError("HMAC-SHA-256");
  }
  return out;
}

absl::StatusOr<std::string> WrapKey(std::string_view key, std::string_view secret) {
  if (key.size() != kKeyBytes || secret.size() < 16 || secret.size() % 8 != 0) {
    return absl::InvalidArgumentError("key wrap: a key of another size");
  }
  auto context = WrapContext(key, /*wrap=*/true);
  std::string out(secret.size() + kWrapExtraBytes, '\0');
  int n = 0;
  if (context == nullptr ||
      EVP_CipherUpdate(context.get(), OutBytes(out.data()), &n, InBytes(secret),
                       static_cast<int>(secret.size())) != 1 ||
      static_cast<size_t>(n) != out.size()) {
    return OpenSslError("key wrap");
  }
  return out;
}

absl::StatusOr<Secret> UnwrapKey(std::string_view key, std::string_view wrapped) {
  if (key.size() != kKeyBytes || wrapped.size() < 24 || wrapped.size() % 8 != 0) {
    return absl::InvalidArgumentError("key unwrap: a key of another size");
  }
  auto context = WrapContext(key, /*wrap=*/false);
  if (context == nullptr) return OpenSslError("key unwrap");
  std::string out(wrapped.size(), '\0');
  int n = 0;
  bool held = EVP_CipherUpdate(context.get(), OutBytes(out.data()), &n, InBytes(wrapped),
                               static_cast<int>(wrapped.size())) == 1 &&
              n > 0 && static_cast<size_t>(n) == wrapped.size() - kWrapExtraBytes;
  Secret secret(held ? std::string_view(out).substr(0, static_cast<size_t>(n)) : "");
  Wipe(out.data(), out.size());
  ERR_clear_error();
  if (!held) return absl::DataLossError("key unwrap: another key wrapped it, or it was changed");
  return secret;
}

}  // namespace oca::crypto
