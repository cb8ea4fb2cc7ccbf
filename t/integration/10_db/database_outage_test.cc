// A Database while its server comes and goes.
#include "lib/db/database.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/bell.h"
#include "lib/base/status.h"
#include "t/integration/10_db/database_test.h"
#include "t/support/status_matchers.h"

namespace oca::db {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;

class DbDatabase : public DatabaseTest {
 protected:
  Database::Options Options() {
    return {.dsn = dsn_,
            .schema = "outage",
            .migrations = {{1, "first", "CREATE TABLE outage.a (id int)"}},
            .keeps = "a's",
            .how_to_start = "start it",
            .on_connect = [this](Connection&) {
              ++connected_;
              return absl::OkStatus();
            }};
  }
  static absl::Status Insert(Database& database) {
    return database.With(
        [](Connection& db) { return db.Query("INSERT INTO outage.a VALUES (1)").status(); });
  }
  std::string Count() {
    auto rows = Connection::Open(dsn_).value()->Query("SELECT count(*) FROM outage.a");
    return rows.ok() ? std::string(rows->Text(0, 0)) : std::string(MessageOf(rows.status()));
  }

  int connected_ = 0;
};

TEST_F(DbDatabase, MigratesOnceAndCommitsWhatWentWell) {
  Database database(Options());
  EXPECT_OK(Insert(database));
  EXPECT_THAT(database.With([](Connection& db) -> absl::Status {
    EXPECT_OK(db.Query("INSERT INTO outage.a VALUES (2)").status());
    return absl::CancelledError("no");
  }),
              StatusIs(StatusCode::kCancelled));
  EXPECT_OK(Insert(database));
  EXPECT_EQ(Count(), "2");
  EXPECT_EQ(connected_, 1);
}

TEST_F(DbDatabase, SaysWhatIsDownAndConnectsAgain) {
  Database database(Options());
  EXPECT_OK(Insert(database));
  server_->Kill();
  EXPECT_THAT(Insert(database), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(std::string(MessageOf(Insert(database))),
              testing::AllOf(HasSubstr("PostgreSQL, which keeps a's, cannot be reached"),
                             HasSubstr("start it")));
  server_->Start();
  EXPECT_OK(Insert(database));
  EXPECT_EQ(connected_, 2);
}

TEST_F(DbDatabase, ASilentServerIsWaitedForNoLongerThanIsSaid) {
  Database::Options options = Options();
  options.connect = {.connect_timeout = absl::Seconds(2),
                     .statement_timeout = absl::Milliseconds(300),
                     .grace = absl::Milliseconds(200)};
  Database database(options);
  EXPECT_OK(Insert(database));
  server_->Freeze();
  const absl::Time begun = MonotonicNow();
  absl::Status silent = Insert(database);
  server_->Thaw();
  EXPECT_THAT(silent, StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(std::string(MessageOf(silent)), HasSubstr("PostgreSQL, which keeps a's"));
  EXPECT_LT(MonotonicNow() - begun, absl::Seconds(30));
  EXPECT_OK(Insert(database));
  EXPECT_EQ(connected_, 2);
  EXPECT_EQ(Count(), "2");
}

TEST_F(DbDatabase, SilenceInATransactionEndsItAndNothingOfItIsKept) {
  ASSERT_OK_AND_ASSIGN(auto db,
                       Connection::Open(dsn_, {.statement_timeout = absl::Milliseconds(300),
                                               .grace = absl::Milliseconds(200)}));
  ASSERT_OK(db->Execute("CREATE SCHEMA outage; CREATE TABLE outage.a (id int)"));
  {
    ASSERT_OK_AND_ASSIGN(Transaction transaction, Transaction::Begin(*db));
    ASSERT_OK(db->Query("INSERT INTO outage.a VALUES (1)").status());
    server_->Freeze();
    // More than the kernel holds for a server that does not read.
    const std::string large(8 << 20, 'x');
    absl::Status silent = db->Query("SELECT length($1)", {large}).status();
    EXPECT_THAT(silent, StatusIs(StatusCode::kUnavailable));
    EXPECT_THAT(std::string(MessageOf(silent)), HasSubstr("silent"));
    EXPECT_TRUE(db->broken());
    EXPECT_THAT(db->Query("SELECT 1").status(), StatusIs(StatusCode::kUnavailable));
    EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kUnavailable));
    server_->Thaw();
  }
  db.reset();
  EXPECT_EQ(Count(), "0");
}

}  // namespace
}  // namespace oca::db
