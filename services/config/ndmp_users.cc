// Users of NDMP.
#include <optional>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "services/config/ndmp_digest.h"
#include "services/config/users.h"

namespace oca::config {

namespace mgmt = management::v1;

bool Users::MatchesNdmp(const UserRow& row, const mgmt::CheckNdmpUserRequest& request) {
  if (request.digest().empty()) return Matches(request.password(), row.password_hash);
  if (row.secret_sealed.empty()) return false;
  absl::StatusOr<crypto::Secret> password = seal_.Open(row.name, row.secret_sealed);
  absl::StatusOr<crypto::Secret> wanted =
      password.ok() ? NdmpDigest(password->view(), request.challenge()) : password.status();
  if (!wanted.ok()) {
    log::Warning("ndmp_secret", "user", row.name, "error", MessageOf(wanted.status()));
    return false;
  }
  return crypto::EqualInConstantTime(wanted->view(), request.digest());
}

absl::Status Users::CheckNdmpUser(const mgmt::CheckNdmpUserRequest& request) {
  if (!request.digest().empty() && request.challenge().size() != kNdmpChallengeBytes) {
    return absl::InvalidArgumentError(fmt::format("a challenge has {} bytes, not {}",
                                                  kNdmpChallengeBytes, request.challenge().size()));
  }
  const std::string from = fmt::format("ndmp {}", request.from());
  OCA_RETURN_IF_ERROR(brake_.Check(request.name(), from));
  OCA_ASSIGN_OR_RETURN(std::optional<UserRow> row, store_.Find(request.name()));
  const bool usable = row.has_value() && row->enabled && !row->password_hash.empty() &&
                      HasRole(row->roles, mgmt::ROLE_NDMP);
  if (!usable || !MatchesNdmp(*row, request)) {
    brake_.Failed(request.name(), from);
    return absl::UnauthenticatedError("user name and password do not belong together");
  }
  brake_.Succeeded(request.name(), from);
  return store_.NoteLogin(row->name, from);
}

}  // namespace oca::config
