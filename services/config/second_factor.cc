#include "services/config/second_factor.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lib/api/problem.h"
#include "lib/base/host_name.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/password.h"
#include "lib/crypto/totp.h"
#include "lib/log/log.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

constexpr char kIssuer[] = "Oca";
constexpr int kRecoveryCodes = 10;
constexpr size_t kRecoveryGroup = 4;  // characters between two dashes
constexpr char kAnyPlace[] = "code";  // the brake counts wherever the caller is

// Of SecretSeal: no user has such a name.
std::string TotpSealName(std::string_view user) { return fmt::format("totp of {}", user); }

// As it was made: people write codes with blanks, dashes and capitals.
std::string Plain(std::string_view code) {
  std::string plain;
  for (char c : code) {
    if (c != ' ' && c != '-') plain += absl::ascii_tolower(static_cast<unsigned char>(c));
  }
  return plain;
}

bool IsTotpCode(std::string_view plain) {
  return plain.size() == crypto::kTotpDigits &&
         std::all_of(plain.begin(), plain.end(),
                     [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// 80 random bits need no slow hash; the name makes a code worth nothing for others.
absl::StatusOr<std::string> HashOfCode(std::string_view user, std::string_view plain) {
  OCA_ASSIGN_OR_RETURN(std::string hash,
                       crypto::Sha256(fmt::format("oca recovery code {} {}", user, plain)));
  return absl::BytesToHexString(hash);
}

struct NewCodes {
  mgmt::RecoveryCodes shown;
  std::vector<std::string> hashes;
};

absl::StatusOr<NewCodes> MakeCodes(std::string_view user) {
  NewCodes codes;
  for (int i = 0; i < kRecoveryCodes; ++i) {
    OCA_ASSIGN_OR_RETURN(crypto::Secret plain, crypto::GeneratePassword());
    OCA_ASSIGN_OR_RETURN(std::string hash, HashOfCode(user, plain.view()));
    codes.hashes.push_back(std::move(hash));
    std::string* text = codes.shown.add_one_time_codes();
    for (size_t at = 0; at < plain.size(); at += kRecoveryGroup) {
      if (at > 0) *text += '-';
      *text += plain.view().substr(at, kRecoveryGroup);
    }
  }
  return codes;
}

// RFC 3986: all but unreserved characters.
std::string PercentEncoded(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

absl::Status WrongCode() {
  return api::OfType(
      absl::UnauthenticatedError("the code is not right, or was used before: wait for the next "
                                 "one, and see that the clocks of app and appliance agree"),
      api::kCodeWrong);
}

}  // namespace

std::string OtpauthUri(std::string_view user, std::string_view host, std::string_view secret) {
  const std::string account = host.empty() ? std::string(user) : fmt::format("{}@{}", user, host);
  return fmt::format("otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits={}&period={}",
                     kIssuer, PercentEncoded(account), secret, kIssuer, crypto::kTotpDigits,
                     crypto::kTotpStepSeconds);
}

absl::StatusOr<mgmt::TotpSecret> SecondFactor::Begin(std::string_view user) {
  OCA_ASSIGN_OR_RETURN(crypto::Secret secret, crypto::RandomSecret(crypto::kTotpSecretBytes));
  OCA_ASSIGN_OR_RETURN(std::string sealed, seal_.Seal(TotpSealName(user), secret.view()));
  OCA_RETURN_IF_ERROR(store_.Begin(user, sealed));
  mgmt::TotpSecret shown;
  shown.set_secret(crypto::Base32(secret.view()));
  shown.set_secret_uri(OtpauthUri(user, HostName(), shown.secret()));
  return shown;
}

absl::StatusOr<crypto::Secret> SecondFactor::SecretOf(std::string_view user, const TotpRow& row) {
  absl::StatusOr<crypto::Secret> secret = seal_.Open(TotpSealName(user), row.secret_sealed);
  if (secret.ok()) return secret;
  log::Warning("second_factor_unreadable", "user", user, "error", MessageOf(secret.status()));
  return absl::FailedPreconditionError(
      fmt::format("the second factor of user '{}' cannot be checked, because the appliance's key "
                  "for secrets is another one now: a recovery code does, or an administrator "
                  "resets it (oca user --totp --reset)",
                  user));
}

absl::StatusOr<mgmt::RecoveryCodes> SecondFactor::Confirm(std::string_view user,
                                                          std::string_view code) {
  OCA_RETURN_IF_ERROR(brake_.Check(user, kAnyPlace));
  OCA_ASSIGN_OR_RETURN(std::optional<TotpRow> row, store_.Find(user));
  if (!row.has_value() || row->active) {
    return absl::FailedPreconditionError("there is no new second factor to confirm: begin one");
  }
  OCA_ASSIGN_OR_RETURN(crypto::Secret secret, SecretOf(user, *row));
  OCA_ASSIGN_OR_RETURN(
      std::optional<int64_t> step,
      crypto::MatchTotp(secret.view(), Plain(code), crypto::TotpStep(absl::ToUnixSeconds(now_())),
                        row->last_step));
  if (!step.has_value()) {
    brake_.Failed(user, kAnyPlace);
    return absl::PermissionDeniedError(
        "the code is not right: wait for the next one, and see that the clocks of app and "
        "appliance agree");
  }
  brake_.Succeeded(user, kAnyPlace);
  OCA_ASSIGN_OR_RETURN(NewCodes codes, MakeCodes(user));
  OCA_RETURN_IF_ERROR(store_.Activate(user, row->secret_sealed, *step, codes.hashes).status());
  return std::move(codes.shown);
}

absl::StatusOr<mgmt::RecoveryCodes> SecondFactor::RenewRecoveryCodes(std::string_view user) {
  OCA_ASSIGN_OR_RETURN(NewCodes codes, MakeCodes(user));
  OCA_RETURN_IF_ERROR(store_.ReplaceRecoveryCodes(user, codes.hashes).status());
  return std::move(codes.shown);
}

absl::StatusOr<UserRow> SecondFactor::Remove(std::string_view user, uint64_t revision) {
  return store_.Delete(user, revision);
}

absl::StatusOr<bool> SecondFactor::Takes(std::string_view user, const std::string& code) {
  if (!IsTotpCode(code)) {
    OCA_ASSIGN_OR_RETURN(std::string hash, HashOfCode(user, code));
    OCA_ASSIGN_OR_RETURN(bool taken, store_.TakeRecoveryCode(user, hash));
    if (taken) log::Info("recovery_code_used", "user", user);
    return taken;
  }
  OCA_ASSIGN_OR_RETURN(std::optional<TotpRow> row, store_.Find(user));
  if (!row.has_value() || !row->active) return false;
  OCA_ASSIGN_OR_RETURN(crypto::Secret secret, SecretOf(user, *row));
  OCA_ASSIGN_OR_RETURN(
      std::optional<int64_t> step,
      crypto::MatchTotp(secret.view(), code, crypto::TotpStep(absl::ToUnixSeconds(now_())),
                        row->last_step));
  if (!step.has_value()) return false;
  return store_.TakeStep(user, *step);
}

absl::Status SecondFactor::Check(std::string_view user, std::string_view code) {
  OCA_RETURN_IF_ERROR(brake_.Check(user, kAnyPlace));
  OCA_ASSIGN_OR_RETURN(bool taken, Takes(user, Plain(code)));
  if (!taken) {
    brake_.Failed(user, kAnyPlace);
    return WrongCode();
  }
  brake_.Succeeded(user, kAnyPlace);
  return absl::OkStatus();
}

}  // namespace oca::config
