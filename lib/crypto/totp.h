// Codes by time (TOTP, RFC 6238) as the apps of telephones make them: HMAC-SHA-1, 6 digits, a new
// one every 30 s.
#ifndef OCA_LIB_CRYPTO_TOTP_H_
#define OCA_LIB_CRYPTO_TOTP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace oca::crypto {

inline constexpr int64_t kTotpStepSeconds = 30;
inline constexpr int kTotpDigits = 6;
// RFC 4226, section 4, R6: 160 bits are recommended.
inline constexpr size_t kTotpSecretBytes = 20;
// Steps by which the clocks of both sides may differ, either way (RFC 6238, section 5.2 and 6).
inline constexpr int64_t kTotpDrift = 1;

// Number of the step that `unix_seconds` (not negative) is in.
int64_t TotpStep(int64_t unix_seconds);

// The code of `counter` in `digits` (6 to 8) digits: HOTP (RFC 4226, section 5.3). kInternal when
// OpenSSL has no HMAC-SHA-1.
absl::StatusOr<std::string> HotpCode(std::string_view secret, uint64_t counter, int digits);

// The step whose code `code` is: one of those around `now_step`, later than `last_step`; nothing
// when there is none. Takes the same time whichever it is. Who remembers the answer as the next
// `last_step` takes no code twice.
absl::StatusOr<std::optional<int64_t>> MatchTotp(std::string_view secret, std::string_view code,
                                                 int64_t now_step, int64_t last_step);

// RFC 4648, section 6, without padding: the form in which people type secrets into their apps.
std::string Base32(std::string_view bytes);

}  // namespace oca::crypto

#endif  // OCA_LIB_CRYPTO_TOTP_H_
