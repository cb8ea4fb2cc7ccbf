#include "services/config/tokens.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "fmt/format.h"
#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/secret.h"
#include "lib/log/log.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

// Longer than a login's token (43), so that one is never taken for the other; and with a beginning
// by which people and scanners know what they have found.
constexpr std::string_view kPrefix = "oca_";
constexpr size_t kRandomBytes = 32;
constexpr size_t kTokenTextBytes = 4 + 43;
constexpr uint32_t kDefaultTokenDays = 90;
constexpr uint32_t kMostTokenDays = 3650;
constexpr absl::Duration kUseIsNoted = absl::Minutes(1);

mgmt::Token TokenMessage(const TokenRow& row) {
  mgmt::Token token;
  token.set_name(row.name);
  token.set_user(row.user);
  token.set_role(row.role);
  *token.mutable_created() = api::TimestampOf(row.created);
  *token.mutable_expires() = api::TimestampOf(row.expires);
  if (row.last_used) *token.mutable_last_used() = api::TimestampOf(*row.last_used);
  return token;
}

// 256 random bits need no salt and no slow hash.
absl::StatusOr<std::string> HashOf(std::string_view token) {
  OCA_ASSIGN_OR_RETURN(std::string hash, crypto::Sha256(token));
  return absl::BytesToHexString(hash);
}

}  // namespace

bool IsApiToken(std::string_view token) {
  return token.size() == kTokenTextBytes && token.starts_with(kPrefix);
}

std::vector<Role> RolesThrough(Role most, std::span<const Role> roles) {
  if (most == mgmt::ROLE_ADMINISTRATOR && HasRole(roles, mgmt::ROLE_ADMINISTRATOR)) {
    return {mgmt::ROLE_ADMINISTRATOR};
  }
  if (Allows(roles, PERMISSION_VIEW)) return {mgmt::ROLE_MONITOR};
  return {};
}

absl::StatusOr<mgmt::TokenWithSecret> Tokens::Add(const mgmt::AddTokenRequest& request) {
  OCA_RETURN_IF_ERROR(CheckName(Kind::kToken, request.name()));
  OCA_RETURN_IF_ERROR(CheckName(Kind::kUser, request.user()));
  if (request.role() != mgmt::ROLE_ADMINISTRATOR && request.role() != mgmt::ROLE_MONITOR) {
    return absl::InvalidArgumentError("a token's role is administrator or monitor");
  }
  if (request.valid_days() > kMostTokenDays) {
    return absl::InvalidArgumentError(fmt::format("a token is valid for 1 to {} days, not {}",
                                                  kMostTokenDays, request.valid_days()));
  }
  OCA_ASSIGN_OR_RETURN(crypto::Secret random, crypto::RandomSecret(kRandomBytes));
  mgmt::TokenWithSecret made;
  made.set_secret(fmt::format("{}{}", kPrefix,
                              absl::WebSafeBase64Escape({random.view().data(), random.size()})));
  OCA_ASSIGN_OR_RETURN(std::string hash, HashOf(made.secret()));
  TokenRow row;
  row.name = request.name();
  row.user = request.user();
  row.role = request.role();
  row.expires = now_() + absl::Hours(24) *
                             (request.valid_days() == 0 ? kDefaultTokenDays : request.valid_days());
  OCA_ASSIGN_OR_RETURN(TokenRow inserted, store_.Insert(row, hash));
  *made.mutable_token() = TokenMessage(inserted);
  return made;
}

absl::StatusOr<mgmt::ListTokensResponse> Tokens::List(const mgmt::ListTokensRequest& request) {
  OCA_ASSIGN_OR_RETURN(std::vector<TokenRow> rows, store_.List(request.user()));
  mgmt::ListTokensResponse response;
  for (const TokenRow& row : rows) *response.add_tokens() = TokenMessage(row);
  return response;
}

absl::StatusOr<mgmt::Token> Tokens::Revoke(std::string_view name) {
  OCA_ASSIGN_OR_RETURN(TokenRow gone, store_.Delete(name));
  return TokenMessage(gone);
}

absl::StatusOr<TokenRow> Tokens::Use(std::string_view token) {
  OCA_ASSIGN_OR_RETURN(std::string hash, HashOf(token));
  OCA_ASSIGN_OR_RETURN(std::optional<TokenRow> row, store_.Find(hash));
  const absl::Time now = now_();
  if (!row.has_value() || now >= row->expires) {
    return absl::UnauthenticatedError("this token was revoked, is over, or never was");
  }
  if (!row->last_used.has_value() || now - *row->last_used >= kUseIsNoted) {
    absl::Status noted = store_.NoteUse(row->name, now);
    if (!noted.ok()) log::Info("token_use_not_noted", "error", MessageOf(noted));
  }
  return *std::move(row);
}

}  // namespace oca::config
