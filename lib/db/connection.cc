#include "lib/db/connection.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/base/bell.h"
#include "lib/base/status.h"

namespace oca::db {
namespace {

constexpr char kSqlStatePayload[] = "oca/sqlstate";
constexpr absl::Duration kFirstPause = absl::Milliseconds(50);
constexpr absl::Duration kLongestPause = absl::Seconds(1);

// PostgreSQL's classes of errors (its documentation, appendix A).
absl::StatusCode CodeOf(std::string_view sql_state) {
  std::string_view error_class = sql_state.substr(0, 2);
  if (sql_state == "23505") return absl::StatusCode::kAlreadyExists;
  if (sql_state == "23503") return absl::StatusCode::kFailedPrecondition;
  if (sql_state == "57014") return absl::StatusCode::kDeadlineExceeded;
  if (error_class == "08" || error_class == "57") return absl::StatusCode::kUnavailable;
  if (error_class == "22" || error_class == "23") return absl::StatusCode::kInvalidArgument;
  if (error_class == "40") return absl::StatusCode::kAborted;
  if (error_class == "53") return absl::StatusCode::kResourceExhausted;
  return absl::StatusCode::kInternal;
}

// libpq ends its messages with newlines and may put several lines.
std::string OneLine(std::string_view text) {
  std::string line(text);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line;
}

absl::Status ConnectError(PGconn* connection) {
  std::string_view message = PQerrorMessage(connection);
  // What no waiting mends. libpq tells such answers of the server apart by their text only.
  bool refused = message.find("FATAL:") != std::string_view::npos &&
                 message.find("starting up") == std::string_view::npos &&
                 message.find("shutting down") == std::string_view::npos &&
                 message.find("recovery mode") == std::string_view::npos &&
                 message.find("too many") == std::string_view::npos &&
                 message.find("not yet accepting") == std::string_view::npos;
  return absl::Status(
      refused ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kUnavailable,
      OneLine(message));
}

// Whole seconds, as libpq takes them; at least its smallest, 2.
std::string ConnectSeconds(absl::Duration timeout) {
  return std::to_string(std::max<int64_t>(2, absl::ToInt64Seconds(timeout)));
}

// For libpq; valid while `params` lives.
absl::StatusOr<std::vector<const char*>> ValuesOf(std::span<const Param> params) {
  std::vector<const char*> values;
  values.reserve(params.size());
  for (const Param& param : params) {
    if (param.text() && param.text()->find('\0') != std::string::npos) {
      return absl::InvalidArgumentError("a text with a NUL byte cannot be stored");
    }
    values.push_back(param.text() ? param.text()->c_str() : nullptr);
  }
  return values;
}

}  // namespace

std::string SqlStateOf(const absl::Status& status) {
  auto payload = status.GetPayload(kSqlStatePayload);
  return payload ? std::string(*payload) : std::string();
}

bool ServerLives(const std::string& dsn) {
  const char* keys[] = {"dbname", "connect_timeout", nullptr};
  const char* values[] = {dsn.c_str(), "5", nullptr};
  const PGPing answer = PQpingParams(keys, values, /*expand_dbname=*/1);
  return answer == PQPING_OK || answer == PQPING_REJECT;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& dsn,
                                                             const ConnectOptions& options) {
  std::string connect_seconds = ConnectSeconds(options.connect_timeout);
  std::string settings = fmt::format("-c statement_timeout={}ms -c timezone=UTC",
                                     absl::ToInt64Milliseconds(options.statement_timeout));
  // Later keys win over what the connection string (expanded in place of dbname) says.
  const char* keys[] = {"dbname",           "connect_timeout",  "options", "client_encoding",
                        "tcp_user_timeout", "application_name", nullptr};
  const char* values[] = {
      dsn.c_str(), connect_seconds.c_str(), settings.c_str(), "UTF8", "30000", "oca", nullptr};
  std::unique_ptr<Connection> connection(
      new Connection(PQconnectdbParams(keys, values, /*expand_dbname=*/1),
                     options.statement_timeout + options.grace));
  PGconn* raw = connection->connection_;
  if (raw == nullptr) return absl::ResourceExhaustedError("no memory for a database connection");
  if (PQstatus(raw) != CONNECTION_OK) return ConnectError(raw);
  PQsetnonblocking(raw, 1);  // waiting is for Ask
  PQsetNoticeProcessor(
      raw, [](void*, const char*) {}, nullptr);
  return connection;
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::OpenBefore(absl::Time deadline,
                                                                   const std::string& dsn,
                                                                   const ConnectOptions& options) {
  absl::Duration pause = kFirstPause;
  while (true) {
    absl::StatusOr<std::unique_ptr<Connection>> connection = Open(dsn, options);
    absl::Duration left = deadline - absl::Now();
    if (connection.ok() || !absl::IsUnavailable(connection.status()) ||
        left <= absl::ZeroDuration()) {
      return connection;
    }
    // The server offers nothing to wait for, so this waits for time alone.
    ::poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(std::min(pause, left))) + 1);
    pause = std::min(pause * 2, kLongestPause);
  }
}

Connection::~Connection() { PQfinish(connection_); }

bool Connection::broken() const { return lost_ || PQstatus(connection_) != CONNECTION_OK; }

int Connection::server_pid() const {
  // The kernel names the process that called listen(): the postmaster, not the backend of this
  // connection.
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(PQsocket(connection_), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return 0;
  return peer.pid;
}

absl::StatusOr<Result> Connection::Take(pg_result* raw) {
  ExecStatusType kind = PQresultStatus(raw);
  Result result(raw);
  if (kind == PGRES_TUPLES_OK || kind == PGRES_COMMAND_OK || kind == PGRES_EMPTY_QUERY) {
    return result;
  }
  const char* sql_state = raw == nullptr ? nullptr : PQresultErrorField(raw, PG_DIAG_SQLSTATE);
  std::string message =
      OneLine(raw == nullptr ? PQerrorMessage(connection_) : PQresultErrorMessage(raw));
  if (sql_state == nullptr) {
    // Not said by the server: libpq's own, so nobody knows what the server did. libpq still calls
    // the connection good when the write failed before the end of the input was seen.
    lost_ = true;
    return absl::UnavailableError(message);
  }
  absl::Status status(CodeOf(sql_state), message);
  status.SetPayload(kSqlStatePayload, absl::Cord(sql_state));
  return status;
}

bool Connection::AwaitAnswer() {
  const absl::Time deadline = MonotonicNow() + patience_;
  int unsent = PQflush(connection_);
  while (unsent == 1 || PQisBusy(connection_) == 1) {
    const absl::Duration left = deadline - MonotonicNow();
    if (left <= absl::ZeroDuration()) return false;
    const int16_t events = unsent == 1 ? POLLIN | POLLOUT : POLLIN;
    pollfd waiting{PQsocket(connection_), events, 0};
    if (waiting.fd < 0) return true;
    // A signal that interrupts it does no harm.
    (void)::poll(&waiting, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if ((waiting.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_) != 1) return true;
    if (unsent == 1) unsent = PQflush(connection_);
  }
  return true;
}

absl::StatusOr<Result> Connection::Ask(absl::FunctionRef<int()> send) {
  if (lost_) return absl::UnavailableError("the connection is lost");
  if (send() != 1) return Take(nullptr);
  std::optional<absl::StatusOr<Result>> answer;
  for (;;) {
    if (!AwaitAnswer()) {
      lost_ = true;
      return absl::UnavailableError(
          fmt::format("no answer for {}: the server is silent", absl::FormatDuration(patience_)));
    }
    pg_result* const raw = PQgetResult(connection_);
    if (raw == nullptr) break;
    absl::StatusOr<Result> taken = Take(raw);
    if (!answer.has_value() || answer->ok()) answer = std::move(taken);
  }
  return answer.has_value() ? *std::move(answer) : Take(nullptr);
}

absl::StatusOr<Result> Connection::Query(const std::string& sql, std::span<const Param> params) {
  OCA_ASSIGN_OR_RETURN(std::vector<const char*> values, ValuesOf(params));
  return Ask([&] {
    return PQsendQueryParams(connection_, sql.c_str(), static_cast<int>(values.size()),
                             /*paramTypes=*/nullptr, values.data(), /*paramLengths=*/nullptr,
                             /*paramFormats=*/nullptr, /*resultFormat=*/0);
  });
}

absl::StatusOr<Result> Connection::Query(const std::string& sql,
                                         std::initializer_list<Param> params) {
  return Query(sql, std::span<const Param>(params.begin(), params.size()));
}

absl::StatusOr<Result> Connection::QueryPrepared(const std::string& sql,
                                                 std::span<const Param> params) {
  OCA_ASSIGN_OR_RETURN(std::vector<const char*> values, ValuesOf(params));
  auto found = prepared_.find(sql);
  if (found == prepared_.end()) {
    const std::string name = fmt::format("oca{}", prepared_.size() + 1);
    OCA_RETURN_IF_ERROR(Ask([&] {
                          return PQsendPrepare(connection_, name.c_str(), sql.c_str(),
                                               /*nParams=*/0, nullptr);
                        }).status());
    found = prepared_.emplace(sql, name).first;
  }
  return Ask([&, &name = found->second] {
    return PQsendQueryPrepared(connection_, name.c_str(), static_cast<int>(values.size()),
                               values.data(), /*paramLengths=*/nullptr, /*paramFormats=*/nullptr,
                               /*resultFormat=*/0);
  });
}

absl::StatusOr<Result> Connection::QueryPrepared(const std::string& sql,
                                                 std::initializer_list<Param> params) {
  return QueryPrepared(sql, std::span<const Param>(params.begin(), params.size()));
}

absl::Status Connection::Execute(const std::string& script) {
  return Ask([&] { return PQsendQuery(connection_, script.c_str()); }).status();
}

absl::StatusOr<Transaction> Transaction::Begin(Connection& connection) {
  OCA_RETURN_IF_ERROR(connection.Execute("BEGIN"));
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  if (connection_ == nullptr) return;
  // A failure means that the connection is gone, and the transaction with it.
  connection_->Execute("ROLLBACK").IgnoreError();
}

absl::Status Transaction::Commit() {
  Connection& connection = *std::exchange(connection_, nullptr);
  absl::StatusOr<Result> done = connection.Query("COMMIT");
  if (!done.ok()) return done.status();
  // COMMIT of a transaction with a failed statement answers ROLLBACK, without an error.
  if (done->command() == "ROLLBACK") {
    return absl::AbortedError("rolled back: a statement of the transaction had failed");
  }
  return absl::OkStatus();
}

}  // namespace oca::db
