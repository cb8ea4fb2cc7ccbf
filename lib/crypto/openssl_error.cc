#include "lib/crypto/openssl_error.h"

#include <openssl/err.h>

#include <array>

#include "fmt/format.h"

namespace oca::crypto {

absl::Status OpenSslError(std::string_view what) {
  std::array<char, 256> text{};
  unsigned long code = ERR_peek_last_error();
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return absl::InternalError(
      fmt::format("{}: {}", what, code == 0 ? "OpenSSL failed" : text.data()));
}

}  // namespace oca::crypto
