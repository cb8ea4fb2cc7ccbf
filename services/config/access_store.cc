#include "services/config/access_store.h"

#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

// Of the table as `a` beside users as `u`.
constexpr char kAccessColumns[] =
    "a.container, a.user_name, coalesce(u.id, 0), a.role, a.mode, "
    "(extract(epoch FROM a.created) * 1000000)::bigint, a.revision";
constexpr char kUsers[] = "LEFT JOIN oca_config.user_account u ON u.name = a.user_name";
// $1 to $3 are the key.
constexpr char kIsKey[] =
    "a.container = $1 AND a.user_name IS NOT DISTINCT FROM $2::text "
    "AND a.role IS NOT DISTINCT FROM $3::text";

const char* ModeWord(AccessMode mode) { return mode == mgmt::ACCESS_MODE_RWD ? "rwd" : "rw"; }
AccessMode ModeOf(std::string_view word) {
  return word == "rwd" ? mgmt::ACCESS_MODE_RWD : mgmt::ACCESS_MODE_RW;
}

db::Param UserParam(const AccessKey& key) {
  return key.user.empty() ? db::Param(std::nullopt) : db::Param(key.user);
}
db::Param RoleParam(const AccessKey& key) {
  return key.role == mgmt::ROLE_UNSPECIFIED ? db::Param(std::nullopt)
                                            : db::Param(RoleWord(key.role));
}

absl::StatusOr<AccessRow> AccessRowAt(const db::Result& rows, int i) {
  AccessRow row;
  row.key.container = rows.Text(i, 0);
  row.key.user = rows.Text(i, 1);
  OCA_ASSIGN_OR_RETURN(int64_t id, rows.Int64(i, 2));
  row.user_id = static_cast<uint32_t>(id);
  if (!rows.IsNull(i, 3)) {
    OCA_ASSIGN_OR_RETURN(row.key.role, RoleOf(rows.Text(i, 3)));
  }
  row.mode = ModeOf(rows.Text(i, 4));
  OCA_ASSIGN_OR_RETURN(int64_t created, rows.Int64(i, 5));
  row.created = absl::FromUnixMicros(created);
  OCA_ASSIGN_OR_RETURN(int64_t revision, rows.Int64(i, 6));
  row.revision = static_cast<uint64_t>(revision);
  return row;
}

absl::Status NoEntry(const AccessKey& key) {
  return absl::NotFoundError(
      fmt::format("container '{}' has no entry for {}; see oca container --show_uac --name {}",
                  key.container, WhoText(key), key.container));
}

}  // namespace

std::string WhoText(const AccessKey& key) {
  return key.user.empty() ? fmt::format("role {}", RoleWord(key.role))
                          : fmt::format("user '{}'", key.user);
}

absl::StatusOr<std::vector<AccessRow>> AccessStore::Query(const std::string& sql,
                                                          const std::vector<db::Param>& params) {
  std::vector<AccessRow> found;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result rows, db.Query(sql, params));
    for (int i = 0; i < rows.rows(); ++i) {
      OCA_ASSIGN_OR_RETURN(AccessRow row, AccessRowAt(rows, i));
      found.push_back(std::move(row));
    }
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return found;
}

absl::StatusOr<std::vector<AccessRow>> AccessStore::List(const AccessKey& wanted) {
  return Query(fmt::format("SELECT {} FROM oca_config.container_access a {} "
                           "WHERE ($1::text = '' OR a.container = $1) "
                           "AND ($2::text IS NULL OR a.user_name = $2) "
                           "AND ($3::text IS NULL OR a.role = $3) "
                           "ORDER BY a.container COLLATE \"C\", a.user_name COLLATE \"C\", a.role",
                           kAccessColumns, kUsers),
               {wanted.container, UserParam(wanted), RoleParam(wanted)});
}

absl::StatusOr<AccessRow> AccessStore::Insert(const AccessKey& key, AccessMode mode) {
  absl::StatusOr<std::vector<AccessRow>> made =
      Query(fmt::format("WITH a AS (INSERT INTO oca_config.container_access "
                        "(container, user_name, role, mode) VALUES ($1, $2, $3, $4) RETURNING *) "
                        "SELECT {} FROM a {}",
                        kAccessColumns, kUsers),
            {key.container, UserParam(key), RoleParam(key), ModeWord(mode)});
  if (absl::IsAlreadyExists(made.status())) {
    return absl::AlreadyExistsError(
        fmt::format("container '{}' has an entry for {}: update it", key.container, WhoText(key)));
  }
  if (absl::IsFailedPrecondition(made.status())) {
    return absl::NotFoundError(
        fmt::format("container '{}' or {} is not there any more", key.container, WhoText(key)));
  }
  if (!made.ok()) return made.status();
  return std::move(made->front());
}

absl::StatusOr<AccessRow> AccessStore::Update(const AccessKey& key, AccessMode mode,
                                              uint64_t revision) {
  OCA_ASSIGN_OR_RETURN(
      std::vector<AccessRow> changed,
      Query(fmt::format("WITH a AS (UPDATE oca_config.container_access a SET mode = $4, "
                        "revision = revision + 1 WHERE {} AND ($5::bigint = 0 OR revision = $5) "
                        "RETURNING *) SELECT {} FROM a {}",
                        kIsKey, kAccessColumns, kUsers),
            {key.container, UserParam(key), RoleParam(key), ModeWord(mode), revision}));
  if (!changed.empty()) return std::move(changed.front());
  OCA_ASSIGN_OR_RETURN(std::vector<AccessRow> there, List(key));
  if (there.empty()) return NoEntry(key);
  return absl::AbortedError(
      fmt::format("the entry for {} of container '{}' has been changed since: it has revision {} "
                  "now, not {}; look at it again",
                  WhoText(key), key.container, there.front().revision, revision));
}

absl::StatusOr<AccessRow> AccessStore::Delete(const AccessKey& key) {
  OCA_ASSIGN_OR_RETURN(
      std::vector<AccessRow> gone,
      Query(fmt::format("WITH a AS (DELETE FROM oca_config.container_access a WHERE {} "
                        "RETURNING *) SELECT {} FROM a {}",
                        kIsKey, kAccessColumns, kUsers),
            {key.container, UserParam(key), RoleParam(key)}));
  if (gone.empty()) return NoEntry(key);
  return std::move(gone.front());
}

absl::StatusOr<std::optional<AccessMode>> AccessStore::ModeFor(std::string_view container,
                                                               std::string_view user,
                                                               std::span<const Role> roles) {
  std::string words;
  for (Role role : roles) words += (words.empty() ? "" : ",") + RoleWord(role);
  std::optional<AccessMode> mode;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    // Of both words the longer one comes later.
    OCA_ASSIGN_OR_RETURN(db::Result rows,
                         db.Query("SELECT max(mode) FROM oca_config.container_access "
                                  "WHERE container = $1 AND (user_name = $2 OR role = ANY($3))",
                                  {container, user, fmt::format("{{{}}}", words)}));
    if (!rows.IsNull(0, 0)) mode = ModeOf(rows.Text(0, 0));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return mode;
}

}  // namespace oca::config
