// The app that makes codes by time, for tests.
#ifndef OCA_T_SUPPORT_TOTP_H_
#define OCA_T_SUPPORT_TOTP_H_

#include <cstdint>
#include <set>
#include <string>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/crypto/totp.h"

namespace oca::support {

// The bytes that `text` stands for in base 32.
inline std::string FromBase32(const std::string& text) {
  std::string bytes;
  uint32_t held = 0;
  int bits = 0;
  for (char c : text) {
    held = held << 5 | static_cast<uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(held >> bits & 0xff);
  }
  return bytes;
}

inline int64_t TotpStepNow() { return crypto::TotpStep(absl::ToUnixSeconds(absl::Now())); }

// `secret` in base 32.
inline std::string TotpCodeAt(const std::string& secret, int64_t step) {
  return crypto::HotpCode(FromBase32(secret), static_cast<uint64_t>(step), crypto::kTotpDigits)
      .value_or("");
}
inline std::string TotpCode(const std::string& secret) { return TotpCodeAt(secret, TotpStepNow()); }

// Right at no time near now.
inline std::string WrongTotpCode(const std::string& secret) {
  std::set<std::string> near;
  for (int64_t step = TotpStepNow() - 10; step < TotpStepNow() + 100; ++step) {
    near.insert(TotpCodeAt(secret, step));
  }
  int number = 0;
  while (near.count(fmt::format("{:06}", number)) > 0) ++number;
  return fmt::format("{:06}", number);
}

}  // namespace oca::support

#endif  // OCA_T_SUPPORT_TOTP_H_
