#include "services/health/database.h"

#include <utility>

#include "google/protobuf/util/time_util.h"
#include "lib/base/status.h"
#include "services/health/migrations.h"

namespace oca::health {

using google::protobuf::util::TimeUtil;

Database::Database(std::string dsn, std::string how_to_start)
    : db::Database({.dsn = std::move(dsn),
                    .schema = kSchema,
                    .migrations = Migrations(),
                    .keeps = "events and alerts",
                    .how_to_start = std::move(how_to_start)}) {}

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
