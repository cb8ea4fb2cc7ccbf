#include "services/config/token_store.h"

#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "services/config/find.h"
#include "services/config/rows.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

constexpr char kTokenColumns[] =
    "name, user_name, role, (extract(epoch FROM created) * 1000000)::bigint, "
    "(extract(epoch FROM expires) * 1000000)::bigint, "
    "(extract(epoch FROM last_used) * 1000000)::bigint";

absl::StatusOr<TokenRow> TokenRowAt(const db::Result& rows, int i) {
  TokenRow row;
  row.name = rows.Text(i, 0);
  row.user = rows.Text(i, 1);
  OCA_ASSIGN_OR_RETURN(row.role, RoleOf(rows.Text(i, 2)));
  OCA_ASSIGN_OR_RETURN(int64_t created, rows.Int64(i, 3));
  row.created = absl::FromUnixMicros(created);
  OCA_ASSIGN_OR_RETURN(int64_t expires, rows.Int64(i, 4));
  row.expires = absl::FromUnixMicros(expires);
  if (!rows.IsNull(i, 5)) {
    OCA_ASSIGN_OR_RETURN(int64_t used, rows.Int64(i, 5));
    row.last_used = absl::FromUnixMicros(used);
  }
  return row;
}

}  // namespace

absl::StatusOr<std::vector<TokenRow>> TokenStore::Query(const std::string& sql,
                                                        const std::vector<db::Param>& params) {
  std::vector<TokenRow> found;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Result rows, db.Query(sql, params));
    for (int i = 0; i < rows.rows(); ++i) {
      OCA_ASSIGN_OR_RETURN(TokenRow row, TokenRowAt(rows, i));
      found.push_back(std::move(row));
    }
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return found;
}

absl::StatusOr<TokenRow> TokenStore::Insert(const TokenRow& row, std::string_view hash) {
  // Nobody is asked before: the user may go at the same moment.
  auto made =
      Query(fmt::format("INSERT INTO oca_config.api_token (name, hash, user_name, role, expires) "
                        "SELECT $1, $2, name, $4, $5 FROM oca_config.user_account WHERE name = $3 "
                        "FOR KEY SHARE RETURNING {}",
                        kTokenColumns),
            {row.name, hash, row.user, RoleWord(row.role), SqlTime(row.expires)});
  if (absl::IsAlreadyExists(made.status())) {
    return absl::AlreadyExistsError(fmt::format("a token named '{}' exists", row.name));
  }
  if (!made.ok()) return made.status();
  if (made->empty()) return absl::NotFoundError(fmt::format("there is no user '{}'", row.user));
  return std::move(made->front());
}

absl::StatusOr<std::vector<TokenRow>> TokenStore::List(std::string_view user) {
  return Query(fmt::format("SELECT {} FROM oca_config.api_token WHERE $1 = '' OR user_name = $1 "
                           "ORDER BY name COLLATE \"C\"",
                           kTokenColumns),
               {user});
}

absl::StatusOr<TokenRow> TokenStore::Delete(std::string_view name) {
  OCA_ASSIGN_OR_RETURN(
      std::vector<TokenRow> gone,
      Query(fmt::format("DELETE FROM oca_config.api_token WHERE name = $1 RETURNING {}",
                        kTokenColumns),
            {name}));
  if (!gone.empty()) return std::move(gone.front());
  OCA_ASSIGN_OR_RETURN(std::vector<TokenRow> all, List(""));
  return UnknownName(Kind::kToken, name, NamesOf(all));
}

absl::StatusOr<std::optional<TokenRow>> TokenStore::Find(std::string_view hash) {
  OCA_ASSIGN_OR_RETURN(
      std::vector<TokenRow> found,
      Query(fmt::format("SELECT {} FROM oca_config.api_token WHERE hash = $1", kTokenColumns),
            {hash}));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

absl::Status TokenStore::NoteUse(std::string_view name, absl::Time now) {
  return Query(fmt::format("UPDATE oca_config.api_token SET last_used = $2 WHERE name = $1 "
                           "RETURNING {}",
                           kTokenColumns),
               {name, SqlTime(now)})
      .status();
}

}  // namespace oca::config
