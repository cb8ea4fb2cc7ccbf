// nhm's tables in PostgreSQL: the connection, and values in them.
#ifndef OCA_SERVICES_HEALTH_DATABASE_H_
#define OCA_SERVICES_HEALTH_DATABASE_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/timestamp.pb.h"
#include "lib/api/alerts.pb.h"
#include "lib/db/connection.h"
#include "lib/db/database.h"

namespace oca::health {

class Database final : public db::Database {
 public:
  // dsn: libpq connection string. how_to_start: ends the message when PostgreSQL is down.
  Database(std::string dsn, std::string how_to_start);
};

// A time as a parameter.
std::string TimeText(const google::protobuf::Timestamp& time);
// A column that was selected as microseconds of the epoch; not set for NULL.
absl::Status ReadTime(const db::Result& rows, int row, int column,
                      const std::function<google::protobuf::Timestamp*()>& out);
// The severity with this word, as the tables write it.
management::v1::Severity SeverityOf(std::string_view word);

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_DATABASE_H_
