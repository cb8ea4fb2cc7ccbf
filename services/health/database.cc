#include "services/health/database.h"

#include <utility>

#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "services/health/migrations.h"

namespace oca::health {

using google::protobuf::util::TimeUtil;

absl::Status Database::Down(const absl::Status& status) const {
  return absl::UnavailableError(
      fmt::format("PostgreSQL, which keeps events and alerts, cannot be reached ({}); {}",
                  MessageOf(status), how_to_start_));
}

absl::Status Database::Connect() {
  absl::StatusOr<std::unique_ptr<db::Connection>> connection = db::Connection::Open(dsn_);
  if (!connection.ok()) return Down(connection.status());
  absl::StatusOr<int> applied = db::Migrate(**connection, kSchema, Migrations());
  if (absl::IsUnavailable(applied.status())) return Down(applied.status());
  OCA_RETURN_IF_ERROR(applied.status());
  if (*applied > 0) log::Info("schema_migrated", "schema", kSchema, "migrations", *applied);
  connection_ = *std::move(connection);
  return absl::OkStatus();
}

absl::Status Database::With(const std::function<absl::Status(db::Connection&)>& work) {
  absl::MutexLock lock(&mu_);
  // A server that was started anew is noticed by the first query only.
  if (connection_ != nullptr && !connection_->Query("SELECT 1").ok()) connection_.reset();
  if (connection_ == nullptr) OCA_RETURN_IF_ERROR(Connect());
  absl::Status status = [&work, &connection = *connection_]() -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(connection));
    OCA_RETURN_IF_ERROR(work(connection));
    return transaction.Commit();
  }();
  if (connection_->broken()) connection_.reset();
  return absl::IsUnavailable(status) ? Down(status) : status;
}

std::string TimeText(const google::protobuf::Timestamp& time) { return TimeUtil::ToString(time); }

absl::Status ReadTime(const db::Result& rows, int row, int column,
                      const std::function<google::protobuf::Timestamp*()>& out) {
  if (rows.IsNull(row, column)) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(int64_t micros, rows.Int64(row, column));
  *out() = TimeUtil::MicrosecondsToTimestamp(micros);
  return absl::OkStatus();
}

management::v1::Severity SeverityOf(std::string_view word) {
  if (word == "critical") return management::v1::SEVERITY_CRITICAL;
  if (word == "error") return management::v1::SEVERITY_ERROR;
  if (word == "warning") return management::v1::SEVERITY_WARNING;
  return management::v1::SEVERITY_INFO;
}

}  // namespace oca::health
