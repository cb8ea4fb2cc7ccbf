#include "services/config/user_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "services/config/find.h"
#include "services/config/rows.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

constexpr char kUserColumns[] =
    "name, id, revision, (extract(epoch FROM created) * 1000000)::bigint, "
    "array_to_string(roles, ','), full_name, email_addr, phone, description, enabled, "
    "password_hash, (extract(epoch FROM password_changed) * 1000000)::bigint, secret_sealed, "
    "(extract(epoch FROM last_login) * 1000000)::bigint, last_login_from, "
    "EXISTS (SELECT FROM oca_config.user_totp t WHERE t.user_name = user_account.name AND active), "
    "(SELECT count(*) FROM oca_config.user_recovery_code c WHERE c.user_name = user_account.name)";

absl::StatusOr<std::optional<absl::Time>> TimeOrNone(const db::Result& rows, int row, int column) {
  if (rows.IsNull(row, column)) return std::nullopt;
  OCA_ASSIGN_OR_RETURN(int64_t micros, rows.Int64(row, column));
  return absl::FromUnixMicros(micros);
}

absl::StatusOr<std::vector<Role>> RolesOf(std::string_view text) {
  std::vector<Role> roles;
  for (absl::string_view word :
       absl::StrSplit(absl::string_view(text.data(), text.size()), ',', absl::SkipEmpty())) {
    OCA_ASSIGN_OR_RETURN(Role role, RoleOf({word.data(), word.size()}));
    roles.push_back(role);
  }
  std::sort(roles.begin(), roles.end());
  return roles;
}

absl::StatusOr<UserRow> UserRowAt(const db::Result& rows, int i) {
  UserRow row;
  row.name = rows.Text(i, 0);
  OCA_ASSIGN_OR_RETURN(int64_t id, rows.Int64(i, 1));
  row.id = static_cast<uint32_t>(id);
  OCA_ASSIGN_OR_RETURN(int64_t revision, rows.Int64(i, 2));
  row.revision = static_cast<uint64_t>(revision);
  OCA_ASSIGN_OR_RETURN(int64_t created, rows.Int64(i, 3));
  row.created = absl::FromUnixMicros(created);
  OCA_ASSIGN_OR_RETURN(row.roles, RolesOf(rows.Text(i, 4)));
  row.full_name = rows.Text(i, 5);
  row.email_addr = rows.Text(i, 6);
  row.phone = rows.Text(i, 7);
  row.description = rows.Text(i, 8);
  row.enabled = rows.Text(i, 9) == "t";
  row.password_hash = rows.Text(i, 10);
  OCA_ASSIGN_OR_RETURN(row.password_changed, TimeOrNone(rows, i, 11));
  row.secret_sealed = rows.Text(i, 12);
  OCA_ASSIGN_OR_RETURN(row.last_login, TimeOrNone(rows, i, 13));
  row.last_login_from = rows.Text(i, 14);
  row.has_totp = rows.Text(i, 15) == "t";
  OCA_ASSIGN_OR_RETURN(int64_t codes, rows.Int64(i, 16));
  row.recovery_codes_left = static_cast<uint32_t>(codes);
  return row;
}

absl::StatusOr<std::vector<UserRow>> Rows(absl::StatusOr<db::Result> rows) {
  if (!rows.ok()) return rows.status();
  std::vector<UserRow> users;
  for (int i = 0; i < rows->rows(); ++i) {
    OCA_ASSIGN_OR_RETURN(UserRow row, UserRowAt(*rows, i));
    users.push_back(std::move(row));
  }
  return users;
}

// Puts their keys to the users.
absl::Status LoadKeys(db::Connection& db, std::vector<UserRow>* users) {
  OCA_ASSIGN_OR_RETURN(
      db::Result rows,
      db.Query("SELECT user_name, type, blob, comment, fingerprint, "
               "(extract(epoch FROM added) * 1000000)::bigint FROM oca_config.user_key "
               "ORDER BY added, fingerprint"));
  for (int i = 0; i < rows.rows(); ++i) {
    UserRow* user = FindByName(*users, rows.Text(i, 0));
    if (user == nullptr) continue;
    KeyRow row;
    row.key = {std::string(rows.Text(i, 1)), std::string(rows.Text(i, 2)),
               std::string(rows.Text(i, 3)), std::string(rows.Text(i, 4))};
    OCA_ASSIGN_OR_RETURN(int64_t added, rows.Int64(i, 5));
    row.added = absl::FromUnixMicros(added);
    user->keys.push_back(std::move(row));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<UserRow>> SelectAll(db::Connection& db) {
  OCA_ASSIGN_OR_RETURN(
      std::vector<UserRow> users,
      Rows(db.Query(fmt::format(
          "SELECT {} FROM oca_config.user_account ORDER BY name COLLATE \"C\"", kUserColumns))));
  OCA_RETURN_IF_ERROR(LoadKeys(db, &users));
  return users;
}

absl::StatusOr<UserRow> OneUser(std::vector<UserRow> all, std::string_view name) {
  UserRow* found = FindByName(all, name);
  if (found == nullptr) return UnknownName(Kind::kUser, name, NamesOf(all));
  return std::move(*found);
}

// The roles as PostgreSQL's literal of an array.
std::string ArrayOfRoles(const std::vector<Role>& roles) {
  std::string text = "{";
  for (Role role : roles) text += (text.size() == 1 ? "" : ",") + RoleWord(role);
  return text + "}";
}

bool IsActiveAdministrator(const UserRow& row) {
  return row.enabled && HasRole(row.roles, management::v1::ROLE_ADMINISTRATOR);
}

// `before` is among `all` and would become `after` (null: gone).
absl::Status KeepAnAdministrator(const std::vector<UserRow>& all, const UserRow& before,
                                 const UserRow* after) {
  if (!IsActiveAdministrator(before) || (after != nullptr && IsActiveAdministrator(*after))) {
    return absl::OkStatus();
  }
  if (std::count_if(all.begin(), all.end(), IsActiveAdministrator) > 1) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("'{}' is the only enabled administrator: make another one first", before.name));
}

// All users, whom nobody else changes until the transaction ends.
absl::StatusOr<std::vector<UserRow>> LockAll(db::Connection& db) {
  OCA_RETURN_IF_ERROR(db.Execute("LOCK TABLE oca_config.user_account IN SHARE ROW EXCLUSIVE MODE"));
  return SelectAll(db);
}

absl::StatusOr<UserRow> Replace(db::Connection& db, const UserRow& row) {
  OCA_ASSIGN_OR_RETURN(
      std::vector<UserRow> rows,
      Rows(db.Query(fmt::format("UPDATE oca_config.user_account SET roles = $2, full_name = $3, "
                                "email_addr = $4, phone = $5, description = $6, enabled = $7, "
                                "password_hash = $8, password_changed = $9, secret_sealed = $10, "
                                "revision = revision + 1 WHERE name = $1 RETURNING {}",
                                kUserColumns),
                    {row.name, ArrayOfRoles(row.roles), row.full_name, row.email_addr, row.phone,
                     row.description, row.enabled, TextOrNull(row.password_hash),
                     TimeOrNull(row.password_changed), TextOrNull(row.secret_sealed)})));
  return OneUser(std::move(rows), row.name);
}

}  // namespace

absl::StatusOr<std::vector<UserRow>> UserStore::LoadAll() {
  std::vector<UserRow> all;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(all, SelectAll(db));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return all;
}

absl::StatusOr<UserRow> UserStore::Load(std::string_view name) {
  OCA_ASSIGN_OR_RETURN(std::vector<UserRow> all, LoadAll());
  return OneUser(std::move(all), name);
}

absl::StatusOr<std::optional<UserRow>> UserStore::Find(std::string_view name) {
  std::vector<UserRow> found;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        found, Rows(db.Query(fmt::format("SELECT {} FROM oca_config.user_account WHERE name = $1",
                                         kUserColumns),
                             {name})));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  if (found.empty()) return std::nullopt;
  return std::move(found[0]);
}

absl::StatusOr<UserRow> UserStore::Insert(const UserRow& row) {
  UserRow made;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    absl::StatusOr<std::vector<UserRow>> rows = Rows(db.Query(
        fmt::format("INSERT INTO oca_config.user_account (name, roles, full_name, email_addr, "
                    "phone, description, enabled, password_hash, password_changed, secret_sealed) "
                    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING {}",
                    kUserColumns),
        {row.name, ArrayOfRoles(row.roles), row.full_name, row.email_addr, row.phone,
         row.description, row.enabled, TextOrNull(row.password_hash),
         TimeOrNull(row.password_changed), TextOrNull(row.secret_sealed)}));
    if (absl::IsAlreadyExists(rows.status())) {
      return absl::AlreadyExistsError(fmt::format("a user named '{}' exists", row.name));
    }
    if (!rows.ok()) return rows.status();
    OCA_ASSIGN_OR_RETURN(made, OneUser(*std::move(rows), row.name));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return made;
}

absl::StatusOr<UserRow> UserStore::Change(std::string_view name, uint64_t revision,
                                          const std::function<absl::Status(UserRow&)>& change) {
  UserRow changed;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_ASSIGN_OR_RETURN(std::vector<UserRow> all, LockAll(db));
    OCA_ASSIGN_OR_RETURN(UserRow before, OneUser(all, name));
    OCA_RETURN_IF_ERROR(CheckRevision(Kind::kUser, before.name, before.revision, revision));
    UserRow after = before;
    OCA_RETURN_IF_ERROR(change(after));
    OCA_RETURN_IF_ERROR(KeepAnAdministrator(all, before, &after));
    OCA_ASSIGN_OR_RETURN(changed, Replace(db, after));
    changed.keys = std::move(before.keys);
    return transaction.Commit();
  });
  if (!done.ok()) return done;
  return changed;
}

absl::StatusOr<UserRow> UserStore::Delete(std::string_view name) {
  UserRow gone;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_ASSIGN_OR_RETURN(std::vector<UserRow> all, LockAll(db));
    OCA_ASSIGN_OR_RETURN(gone, OneUser(all, name));
    OCA_RETURN_IF_ERROR(KeepAnAdministrator(all, gone, nullptr));
    OCA_RETURN_IF_ERROR(
        db.Query("DELETE FROM oca_config.user_account WHERE name = $1", {name}).status());
    return transaction.Commit();
  });
  if (!done.ok()) return done;
  return gone;
}

absl::StatusOr<UserRow> UserStore::AddKey(std::string_view name, const SshKey& key) {
  return ChangeParts(name, 0, [&](db::Connection& db) -> absl::Status {
    absl::Status added =
        db.Query(
              "INSERT INTO oca_config.user_key (fingerprint, user_name, type, blob, comment) "
              "VALUES ($1, $2, $3, $4, $5)",
              {key.fingerprint, name, key.type, key.blob, key.comment})
            .status();
    if (!absl::IsAlreadyExists(added)) return added;
    return absl::AlreadyExistsError(
        fmt::format("a user has the key {} already: each key names one user", key.fingerprint));
  });
}

absl::StatusOr<UserRow> UserStore::DeleteKey(std::string_view name, std::string_view fingerprint) {
  return ChangeParts(name, 0, [&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(
        db::Result deleted,
        db.Query("DELETE FROM oca_config.user_key WHERE user_name = $1 AND fingerprint = $2",
                 {name, fingerprint}));
    if (deleted.affected() == 1) return absl::OkStatus();
    return absl::NotFoundError(fmt::format("user '{}' has no key {}; see oca user --show --name {}",
                                           name, fingerprint, name));
  });
}

absl::StatusOr<UserRow> UserStore::ChangeParts(
    std::string_view name, uint64_t revision,
    const std::function<absl::Status(db::Connection&)>& change) {
  UserRow changed;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_ASSIGN_OR_RETURN(std::vector<UserRow> all, LockAll(db));
    OCA_ASSIGN_OR_RETURN(UserRow before, OneUser(std::move(all), name));
    OCA_RETURN_IF_ERROR(CheckRevision(Kind::kUser, before.name, before.revision, revision));
    OCA_RETURN_IF_ERROR(change(db));
    OCA_RETURN_IF_ERROR(
        db.Query("UPDATE oca_config.user_account SET revision = revision + 1 WHERE name = $1",
                 {name})
            .status());
    OCA_ASSIGN_OR_RETURN(all, SelectAll(db));
    OCA_ASSIGN_OR_RETURN(changed, OneUser(std::move(all), name));
    return transaction.Commit();
  });
  if (!done.ok()) return done;
  return changed;
}

absl::Status UserStore::NoteLogin(std::string_view name, std::string_view from) {
  return store_.With([&](db::Connection& db) {
    return db
        .Query(
            "UPDATE oca_config.user_account SET last_login = now(), last_login_from = $2 "
            "WHERE name = $1",
            {name, from})
        .status();
  });
}

}  // namespace oca::config
