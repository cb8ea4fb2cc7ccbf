// The tables of second factors: sealed secrets, the last step that was taken, hashes of recovery
// codes.
#ifndef OCA_SERVICES_CONFIG_TOTP_STORE_H_
#define OCA_SERVICES_CONFIG_TOTP_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/config/store.h"
#include "services/config/user_store.h"

namespace oca::config {

struct TotpRow {
  std::string secret_sealed;  // hexadecimal
  bool active = false;
  int64_t last_step = 0;
};

// Thread-safe. Every call fails with kUnavailable while PostgreSQL is down.
class TotpStore {
 public:
  // Borrows both; they must outlive this.
  TotpStore(Store& store, UserStore& users) : store_(store), users_(users) {}

  // Not there = nothing.
  absl::StatusOr<std::optional<TotpRow>> Find(std::string_view user);
  // Puts a secret that is not active in the place of one that is not. kFailedPrecondition when one
  // is active.
  absl::Status Begin(std::string_view user, const std::string& secret_sealed);

  // The user with the change; each counts the revision up. kNotFound for the user.

  // Makes this secret active, `step` its last. kAborted when another one is there by now.
  absl::StatusOr<UserRow> Activate(std::string_view user, const std::string& secret_sealed,
                                   int64_t step, const std::vector<std::string>& recovery_hashes);
  // kFailedPrecondition when no secret is active.
  absl::StatusOr<UserRow> ReplaceRecoveryCodes(std::string_view user,
                                               const std::vector<std::string>& hashes);
  // Also of one that is not active. kFailedPrecondition when there is none; kAborted when
  // `revision` is neither 0 nor the user's.
  absl::StatusOr<UserRow> Delete(std::string_view user, uint64_t revision);

  // Notes the step as the last one; false when it or a later one was noted before, or nothing is
  // active. Of several callers with one step only one gets true.
  absl::StatusOr<bool> TakeStep(std::string_view user, int64_t step);
  // Deletes the code; false when there is none. Of several callers only one gets true.
  absl::StatusOr<bool> TakeRecoveryCode(std::string_view user, const std::string& hash);

 private:
  // Runs a statement; how many rows it touched.
  absl::StatusOr<int64_t> Affected(const std::string& sql, const std::vector<db::Param>& params);

  Store& store_;
  UserStore& users_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_TOTP_STORE_H_
