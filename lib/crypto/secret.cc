#include "lib/crypto/secret.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "lib/crypto/openssl_bytes.h"
#include "lib/crypto/openssl_error.h"

namespace oca::crypto {

void Wipe(void* p, size_t n) { OPENSSL_cleanse(p, n); }

absl::StatusOr<std::string> RandomBytes(size_t n) {
  std::string out(n, '\0');
  if (RAND_bytes(OutBytes(out.data()), static_cast<int>(n)) != 1) {
    return OpenSslError("random bytes");
  }
  return out;
}

absl::StatusOr<Secret> RandomSecret(size_t n) {
  absl::StatusOr<std::string> bytes = RandomBytes(n);
  if (!bytes.ok()) return bytes.status();
  Secret secret(*bytes);
  Wipe(bytes->data(), bytes->size());
  return secret;
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace oca::crypto
