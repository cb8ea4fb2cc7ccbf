// lib/db against a real PostgreSQL.
#include "lib/db/connection.h"

#include <memory>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/integration/10_db/database_test.h"
#include "t/support/status_matchers.h"

namespace oca::db {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;

class DbConnection : public DatabaseTest {};

TEST_F(DbConnection, ParametersOfEveryKindComeBack) {
  ASSERT_OK_AND_ASSIGN(
      Result result,
      db_->Query("SELECT $1::text, $2::bigint, $3::boolean, $4::text, $5::text",
                 {"a'b;--\"\\", int64_t{-9223372036854775807}, true, std::nullopt, ""}));
  ASSERT_EQ(result.rows(), 1);
  ASSERT_EQ(result.columns(), 5);
  EXPECT_EQ(result.Text(0, 0), "a'b;--\"\\");
  ASSERT_OK_AND_ASSIGN(int64_t number, result.Int64(0, 1));
  EXPECT_EQ(number, -9223372036854775807);
  EXPECT_EQ(result.Text(0, 2), "t");
  EXPECT_TRUE(result.IsNull(0, 3));
  EXPECT_FALSE(result.IsNull(0, 4));
  EXPECT_EQ(result.Text(0, 4), "");
  EXPECT_THAT(result.Int64(0, 0).status(), StatusIs(StatusCode::kInternal));
  EXPECT_THAT(result.Int64(0, 3).status(), StatusIs(StatusCode::kInternal));
}

TEST_F(DbConnection, TextWithNulIsRefusedBeforeItIsCut) {
  EXPECT_THAT(db_->Query("SELECT $1::text", {std::string("a\0b", 3)}).status(),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(DbConnection, ErrorsCarryTheirMeaning) {
  ASSERT_OK(
      db_->Execute("CREATE TABLE a (id int PRIMARY KEY, n int CHECK (n > 0));"
                   "CREATE TABLE b (a int REFERENCES a);"
                   "INSERT INTO a VALUES (1, 1)"));
  absl::Status twice = db_->Query("INSERT INTO a VALUES (1, 1)").status();
  EXPECT_THAT(twice, StatusIs(StatusCode::kAlreadyExists));
  EXPECT_EQ(SqlStateOf(twice), "23505");
  EXPECT_THAT(db_->Query("INSERT INTO b VALUES (9)").status(),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(db_->Query("INSERT INTO a VALUES (2, 0)").status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(db_->Query("SELECT 'x'::int").status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(db_->Query("SELEC 1").status(), StatusIs(StatusCode::kInternal));
  EXPECT_EQ(SqlStateOf(absl::OkStatus()), "");
  EXPECT_FALSE(db_->broken());
}

TEST_F(DbConnection, PreparedStatementsAreParsedOnceAndSurviveARollback) {
  ASSERT_OK(db_->Execute("CREATE TABLE a (id int)"));
  const std::string insert = "INSERT INTO a VALUES ($1)";
  {
    ASSERT_OK_AND_ASSIGN(Transaction transaction, Transaction::Begin(*db_));
    ASSERT_OK(db_->QueryPrepared(insert, {1}).status());
  }
  ASSERT_OK(db_->QueryPrepared(insert, {2}).status());
  ASSERT_OK_AND_ASSIGN(Result ids, db_->QueryPrepared("SELECT id FROM a"));
  ASSERT_EQ(ids.rows(), 1);
  EXPECT_EQ(ids.Text(0, 0), "2");
  ASSERT_OK_AND_ASSIGN(Result count, db_->Query("SELECT count(*) FROM pg_prepared_statements"));
  EXPECT_EQ(count.Text(0, 0), "2");
  EXPECT_THAT(db_->QueryPrepared("SELEC 1").status(), StatusIs(StatusCode::kInternal));
  EXPECT_THAT(db_->QueryPrepared(insert, {"x"}).status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(db_->QueryPrepared(insert, {std::string("1\0", 2)}).status(),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(DbConnection, StatementEndsAtItsTimeLimit) {
  ConnectOptions options;
  options.statement_timeout = absl::Milliseconds(50);
  ASSERT_OK_AND_ASSIGN(auto db, Connection::Open(dsn_, options));
  EXPECT_THAT(db->Query("SELECT pg_sleep(60)").status(), StatusIs(StatusCode::kDeadlineExceeded));
}

TEST_F(DbConnection, AffectedCountsChangedRows) {
  ASSERT_OK(db_->Execute("CREATE TABLE a (id int); INSERT INTO a VALUES (1), (2), (3)"));
  ASSERT_OK_AND_ASSIGN(Result result, db_->Query("DELETE FROM a WHERE id > $1", {1}));
  EXPECT_EQ(result.affected(), 2);
}

TEST_F(DbConnection, TransactionIsUndoneUnlessCommitted) {
  ASSERT_OK(db_->Execute("CREATE TABLE a (id int)"));
  {
    ASSERT_OK_AND_ASSIGN(Transaction transaction, Transaction::Begin(*db_));
    ASSERT_OK(db_->Execute("INSERT INTO a VALUES (1)"));
  }
  ASSERT_OK_AND_ASSIGN(Result empty, db_->Query("SELECT * FROM a"));
  EXPECT_EQ(empty.rows(), 0);
  {
    ASSERT_OK_AND_ASSIGN(Transaction transaction, Transaction::Begin(*db_));
    ASSERT_OK(db_->Execute("INSERT INTO a VALUES (2)"));
    ASSERT_OK(transaction.Commit());
  }
  ASSERT_OK_AND_ASSIGN(Result one, db_->Query("SELECT * FROM a"));
  EXPECT_EQ(one.rows(), 1);
}

TEST_F(DbConnection, CommitFailsAfterAFailedStatement) {
  ASSERT_OK_AND_ASSIGN(Transaction transaction, Transaction::Begin(*db_));
  EXPECT_THAT(db_->Execute("SELECT 1/0"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kAborted));
}

TEST_F(DbConnection, LostServerIsUnavailableAndFoundAgain) {
  server_->Kill();
  EXPECT_THAT(db_->Query("SELECT 1").status(), StatusIs(StatusCode::kUnavailable));
  EXPECT_TRUE(db_->broken());
  EXPECT_THAT(Connection::Open(dsn_).status(), StatusIs(StatusCode::kUnavailable));
  absl::Time start = absl::Now();
  EXPECT_THAT(Connection::OpenBefore(start + absl::Milliseconds(200), dsn_).status(),
              StatusIs(StatusCode::kUnavailable));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(200));

  absl::StatusOr<std::unique_ptr<Connection>> found;
  std::thread waiter(
      [&] { found = Connection::OpenBefore(absl::Now() + absl::Seconds(60), dsn_); });
  server_->Start();
  waiter.join();
  ASSERT_OK(found);
  EXPECT_OK((*found)->Query("SELECT 1"));
}

TEST_F(DbConnection, WrongDatabaseIsNotTriedAgain) {
  absl::Time start = absl::Now();
  absl::Status status =
      Connection::OpenBefore(start + absl::Seconds(60), server_->Dsn("nosuch")).status();
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("nosuch"));
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
}

}  // namespace
}  // namespace oca::db
