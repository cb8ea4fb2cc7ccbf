#include "services/config/totp_store.h"

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

absl::Status NoSecondFactor(std::string_view user) {
  return absl::FailedPreconditionError(fmt::format("user '{}' has no second factor", user));
}

absl::Status InsertCodes(db::Connection& db, std::string_view user,
                         const std::vector<std::string>& hashes) {
  OCA_RETURN_IF_ERROR(
      db.Query("DELETE FROM oca_config.user_recovery_code WHERE user_name = $1", {user}).status());
  for (const std::string& hash : hashes) {
    OCA_RETURN_IF_ERROR(
        db.Query("INSERT INTO oca_config.user_recovery_code (user_name, hash) VALUES ($1, $2)",
                 {user, hash})
            .status());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<TotpRow>> TotpStore::Find(std::string_view user) {
  std::optional<TotpRow> found;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("SELECT secret_sealed, active, last_step FROM oca_config.user_totp "
                 "WHERE user_name = $1",
                 {user}));
    if (rows.rows() == 0) return absl::OkStatus();
    TotpRow row;
    row.secret_sealed = rows.Text(0, 0);
    row.active = rows.Text(0, 1) == "t";
    OCA_ASSIGN_OR_RETURN(row.last_step, rows.Int64(0, 2));
    found = std::move(row);
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return found;
}

absl::StatusOr<int64_t> TotpStore::Affected(const std::string& sql,
                                            const std::vector<db::Param>& params) {
  int64_t affected = 0;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result result, db.Query(sql, params));
    affected = result.affected();
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return affected;
}

absl::Status TotpStore::Begin(std::string_view user, const std::string& secret_sealed) {
  OCA_ASSIGN_OR_RETURN(
      int64_t affected,
      Affected("INSERT INTO oca_config.user_totp (user_name, secret_sealed) VALUES ($1, $2) "
               "ON CONFLICT (user_name) DO UPDATE SET secret_sealed = $2, created = now() "
               "WHERE NOT user_totp.active",
               {user, secret_sealed}));
  if (affected == 1) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("user '{}' has a second factor: disable it, before you begin another", user));
}

absl::StatusOr<UserRow> TotpStore::Activate(std::string_view user, const std::string& secret_sealed,
                                            int64_t step,
                                            const std::vector<std::string>& recovery_hashes) {
  return users_.ChangeParts(user, 0, [&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result updated,
                         db.Query("UPDATE oca_config.user_totp SET active = true, last_step = $3 "
                                  "WHERE user_name = $1 AND secret_sealed = $2 AND NOT active",
                                  {user, secret_sealed, step}));
    if (updated.affected() != 1) {
      return absl::AbortedError("another secret was made meanwhile: confirm that one");
    }
    return InsertCodes(db, user, recovery_hashes);
  });
}

absl::StatusOr<UserRow> TotpStore::ReplaceRecoveryCodes(std::string_view user,
                                                        const std::vector<std::string>& hashes) {
  return users_.ChangeParts(user, 0, [&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query("SELECT 1 FROM oca_config.user_totp WHERE user_name = $1 AND active", {user}));
    if (rows.rows() == 0) return NoSecondFactor(user);
    return InsertCodes(db, user, hashes);
  });
}

absl::StatusOr<UserRow> TotpStore::Delete(std::string_view user, uint64_t revision) {
  return users_.ChangeParts(user, revision, [&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result deleted,
                         db.Query("DELETE FROM oca_config.user_totp WHERE user_name = $1", {user}));
    return deleted.affected() == 1 ? absl::OkStatus() : NoSecondFactor(user);
  });
}

absl::StatusOr<bool> TotpStore::TakeStep(std::string_view user, int64_t step) {
  OCA_ASSIGN_OR_RETURN(int64_t affected,
                       Affected("UPDATE oca_config.user_totp SET last_step = $2 "
                                "WHERE user_name = $1 AND active AND last_step < $2",
                                {user, step}));
  return affected == 1;
}

absl::StatusOr<bool> TotpStore::TakeRecoveryCode(std::string_view user, const std::string& hash) {
  OCA_ASSIGN_OR_RETURN(
      int64_t affected,
      Affected("DELETE FROM oca_config.user_recovery_code WHERE user_name = $1 AND hash = $2",
               {user, hash}));
  return affected == 1;
}

}  // namespace oca::config
