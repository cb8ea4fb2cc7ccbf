// The table of users.
#ifndef OCA_SERVICES_CONFIG_USER_STORE_H_
#define OCA_SERVICES_CONFIG_USER_STORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/config/roles.h"
#include "services/config/ssh_keys.h"
#include "services/config/store.h"

namespace oca::config {

struct KeyRow {
  SshKey key;
  absl::Time added;
};

struct UserRow {
  std::string name;
  uint32_t id = 0;  // set by the database, as the next three
  uint64_t revision = 0;
  absl::Time created;
  std::vector<Role> roles;
  std::string full_name;
  std::string email_addr;
  std::string phone;
  std::string description;
  bool enabled = true;
  std::string password_hash;                   // empty = none
  std::optional<absl::Time> password_changed;  // set when there is a hash
  std::string secret_sealed;                   // hexadecimal; empty = not kept
  std::optional<absl::Time> last_login;
  std::string last_login_from;
  std::vector<KeyRow> keys;  // in the order in which they were added; changed by AddKey, DeleteKey
  // Of the second factor (totp_store.h); changed there.
  bool has_totp = false;
  uint32_t recovery_codes_left = 0;
};

// Thread-safe. Every call fails with kUnavailable while PostgreSQL is down.
class UserStore {
 public:
  // Borrows the store; it must outlive this.
  explicit UserStore(Store& store) : store_(store) {}

  // By name.
  absl::StatusOr<std::vector<UserRow>> LoadAll();
  // kNotFound, naming who there is.
  absl::StatusOr<UserRow> Load(std::string_view name);
  // Not there = nothing.
  absl::StatusOr<std::optional<UserRow>> Find(std::string_view name);

  // The row with its id. kAlreadyExists when the name is taken.
  absl::StatusOr<UserRow> Insert(const UserRow& row);

  // Lets `change` edit the row of `name`, counts its revision up, and returns it. Nobody else
  // changes users meanwhile. kNotFound; kAborted when `revision` is neither 0 nor the row's;
  // kFailedPrecondition when the last enabled administrator would be gone; what `change` returns.
  absl::StatusOr<UserRow> Change(std::string_view name, uint64_t revision,
                                 const std::function<absl::Status(UserRow&)>& change);
  // As it was. kNotFound, kFailedPrecondition as above.
  absl::StatusOr<UserRow> Delete(std::string_view name);

  // The user with the changed keys; counts the revision up. kNotFound, kAlreadyExists (a user has
  // it).
  absl::StatusOr<UserRow> AddKey(std::string_view name, const SshKey& key);
  absl::StatusOr<UserRow> DeleteKey(std::string_view name, std::string_view fingerprint);

  // Lets `change` edit what belongs to the user in other tables, in one transaction with the new
  // revision; errors as of Change.
  absl::StatusOr<UserRow> ChangeParts(std::string_view name, uint64_t revision,
                                      const std::function<absl::Status(db::Connection&)>& change);

  // Changes no revision.
  absl::Status NoteLogin(std::string_view name, std::string_view from);

 private:
  Store& store_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_USER_STORE_H_
