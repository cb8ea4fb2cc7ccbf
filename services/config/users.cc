#include "services/config/users.h"

#include <utility>
#include <vector>

#include "fmt/format.h"
#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "lib/crypto/password.h"
#include "lib/io/file_system.h"
#include "lib/log/log.h"
#include "services/config/find.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

template <typename Repeated>
absl::StatusOr<std::vector<Role>> RolesFrom(const Repeated& numbers) {
  std::vector<Role> roles;
  for (int number : numbers) roles.push_back(static_cast<Role>(number));
  return CheckedRoles(std::move(roles));
}

template <typename Request>
absl::Status CheckTexts(const Request& request) {
  OCA_RETURN_IF_ERROR(CheckText("full name", request.full_name()));
  OCA_RETURN_IF_ERROR(CheckText("mail address", request.email_addr()));
  OCA_RETURN_IF_ERROR(CheckText("phone number", request.phone()));
  return CheckText("description", request.description());
}

// The password that the request names, or a new one; empty when it asks for neither.
template <typename Request>
absl::StatusOr<crypto::Secret> WantedPassword(const Request& request) {
  if (!request.generate_password()) return crypto::Secret(request.password());
  if (!request.password().empty()) {
    return absl::InvalidArgumentError("give a password, or have one generated, not both");
  }
  return crypto::GeneratePassword();
}

}  // namespace

mgmt::User ToProto(const UserRow& row) {
  mgmt::User user;
  user.set_name(row.name);
  user.set_id(row.id);
  for (Role role : row.roles) user.add_roles(role);
  user.set_full_name(row.full_name);
  user.set_email_addr(row.email_addr);
  user.set_phone(row.phone);
  user.set_description(row.description);
  user.set_enabled(row.enabled);
  user.set_has_password(!row.password_hash.empty());
  user.set_has_secret(!row.secret_sealed.empty());
  *user.mutable_created() = api::TimestampOf(row.created);
  if (row.password_changed.has_value()) {
    *user.mutable_password_changed() = api::TimestampOf(*row.password_changed);
  }
  if (row.last_login) *user.mutable_last_login() = api::TimestampOf(*row.last_login);
  user.set_last_login_from(row.last_login_from);
  user.set_revision(row.revision);
  for (const KeyRow& held : row.keys) {
    mgmt::SshKey* key = user.add_ssh_keys();
    key->set_type(held.key.type);
    key->set_fingerprint(held.key.fingerprint);
    key->set_comment(held.key.comment);
    *key->mutable_added() = api::TimestampOf(held.added);
  }
  user.set_has_totp(row.has_totp);
  user.set_recovery_codes_left(row.recovery_codes_left);
  return user;
}

Users::Users(UserStore& store, Logins& logins, daemon::SecretSeal& seal,
             SecondFactor& second_factor, KeyFile key_file, std::function<absl::Time()> now)
    : store_(store),
      logins_(logins),
      seal_(seal),
      second_factor_(second_factor),
      key_file_(std::move(key_file)),
      now_(now),
      brake_(std::move(now)) {}

void Users::PublishKeys() {
  absl::MutexLock lock(&publishing_);
  absl::Status status = [&]() -> absl::Status {
    OCA_ASSIGN_OR_RETURN(std::vector<UserRow> all, store_.LoadAll());
    std::vector<KeyOfUser> keys;
    for (const UserRow& row : all) {
      // Who has no say in the appliance has nothing to do there.
      if (!row.enabled || !Allows(row.roles, PERMISSION_VIEW)) continue;
      for (const KeyRow& key : row.keys) keys.push_back({row.name, key.key});
    }
    OCA_ASSIGN_OR_RETURN(std::string text, AuthorizedKeys(keys, key_file_.shell, key_file_.home));
    return io::WriteFileAtomically(io::PosixFileSystem(), key_file_.path, text);
  }();
  // The gate asks the database again: who is in the file too long gets no further.
  if (!status.ok()) log::Info("ssh_keys_not_published", "error", MessageOf(status));
}

absl::StatusOr<mgmt::User> Users::AddKey(const mgmt::AddUserKeyRequest& request) {
  OCA_ASSIGN_OR_RETURN(SshKey key, ParseSshKey(request.public_key()));
  OCA_ASSIGN_OR_RETURN(UserRow changed, store_.AddKey(request.name(), key));
  PublishKeys();
  return ToProto(changed);
}

absl::StatusOr<mgmt::User> Users::DeleteKey(const mgmt::DeleteUserKeyRequest& request) {
  OCA_ASSIGN_OR_RETURN(UserRow changed, store_.DeleteKey(request.name(), request.fingerprint()));
  PublishKeys();
  return ToProto(changed);
}

bool Users::Matches(std::string_view password, const std::string& hash) {
  absl::MutexLock lock(&hashing_);
  return crypto::PasswordMatches(password, hash);
}

absl::StatusOr<std::string> Users::Hash(std::string_view password) {
  absl::MutexLock lock(&hashing_);
  return crypto::HashPassword(password);
}

absl::Status Users::PutPassword(std::string_view password, const std::string& hash, UserRow* row) {
  row->password_hash = hash;
  row->password_changed = now_();
  row->secret_sealed.clear();
  if (NeedsSecret(row->roles)) {
    OCA_ASSIGN_OR_RETURN(row->secret_sealed, seal_.Seal(row->name, password));
  }
  return absl::OkStatus();
}

absl::StatusOr<mgmt::ListUsersResponse> Users::List(const mgmt::ListUsersRequest& request) {
  OCA_ASSIGN_OR_RETURN(std::vector<UserRow> all, store_.LoadAll());
  if (!request.name().empty() && FindByName(all, request.name()) == nullptr) {
    return UnknownName(Kind::kUser, request.name(), NamesOf(all));
  }
  mgmt::ListUsersResponse response;
  for (const UserRow& row : all) {
    if (!request.name().empty() && row.name != request.name()) continue;
    if (request.role() != mgmt::ROLE_UNSPECIFIED && !HasRole(row.roles, request.role())) continue;
    *response.add_users() = ToProto(row);
  }
  return response;
}

absl::StatusOr<mgmt::User> Users::Get(std::string_view name) {
  OCA_ASSIGN_OR_RETURN(UserRow row, store_.Load(name));
  return ToProto(row);
}

absl::StatusOr<mgmt::UserWithPassword> Users::Add(const mgmt::AddUserRequest& request) {
  OCA_RETURN_IF_ERROR(CheckName(Kind::kUser, request.name()));
  OCA_RETURN_IF_ERROR(CheckTexts(request));
  UserRow row;
  row.name = request.name();
  OCA_ASSIGN_OR_RETURN(row.roles, RolesFrom(request.roles()));
  row.full_name = request.full_name();
  row.email_addr = request.email_addr();
  row.phone = request.phone();
  row.description = request.description();
  OCA_ASSIGN_OR_RETURN(crypto::Secret password, WantedPassword(request));
  if (!password.empty()) {
    OCA_RETURN_IF_ERROR(CheckPassword(row.name, password.view()));
    OCA_ASSIGN_OR_RETURN(std::string hash, Hash(password.view()));
    OCA_RETURN_IF_ERROR(PutPassword(password.view(), hash, &row));
  }
  OCA_ASSIGN_OR_RETURN(UserRow made, store_.Insert(row));
  mgmt::UserWithPassword answer;
  *answer.mutable_user() = ToProto(made);
  if (request.generate_password()) answer.set_generated_password(std::string(password.view()));
  return answer;
}

absl::StatusOr<mgmt::User> Users::Update(const mgmt::UpdateUserRequest& request) {
  OCA_RETURN_IF_ERROR(CheckTexts(request));
  std::vector<Role> roles;
  if (request.has_roles()) {
    OCA_ASSIGN_OR_RETURN(roles, RolesFrom(request.roles().roles()));
  }
  OCA_ASSIGN_OR_RETURN(UserRow changed,
                       store_.Change(request.name(), request.revision(), [&](UserRow& row) {
                         if (request.has_roles()) row.roles = roles;
                         if (!NeedsSecret(row.roles)) row.secret_sealed.clear();
                         if (request.has_full_name()) row.full_name = request.full_name();
                         if (request.has_email_addr()) row.email_addr = request.email_addr();
                         if (request.has_phone()) row.phone = request.phone();
                         if (request.has_description()) row.description = request.description();
                         if (request.has_enabled()) row.enabled = request.enabled();
                         return absl::OkStatus();
                       }));
  if (!changed.enabled) logins_.EndAllOf(changed.name, "");
  PublishKeys();
  return ToProto(changed);
}

absl::Status Users::Delete(std::string_view name) {
  OCA_RETURN_IF_ERROR(store_.Delete(name).status());
  logins_.EndAllOf(name, "");
  PublishKeys();
  return absl::OkStatus();
}

absl::StatusOr<mgmt::UserWithPassword> Users::SetPassword(
    const mgmt::SetUserPasswordRequest& request) {
  OCA_ASSIGN_OR_RETURN(crypto::Secret password, WantedPassword(request));
  OCA_RETURN_IF_ERROR(CheckPassword(request.name(), password.view()));
  OCA_ASSIGN_OR_RETURN(std::string hash, Hash(password.view()));
  OCA_ASSIGN_OR_RETURN(UserRow changed, store_.Change(request.name(), 0, [&](UserRow& row) {
    return PutPassword(password.view(), hash, &row);
  }));
  logins_.EndAllOf(changed.name, "");
  mgmt::UserWithPassword answer;
  *answer.mutable_user() = ToProto(changed);
  if (request.generate_password()) answer.set_generated_password(std::string(password.view()));
  return answer;
}

absl::StatusOr<mgmt::UserSecret> Users::Secret(std::string_view name) {
  OCA_ASSIGN_OR_RETURN(UserRow row, store_.Load(name));
  if (!row.enabled) {
    return absl::FailedPreconditionError(fmt::format("user '{}' is disabled", name));
  }
  if (row.secret_sealed.empty()) {
    return absl::FailedPreconditionError(
        fmt::format("the password of user '{}' is not kept in a form that protocols can use; with "
                    "one of the roles ndmp, iscsi or object, set it again",
                    name));
  }
  OCA_ASSIGN_OR_RETURN(crypto::Secret password, seal_.Open(row.name, row.secret_sealed));
  mgmt::UserSecret answer;
  answer.set_password(std::string(password.view()));
  return answer;
}

}  // namespace oca::config
