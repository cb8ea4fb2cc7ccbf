#include "lib/db/database.h"

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::db {

absl::Status Database::Down(const absl::Status& status) const {
  return absl::UnavailableError(
      fmt::format("PostgreSQL, which keeps {}, cannot be reached ({}); {}", options_.keeps,
                  MessageOf(status), options_.how_to_start));
}

absl::Status Database::Connect() {
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      Connection::Open(options_.dsn, options_.connect);
  if (!connection.ok()) return Down(connection.status());
  absl::StatusOr<int> applied = Migrate(**connection, options_.schema, options_.migrations);
  if (absl::IsUnavailable(applied.status())) return Down(applied.status());
  OCA_RETURN_IF_ERROR(applied.status());
  if (*applied > 0) {
    log::Info("schema_migrated", "schema", options_.schema, "migrations", *applied);
  }
  if (options_.on_connect) {
    absl::Status prepared = options_.on_connect(**connection);
    if (absl::IsUnavailable(prepared)) return Down(prepared);
    OCA_RETURN_IF_ERROR(prepared);
  }
  connection_ = *std::move(connection);
  return absl::OkStatus();
}

absl::Status Database::With(const std::function<absl::Status(Connection&)>& work) {
  absl::MutexLock lock(&mu_);
  // A server that was started anew is noticed by the first query only.
  if (connection_ != nullptr && !connection_->Query("SELECT 1").ok()) connection_.reset();
  if (connection_ == nullptr) OCA_RETURN_IF_ERROR(Connect());
  absl::Status status = [&work, &connection = *connection_]() -> absl::Status {
    OCA_ASSIGN_OR_RETURN(Transaction transaction, Transaction::Begin(connection));
    OCA_RETURN_IF_ERROR(work(connection));
    return transaction.Commit();
  }();
  if (connection_->broken()) connection_.reset();
  return absl::IsUnavailable(status) ? Down(status) : status;
}

}  // namespace oca::db
