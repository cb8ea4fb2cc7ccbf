#include "lib/crypto/totp.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/crypto/openssl_error.h"
#include "lib/crypto/secret.h"

namespace oca::crypto {
namespace {

constexpr std::string_view kBase32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr size_t kSha1Bytes = 20;
constexpr uint32_t kPowersOfTen[] = {1000000, 10000000, 100000000};  // of 6, 7, 8 digits

}  // namespace

int64_t TotpStep(int64_t unix_seconds) { return unix_seconds / kTotpStepSeconds; }

absl::StatusOr<std::string> HotpCode(std::string_view secret, uint64_t counter, int digits) {
  if (digits < 6 || digits > 8) return absl::InvalidArgumentError("HOTP: 6 to 8 digits");
  std::array<unsigned char, 8> message{};
  for (size_t i = 0; i < message.size(); ++i) {
    message[i] = static_cast<unsigned char>(counter >> (8 * (message.size() - 1 - i)));
  }
  std::array<unsigned char, kSha1Bytes> mac{};
  unsigned int size = 0;
  if (HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), message.data(),
           message.size(), mac.data(), &size) == nullptr ||
      size != mac.size()) {
    return OpenSslError("HMAC-SHA-1");
  }
  // Dynamic truncation (RFC 4226, section 5.3): 31 bits from where the last half byte says.
  const size_t at = mac.back() & 0xf;
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | mac[at + i];
  number &= 0x7fffffff;
  Wipe(mac.data(), mac.size());
  return fmt::format("{:0{}}", number % kPowersOfTen[digits - 6], digits);
}

absl::StatusOr<std::optional<int64_t>> MatchTotp(std::string_view secret, std::string_view code,
                                                 int64_t now_step, int64_t last_step) {
  std::optional<int64_t> found;
  for (int64_t step = std::max<int64_t>(now_step - kTotpDrift, 0); step <= now_step + kTotpDrift;
       ++step) {
    OCA_ASSIGN_OR_RETURN(std::string right,
                         HotpCode(secret, static_cast<uint64_t>(step), kTotpDigits));
    if (EqualInConstantTime(right, code) && step > last_step) found = step;
  }
  return found;
}

std::string Base32(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 8 + 4) / 5);
  uint32_t held = 0;  // bits that are not written yet, the last `bits` of it
  int bits = 0;
  for (char byte : bytes) {
    held = held << 8 | static_cast<unsigned char>(byte);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += kBase32Alphabet[held >> bits & 0x1f];
    }
  }
  if (bits > 0) text += kBase32Alphabet[held << (5 - bits) & 0x1f];
  return text;
}

}  // namespace oca::crypto
