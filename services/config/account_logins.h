// Users who come in by an account of the machine: sshd has asked for that account's password, and
// the kernel says whose account it is.
#ifndef OCA_SERVICES_CONFIG_ACCOUNT_LOGINS_H_
#define OCA_SERVICES_CONFIG_ACCOUNT_LOGINS_H_

#include <string>

#include "absl/status/statusor.h"
#include "lib/rpc/account_door.h"
#include "services/config/gate.h"
#include "services/config/users.h"

namespace oca::config {

// Thread-safe.
class AccountLogins {
 public:
  // Borrows both; they must outlive this.
  AccountLogins(Gate& gate, Users& users) : gate_(gate), users_(users) {}

  // The token of a login of the user whose name the account has. Errors as Users::LoginByAccount;
  // kPermissionDenied for an account without a name. On record, as every login.
  absl::StatusOr<std::string> Enter(const rpc::Knock& knock);

 private:
  Gate& gate_;
  Users& users_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_ACCOUNT_LOGINS_H_
