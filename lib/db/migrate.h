// Numbered migrations: how a schema grows from version to version, once each and in order.
#ifndef OCA_LIB_DB_MIGRATE_H_
#define OCA_LIB_DB_MIGRATE_H_

#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "lib/db/connection.h"

namespace oca::db {

// One file of etc/migrations: NNNN_name.sql. The text stays as it is for ever once it was shipped.
struct Migration {
  int number = 0;  // 1, 2, 3, ... without gaps
  std::string name;
  std::string sql;  // any statements but BEGIN, COMMIT, ROLLBACK
};

// Brings `schema` (a lower-case identifier; made when missing) up to the last of `migrations`, each
// in a transaction of its own with its line in <schema>.schema_version. Several processes may do so
// at once: an advisory lock lets them in one by one. Returns how many were applied now.
//
// kFailedPrecondition: an applied migration's text or name is another one now, or the database has
// been migrated further by a newer program; nothing is changed then. Else the error of the
// migration that failed, with its name; those before it stay.
absl::StatusOr<int> Migrate(Connection& connection, const std::string& schema,
                            std::span<const Migration> migrations);

}  // namespace oca::db

#endif  // OCA_LIB_DB_MIGRATE_H_
