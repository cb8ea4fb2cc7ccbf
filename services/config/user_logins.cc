// Users who sign in, and what they may do with their own passwords.
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "lib/api/problem.h"
#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "services/config/roles.h"
#include "services/config/rules.h"
#include "services/config/users.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

constexpr char kOwnPassword[] = "own password";  // a place, for the brake

}  // namespace

absl::StatusOr<UserRow> Users::CheckOwnPassword(std::string_view name, std::string_view password) {
  OCA_ASSIGN_OR_RETURN(UserRow row, store_.Load(name));
  if (row.password_hash.empty()) {
    return absl::FailedPreconditionError(
        "you have no password, only keys: an administrator can set one (oca user --setpassword)");
  }
  OCA_RETURN_IF_ERROR(brake_.Check(name, kOwnPassword));
  if (!Matches(password, row.password_hash)) {
    brake_.Failed(name, kOwnPassword);
    return absl::PermissionDeniedError("the password is not right");
  }
  brake_.Succeeded(name, kOwnPassword);
  return row;
}

absl::StatusOr<mgmt::User> Users::ChangeOwnPassword(std::string_view name,
                                                    const mgmt::ChangeOwnPasswordRequest& request,
                                                    std::string_view kept_token) {
  OCA_RETURN_IF_ERROR(CheckPassword(name, request.new_password()));
  OCA_ASSIGN_OR_RETURN(UserRow now, CheckOwnPassword(name, request.old_password()));
  OCA_ASSIGN_OR_RETURN(std::string hash, Hash(request.new_password()));
  OCA_ASSIGN_OR_RETURN(UserRow changed, store_.Change(name, now.revision, [&](UserRow& row) {
    return PutPassword(request.new_password(), hash, &row);
  }));
  logins_.EndAllOf(name, kept_token);
  return ToProto(changed);
}

absl::Status Users::CheckLogin(const std::optional<UserRow>& row, const mgmt::LoginRequest& request,
                               std::string_view from) {
  // Of a password that nobody knows: an unknown user takes as long as a known one.
  static const std::string kNobodys =
      "$argon2id$v=19$m=65536,t=2,p=1$UCRq4sydGoVGT4f4Fw7BOg$"
      "vWqXgyxhdGFOPoWxVnqvJEbFWDT03yzcZV2yLxDkLKo";
  const bool usable = row.has_value() && row->enabled && !row->password_hash.empty();
  if (!Matches(request.password(), usable ? row->password_hash : kNobodys) || !usable) {
    brake_.Failed(request.name(), from);
    return absl::UnauthenticatedError("user name and password do not belong together");
  }
  return CheckCode(*row, request, from);
}

absl::Status Users::CheckCode(const UserRow& row, const mgmt::LoginRequest& request,
                              std::string_view from) {
  if (!row.has_totp) return absl::OkStatus();
  if (request.one_time_code().empty()) {
    // Neither a failure nor a success: who guesses codes must not start anew by leaving one out.
    return api::OfType(
        absl::UnauthenticatedError("the code of the second factor is needed as well"),
        api::kCodeNeeded);
  }
  absl::Status right = second_factor_.Check(row.name, request.one_time_code());
  if (absl::IsUnauthenticated(right)) brake_.Failed(request.name(), from);
  return right;
}

absl::StatusOr<mgmt::LoginResponse> Users::BeginLogin(UserRow row, std::string_view from) {
  brake_.Succeeded(row.name, from);
  // A recovery code may be gone.
  if (row.has_totp) {
    OCA_ASSIGN_OR_RETURN(row, store_.Load(row.name));
  }
  mgmt::LoginResponse response;
  OCA_ASSIGN_OR_RETURN(*response.mutable_token(), logins_.Begin(row.name, from));
  *response.mutable_expires() = api::TimestampOf(now_() + kLongestLogin);
  *response.mutable_user() = ToProto(row);
  OCA_RETURN_IF_ERROR(store_.NoteLogin(row.name, from));
  return response;
}

absl::StatusOr<mgmt::LoginResponse> Users::Login(const mgmt::LoginRequest& request,
                                                 std::string_view from) {
  OCA_RETURN_IF_ERROR(brake_.Check(request.name(), from));
  OCA_ASSIGN_OR_RETURN(std::optional<UserRow> row, store_.Find(request.name()));
  OCA_RETURN_IF_ERROR(CheckLogin(row, request, from));
  return BeginLogin(*std::move(row), from);
}

absl::StatusOr<mgmt::LoginResponse> Users::LoginByAccount(const mgmt::LoginRequest& request,
                                                          std::string_view from) {
  OCA_ASSIGN_OR_RETURN(std::optional<UserRow> row, store_.Find(request.name()));
  if (!row.has_value() || !row->enabled) {
    return absl::UnauthenticatedError(
        fmt::format("Oca has no user '{}', or the user is disabled", request.name()));
  }
  if (!Allows(row->roles, PERMISSION_VIEW)) {
    return absl::PermissionDeniedError(
        fmt::format("user '{}' (roles: {}) has neither the role administrator nor monitor",
                    row->name, RolesText(row->roles)));
  }
  OCA_RETURN_IF_ERROR(CheckCode(*row, request, from));
  return BeginLogin(*std::move(row), from);
}

mgmt::ListLoginsResponse Users::ListLogins() {
  mgmt::ListLoginsResponse response;
  for (const config::Login& login : logins_.List()) {
    mgmt::LoginInfo* info = response.add_logins();
    info->set_user(login.user);
    info->set_origin(login.from);
    *info->mutable_started() = api::TimestampOf(login.started);
    *info->mutable_last_call() = api::TimestampOf(login.last_call);
    *info->mutable_expires() = api::TimestampOf(login.expires);
  }
  return response;
}

}  // namespace oca::config
