// nhm's tables in PostgreSQL: the connection, and values in them.
#ifndef OCA_SERVICES_HEALTH_DATABASE_H_
#define OCA_SERVICES_HEALTH_DATABASE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"
#include "lib/api/alerts.pb.h"
#include "lib/db/connection.h"

namespace oca::health {

// Connects when it is first needed and again after the server was away; migrates the schema on each
// new connection. Thread-safe.
class Database {
 public:
  // dsn: libpq connection string. how_to_start: ends the message when PostgreSQL is down.
  Database(std::string dsn, std::string how_to_start)
      : dsn_(std::move(dsn)), how_to_start_(std::move(how_to_start)) {}

  // Runs `work` in a transaction, and commits it when it returns OK; one at a time. kUnavailable
  // while PostgreSQL is down: then it may have been committed all the same.
  absl::Status With(const std::function<absl::Status(db::Connection&)>& work)
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Status Connect() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Down(const absl::Status& status) const;

  const std::string dsn_;
  const std::string how_to_start_;
  absl::Mutex mu_;
  std::unique_ptr<db::Connection> connection_ ABSL_GUARDED_BY(mu_);  // null: none
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
