// The fixture of the tests of lib/db: one PostgreSQL for a suite, an empty database for each test.
#ifndef OCA_T_INTEGRATION_10_DB_DATABASE_TEST_H_
#define OCA_T_INTEGRATION_10_DB_DATABASE_TEST_H_

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "lib/db/connection.h"
#include "t/support/pg_instance.h"
#include "t/support/status_matchers.h"

namespace oca::db {

class DatabaseTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = new support::PgInstance; }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    dsn_ = server_->NewDatabase();
    ASSERT_OK_AND_ASSIGN(db_, Connection::Open(dsn_));
  }

  static inline support::PgInstance* server_ = nullptr;
  std::string dsn_;
  std::unique_ptr<Connection> db_;
};

}  // namespace oca::db

#endif  // OCA_T_INTEGRATION_10_DB_DATABASE_TEST_H_
