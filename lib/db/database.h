// The tables of one process: a connection that comes back by itself after the server was away.
#ifndef OCA_LIB_DB_DATABASE_H_
#define OCA_LIB_DB_DATABASE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "lib/db/connection.h"
#include "lib/db/migrate.h"

namespace oca::db {

// Connects when it is first needed and again after the server was away; migrates the schema on each
// new connection. Thread-safe.
class Database {
 public:
  struct Options {
    std::string dsn;     // libpq connection string
    std::string schema;  // that belongs to the process
    std::vector<Migration> migrations;
    std::string keeps;         // "events and alerts": what is in it, for messages
    std::string how_to_start;  // ends the message when PostgreSQL is down
    // Called on each new connection, once its schema is there; may be empty.
    std::function<absl::Status(Connection&)> on_connect = {};
    ConnectOptions connect = {};
  };
  explicit Database(Options options) : options_(std::move(options)) {}

  // Runs `work` in a transaction, and commits it when it returns OK; one at a time. kUnavailable
  // while PostgreSQL is down: then it may have been committed all the same.
  absl::Status With(const std::function<absl::Status(Connection&)>& work) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Status Connect() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Down(const absl::Status& status) const;

  const Options options_;
  absl::Mutex mu_;
  std::unique_ptr<Connection> connection_ ABSL_GUARDED_BY(mu_);  // null: none
};

}  // namespace oca::db

#endif  // OCA_LIB_DB_DATABASE_H_
