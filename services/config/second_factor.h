// Second factors: secrets for apps, codes by time, recovery codes. Who may do what is for the gate;
// the password of who asks was checked before.
#ifndef OCA_SERVICES_CONFIG_SECOND_FACTOR_H_
#define OCA_SERVICES_CONFIG_SECOND_FACTOR_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/api/second_factor.pb.h"
#include "lib/daemon/secret_seal.h"
#include "services/config/logins.h"
#include "services/config/totp_store.h"

namespace oca::config {

// "otpauth://totp/Oca:eve@backup.example?..." for `secret` (in base 32), as authenticator apps read
// it: the Key URI Format of Google Authenticator's wiki.
std::string OtpauthUri(std::string_view user, std::string_view host, std::string_view secret);

// Errors: as lib/api/second_factor.proto says. Thread-safe.
class SecondFactor {
 public:
  // Borrows store and seal; they must outlive this. `now` may be called by several threads at once.
  SecondFactor(TotpStore& store, daemon::SecretSeal& seal, std::function<absl::Time()> now)
      : store_(store), seal_(seal), now_(now), brake_(std::move(now)) {}

  absl::StatusOr<management::v1::TotpSecret> Begin(std::string_view user);
  absl::StatusOr<management::v1::RecoveryCodes> Confirm(std::string_view user,
                                                        std::string_view code);
  absl::StatusOr<management::v1::RecoveryCodes> RenewRecoveryCodes(std::string_view user);
  // Takes it away. `revision` of the user; 0 = whatever is there.
  absl::StatusOr<UserRow> Remove(std::string_view user, uint64_t revision);

  // Takes the code of a login, be it of the app or for recovery: OK once for each.
  // kUnauthenticated, of type kCodeWrong, when it is not right. kResourceExhausted after several
  // failures in a row, wherever they came from: there are only a million codes.
  absl::Status Check(std::string_view user, std::string_view code);

 private:
  absl::StatusOr<crypto::Secret> SecretOf(std::string_view user, const TotpRow& row);
  absl::StatusOr<bool> Takes(std::string_view user, const std::string& code);

  TotpStore& store_;
  daemon::SecretSeal& seal_;
  const std::function<absl::Time()> now_;
  LoginBrake brake_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_SECOND_FACTOR_H_
