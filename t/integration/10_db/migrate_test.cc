// Migrations against a real PostgreSQL.
#include "lib/db/migrate.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/integration/10_db/database_test.h"
#include "t/support/status_matchers.h"

namespace oca::db {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;

class DbMigrate : public DatabaseTest {
 protected:
  int64_t Count(const std::string& sql) {
    auto result = db_->Query(sql);
    EXPECT_OK(result);
    return result.ok() ? *result->Int64(0, 0) : -1;
  }

  std::vector<Migration> list_ = {
      {1, "first", "CREATE TABLE s.a (id int); INSERT INTO s.a VALUES (1)"},
      {2, "second", "INSERT INTO s.a VALUES (2); ALTER TABLE s.a ADD COLUMN n int"},
  };
};

TEST_F(DbMigrate, AppliesEachOnceAndInOrder) {
  ASSERT_OK_AND_ASSIGN(int applied, Migrate(*db_, "s", std::span(list_).first(1)));
  EXPECT_EQ(applied, 1);
  ASSERT_OK_AND_ASSIGN(applied, Migrate(*db_, "s", list_));
  EXPECT_EQ(applied, 1);
  ASSERT_OK_AND_ASSIGN(applied, Migrate(*db_, "s", list_));
  EXPECT_EQ(applied, 0);
  EXPECT_EQ(Count("SELECT count(*) FROM s.a"), 2);
  EXPECT_EQ(Count("SELECT max(number) FROM s.schema_version"), 2);
}

TEST_F(DbMigrate, FailedOneIsUndoneWholeAndNamed) {
  list_.push_back({3, "third", "INSERT INTO s.a VALUES (3); SELECT 1/0"});
  absl::Status status = Migrate(*db_, "s", list_).status();
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("migration 0003_third: "));
  EXPECT_EQ(Count("SELECT count(*) FROM s.a"), 2);
  list_[2].sql = "INSERT INTO s.a VALUES (3)";
  ASSERT_OK_AND_ASSIGN(int applied, Migrate(*db_, "s", list_));
  EXPECT_EQ(applied, 1);
}

TEST_F(DbMigrate, ChangedTextOfAnAppliedOneIsRefused) {
  ASSERT_OK(Migrate(*db_, "s", list_));
  list_[0].sql += " ";
  list_.push_back({3, "third", "INSERT INTO s.a VALUES (3)"});
  absl::Status status = Migrate(*db_, "s", list_).status();
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("0001_first"));
  EXPECT_EQ(Count("SELECT count(*) FROM s.a"), 2);
}

TEST_F(DbMigrate, RenamedOneIsRefused) {
  ASSERT_OK(Migrate(*db_, "s", list_));
  list_[1].name = "other";
  EXPECT_THAT(Migrate(*db_, "s", list_).status(), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(DbMigrate, DatabaseOfANewerProgramIsRefused) {
  ASSERT_OK(Migrate(*db_, "s", list_));
  absl::Status status = Migrate(*db_, "s", std::span(list_).first(1)).status();
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("newer program"));
}

TEST_F(DbMigrate, GapsAndOddSchemaNamesAreRefused) {
  EXPECT_THAT(Migrate(*db_, "s; DROP", list_).status(), StatusIs(StatusCode::kInvalidArgument));
  list_[1].number = 3;
  EXPECT_THAT(Migrate(*db_, "s", list_).status(), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(DbMigrate, RivalsApplyEachOnce) {
  std::vector<std::thread> rivals;
  std::vector<int> applied(4, -1);
  for (int& mine : applied) {
    rivals.emplace_back([this, &mine] {
      auto db = Connection::Open(dsn_);
      if (!db.ok()) return;
      auto done = Migrate(**db, "s", list_);
      EXPECT_OK(done);
      mine = done.value_or(-1);
    });
  }
  for (std::thread& rival : rivals) rival.join();
  EXPECT_EQ(applied[0] + applied[1] + applied[2] + applied[3], 2);
  EXPECT_EQ(Count("SELECT count(*) FROM s.a"), 2);
}

}  // namespace
}  // namespace oca::db
