// The table of API tokens.
#ifndef OCA_SERVICES_CONFIG_TOKEN_STORE_H_
#define OCA_SERVICES_CONFIG_TOKEN_STORE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/config/roles.h"
#include "services/config/store.h"

namespace oca::config {

struct TokenRow {
  std::string name;
  std::string user;
  Role role = management::v1::ROLE_MONITOR;
  absl::Time created;  // set by the database
  absl::Time expires;
  std::optional<absl::Time> last_used;
};

// Thread-safe. Every call fails with kUnavailable while PostgreSQL is down.
class TokenStore {
 public:
  // Borrows the store; it must outlive this.
  explicit TokenStore(Store& store) : store_(store) {}

  // The row as it is now. `hash`: SHA-256 of the token in hexadecimal. kAlreadyExists; kNotFound
  // when there is no such user.
  absl::StatusOr<TokenRow> Insert(const TokenRow& row, std::string_view hash);
  // By name; empty user = of all.
  absl::StatusOr<std::vector<TokenRow>> List(std::string_view user);
  // As it was. kNotFound, naming who there is.
  absl::StatusOr<TokenRow> Delete(std::string_view name);
  // The token of this hash, also when it is over; none when there is none.
  absl::StatusOr<std::optional<TokenRow>> Find(std::string_view hash);
  absl::Status NoteUse(std::string_view name, absl::Time now);

 private:
  absl::StatusOr<std::vector<TokenRow>> Query(const std::string& sql,
                                              const std::vector<db::Param>& params);

  Store& store_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_TOKEN_STORE_H_
