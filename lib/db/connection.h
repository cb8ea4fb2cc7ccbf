// A connection to PostgreSQL and transactions on it.
//
// Errors: kUnavailable = the server cannot be reached, goes down, or the connection broke (open a
// new one), or is silent; kAlreadyExists = a unique key; kFailedPrecondition = a foreign key;
// kInvalidArgument = a value that a type or check refuses; kAborted = lost against another
// transaction (repeat it); kDeadlineExceeded = the statement's time limit; kResourceExhausted =
// disk or memory; the rest kInternal. SqlStateOf has the exact code.
#ifndef OCA_LIB_DB_CONNECTION_H_
#define OCA_LIB_DB_CONNECTION_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/db/result.h"

struct pg_conn;

namespace oca::db {

// The five characters of PostgreSQL's error code in `status`, or empty.
std::string SqlStateOf(const absl::Status& status);

// A query's parameter ($1, $2, ...): text, number, truth or NULL. Types are for the server to find.
class Param {
 public:
  Param(std::nullopt_t) {}                                            // NOLINT: implicit by intent
  Param(std::string_view text) : text_(text) {}                       // NOLINT
  Param(const std::string& text) : text_(text) {}                     // NOLINT
  Param(const char* text) : text_(text) {}                            // NOLINT
  Param(std::same_as<bool> auto value) : text_(value ? "t" : "f") {}  // NOLINT
  template <std::integral Int>
  requires(!std::same_as<Int, bool>) Param(Int value) : text_(std::to_string(value)) {}  // NOLINT

  const std::optional<std::string>& text() const { return text_; }

 private:
  std::optional<std::string> text_;
};

// Whether a server lives behind this connection string, be it that it still starts or refuses us.
// Takes at most five seconds.
bool ServerLives(const std::string& dsn);

struct ConnectOptions {
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration statement_timeout = absl::Seconds(30);  // longest that one statement may run
  // A server that is silent for so much longer still, though it should have ended the statement, is
  // taken for lost: it is stopped, or its machine is.
  absl::Duration grace = absl::Seconds(5);
};

// Not thread-safe.
class Connection {
 public:
  // dsn: a libpq connection string. One attempt.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& dsn,
                                                          const ConnectOptions& options = {});
  // Attempts, with growing pauses, until it succeeds or `deadline` passes; then the last error.
  // Only kUnavailable is tried again: what the server refuses (account, database) stays refused.
  static absl::StatusOr<std::unique_ptr<Connection>> OpenBefore(absl::Time deadline,
                                                                const std::string& dsn,
                                                                const ConnectOptions& options = {});
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One statement with parameters.
  absl::StatusOr<Result> Query(const std::string& sql, std::span<const Param> params);
  absl::StatusOr<Result> Query(const std::string& sql, std::initializer_list<Param> params = {});
  // As Query, for a text that is used again and again: the server parses it once for this
  // connection, and keeps it as long as that lives.
  absl::StatusOr<Result> QueryPrepared(const std::string& sql, std::span<const Param> params);
  absl::StatusOr<Result> QueryPrepared(const std::string& sql,
                                       std::initializer_list<Param> params = {});
  // Any number of statements without parameters; the last one's error counts for all.
  absl::Status Execute(const std::string& script);

  // Process number of the server that listens at the unix socket; 0 when the connection is over
  // TCP, or broken.
  int server_pid() const;

  // The connection is of no more use.
  bool broken() const;

 private:
  Connection(pg_conn* connection, absl::Duration patience)
      : connection_(connection), patience_(patience) {}
  // Sends by `send`, one of libpq's functions for that, and waits for all answers: the first error,
  // or the last answer.
  absl::StatusOr<Result> Ask(absl::FunctionRef<int()> send);
  // Until libpq can give the next answer, or knows that there is none. False: the server is silent.
  bool AwaitAnswer();
  // Status of an answer; owns and frees it unless it is handed on.
  absl::StatusOr<Result> Take(pg_result* raw);

  pg_conn* const connection_;
  const absl::Duration patience_;                // with the server, for each answer
  std::map<std::string, std::string> prepared_;  // names of statements, by their text
  bool lost_ = false;
};

// BEGIN at its start; ROLLBACK at its end unless Commit returned OK. One at a time on a connection.
class Transaction {
 public:
  static absl::StatusOr<Transaction> Begin(Connection& connection);
  ~Transaction();
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;

  // kUnavailable: nobody knows whether it was committed.
  absl::Status Commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;  // null when there is nothing left to end
};

}  // namespace oca::db

#endif  // OCA_LIB_DB_CONNECTION_H_
