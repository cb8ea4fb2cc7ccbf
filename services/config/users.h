// What can be done with users: rules, passwords, logins. Who may do it is for the gate.
#ifndef OCA_SERVICES_CONFIG_USERS_H_
#define OCA_SERVICES_CONFIG_USERS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/api/gateways.pb.h"
#include "lib/api/users.pb.h"
#include "lib/daemon/secret_seal.h"
#include "services/config/logins.h"
#include "services/config/second_factor.h"
#include "services/config/user_store.h"

namespace oca::config {

// Where sshd finds who may come in, and where it leads them.
struct KeyFile {
  std::string path;   // of the authorized_keys file
  std::string shell;  // of oca-shell
  std::string home;   // of the appliance
};

// What is shown of a user.
management::v1::User ToProto(const UserRow& row);

// Errors: as lib/api/users.proto says. Thread-safe.
class Users {
 public:
  // Borrows all; they must outlive this. `now` may be called by several threads at once.
  Users(UserStore& store, Logins& logins, daemon::SecretSeal& seal, SecondFactor& second_factor,
        KeyFile key_file, std::function<absl::Time()> now);

  absl::StatusOr<management::v1::ListUsersResponse> List(
      const management::v1::ListUsersRequest& request);
  // kNotFound.
  absl::StatusOr<management::v1::User> Get(std::string_view name);
  absl::StatusOr<management::v1::UserWithPassword> Add(
      const management::v1::AddUserRequest& request);
  absl::StatusOr<management::v1::User> Update(const management::v1::UpdateUserRequest& request);
  absl::Status Delete(std::string_view name);
  absl::StatusOr<management::v1::UserWithPassword> SetPassword(
      const management::v1::SetUserPasswordRequest& request);
  // kPermissionDenied when it is not `name`'s password, with the brake on guessing;
  // kFailedPrecondition for a user without one.
  absl::StatusOr<UserRow> CheckOwnPassword(std::string_view name, std::string_view password);
  // `kept_token`: of the login that goes on.
  absl::StatusOr<management::v1::User> ChangeOwnPassword(
      std::string_view name, const management::v1::ChangeOwnPasswordRequest& request,
      std::string_view kept_token);
  absl::StatusOr<management::v1::UserSecret> Secret(std::string_view name);
  absl::StatusOr<management::v1::User> AddKey(const management::v1::AddUserKeyRequest& request);
  absl::StatusOr<management::v1::User> DeleteKey(
      const management::v1::DeleteUserKeyRequest& request);

  // Brings sshd's file up to date, when PostgreSQL is there. Every change of users does so too.
  void PublishKeys();

  absl::StatusOr<management::v1::LoginResponse> Login(const management::v1::LoginRequest& request,
                                                      std::string_view from);
  // The same for somebody whose password another has checked: none is looked at. kUnauthenticated
  // for no such user, or one who is disabled; kPermissionDenied for one with neither of the roles
  // administrator and monitor; where there is a second factor, errors as of Login.
  absl::StatusOr<management::v1::LoginResponse> LoginByAccount(
      const management::v1::LoginRequest& request, std::string_view from);
  management::v1::ListLoginsResponse ListLogins();
  // As lib/api/gateways.proto says.
  absl::Status CheckNdmpUser(const management::v1::CheckNdmpUserRequest& request);

 private:
  // As of lib/crypto/password.h, one at a time: each takes 64 MiB.
  absl::StatusOr<std::string> Hash(std::string_view password);
  bool Matches(std::string_view password, const std::string& hash);
  bool MatchesNdmp(const UserRow& row, const management::v1::CheckNdmpUserRequest& request);
  // kUnauthenticated, with the brake on guessing. `row`: the user of the request, if there is one.
  absl::Status CheckLogin(const std::optional<UserRow>& row,
                          const management::v1::LoginRequest& request, std::string_view from);
  // The code of the second factor, where there is one.
  absl::Status CheckCode(const UserRow& row, const management::v1::LoginRequest& request,
                         std::string_view from);
  // Of the user, who has shown all that is asked for.
  absl::StatusOr<management::v1::LoginResponse> BeginLogin(UserRow row, std::string_view from);
  // Puts hash and, where the roles need it, sealed password into the row.
  absl::Status PutPassword(std::string_view password, const std::string& hash, UserRow* row);

  UserStore& store_;
  Logins& logins_;
  daemon::SecretSeal& seal_;
  SecondFactor& second_factor_;
  const KeyFile key_file_;
  absl::Mutex publishing_;  // one writer of the file at a time, from rows read under it
  const std::function<absl::Time()> now_;
  LoginBrake brake_;
  absl::Mutex hashing_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_USERS_H_
