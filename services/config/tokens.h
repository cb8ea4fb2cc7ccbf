// API tokens: made, listed, revoked, and recognized. Who may do it is for the gate.
#ifndef OCA_SERVICES_CONFIG_TOKENS_H_
#define OCA_SERVICES_CONFIG_TOKENS_H_

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/api/tokens.pb.h"
#include "services/config/token_store.h"

namespace oca::config {

// Whether this is an API token (of whatever appliance) rather than that of a login.
bool IsApiToken(std::string_view token);

// What remains of a user's roles behind a token of role `most`.
std::vector<Role> RolesThrough(Role most, std::span<const Role> roles);

// Errors: as lib/api/tokens.proto says. Thread-safe.
class Tokens {
 public:
  // Borrows the store; it must outlive this. `now` may be called by several threads at once.
  Tokens(TokenStore& store, std::function<absl::Time()> now)
      : store_(store), now_(std::move(now)) {}

  absl::StatusOr<management::v1::TokenWithSecret> Add(
      const management::v1::AddTokenRequest& request);
  absl::StatusOr<management::v1::ListTokensResponse> List(
      const management::v1::ListTokensRequest& request);
  // As it was.
  absl::StatusOr<management::v1::Token> Revoke(std::string_view name);

  // The row that `token` belongs to; notes the use. kUnauthenticated when there is none, or it is
  // over.
  absl::StatusOr<TokenRow> Use(std::string_view token);

 private:
  TokenStore& store_;
  const std::function<absl::Time()> now_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_TOKENS_H_
