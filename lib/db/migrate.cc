#include "lib/db/migrate.h"

#include <algorithm>
#include <cstddef>

#include "fmt/format.h"
#include "lib/base/status.h"

namespace oca::db {
namespace {

bool IsIdentifier(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
}

absl::Status CheckList(const std::string& schema, std::span<const Migration> migrations) {
  if (!IsIdentifier(schema)) {
    return absl::InvalidArgumentError(fmt::format("'{}' is no name for a schema", schema));
  }
  for (size_t i = 0; i < migrations.size(); ++i) {
    if (migrations[i].number != static_cast<int>(i) + 1) {
      return absl::InvalidArgumentError(
          fmt::format("migration {} of {} has the number {}", i + 1, schema, migrations[i].number));
    }
  }
  return absl::OkStatus();
}

// Held by the session until Unlock, so that it covers several transactions.
class AdvisoryLock {
 public:
  static absl::Status Lock(Connection& connection, const std::string& schema) {
    return connection.Query("SELECT pg_advisory_lock(hashtextextended($1, 0))", {Key(schema)})
        .status();
  }
  static absl::Status Unlock(Connection& connection, const std::string& schema) {
    return connection.Query("SELECT pg_advisory_unlock(hashtextextended($1, 0))", {Key(schema)})
        .status();
  }

 private:
  static std::string Key(const std::string& schema) { return "oca migrate " + schema; }
};

// What was applied must be what the program knows. Returns how many.
absl::StatusOr<int> CheckApplied(Connection& connection, const std::string& schema,
                                 std::span<const Migration> migrations) {
  OCA_ASSIGN_OR_RETURN(
      Result applied,
      connection.Query(fmt::format(
          "SELECT number, name, sql_sha256 FROM {}.schema_version ORDER BY number", schema)));
  for (int row = 0; row < applied.rows(); ++row) {
    OCA_ASSIGN_OR_RETURN(int64_t number, applied.Int64(row, 0));
    if (number > static_cast<int64_t>(migrations.size())) {
      return absl::FailedPreconditionError(
          fmt::format("schema {} has version {} ({}), made by a newer program; this one knows {}",
                      schema, number, applied.Text(row, 1), migrations.size()));
    }
    const Migration& known = migrations[static_cast<size_t>(row)];
    OCA_ASSIGN_OR_RETURN(
        Result sum,
        connection.Query("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", {known.sql}));
    if (number != known.number || applied.Text(row, 1) != known.name ||
        applied.Text(row, 2) != sum.Text(0, 0)) {
      return absl::FailedPreconditionError(fmt::format(
          "migration {:04}_{} of schema {} was changed after it had been applied as {:04}_{}; put "
          "its text back, and make the change in a new migration",
          known.number, known.name, schema, number, applied.Text(row, 1)));
    }
  }
  return applied.rows();
}

absl::Status Apply(Connection& connection, const std::string& schema, const Migration& migration) {
  OCA_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(connection));
  OCA_RETURN_IF_ERROR(connection.Execute(migration.sql));
  OCA_RETURN_IF_ERROR(
      connection
          .Query(fmt::format("INSERT INTO {}.schema_version (number, name, sql_sha256) VALUES "
                             "($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))",
                             schema),
                 {migration.number, migration.name, migration.sql})
          .status());
  return transaction.Commit();
}

absl::StatusOr<int> MigrateLocked(Connection& connection, const std::string& schema,
                                  std::span<const Migration> migrations) {
  OCA_RETURN_IF_ERROR(connection.Execute(
      fmt::format("CREATE SCHEMA IF NOT EXISTS {0};"
                  "CREATE TABLE IF NOT EXISTS {0}.schema_version ("
                  "  number integer PRIMARY KEY, name text NOT NULL, sql_sha256 text NOT NULL,"
                  "  applied timestamptz NOT NULL DEFAULT now())",
                  schema)));
  OCA_ASSIGN_OR_RETURN(int applied, CheckApplied(connection, schema, migrations));
  for (const Migration& migration : migrations.subspan(static_cast<size_t>(applied))) {
    OCA_RETURN_IF_ERROR(
        Annotate(Apply(connection, schema, migration),
                 fmt::format("migration {:04}_{}", migration.number, migration.name)));
  }
  return static_cast<int>(migrations.size()) - applied;
}

}  // namespace

absl::StatusOr<int> Migrate(Connection& connection, const std::string& schema,
                            std::span<const Migration> migrations) {
  OCA_RETURN_IF_ERROR(CheckList(schema, migrations));
  OCA_RETURN_IF_ERROR(AdvisoryLock::Lock(connection, schema));
  absl::StatusOr<int> applied = MigrateLocked(connection, schema, migrations);
  absl::Status unlocked = AdvisoryLock::Unlock(connection, schema);
  if (applied.ok() && !unlocked.ok()) return unlocked;
  return applied;
}

}  // namespace oca::db
