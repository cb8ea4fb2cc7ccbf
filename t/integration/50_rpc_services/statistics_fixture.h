// ocamonitor's tables in a real PostgreSQL, under a clock of the test's own.
#ifndef OCA_T_INTEGRATION_50_RPC_SERVICES_STATISTICS_FIXTURE_H_
#define OCA_T_INTEGRATION_50_RPC_SERVICES_STATISTICS_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/db/connection.h"
#include "services/monitor/history.h"
#include "services/monitor/levels.h"
#include "services/monitor/store.h"
#include "t/support/pg_instance.h"
#include "t/support/status_matchers.h"

namespace oca::monitor {

namespace mgmt = management::v1;

class Statistics : public testing::Test {
 protected:
  static constexpr int64_t kDay = 1'699'920'000;  // a midnight of UTC

  static void SetUpTestSuite() { server_ = new support::PgInstance; }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    dsn_ = server_->NewDatabase();
    store_ = std::make_unique<Store>(dsn_, "start it");
    history_ = std::make_unique<History>(store_->database());
  }

  static absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(kDay + seconds); }
  // A sample at so many seconds of the day, of one series, or of as many subjects.
  static std::shared_ptr<const Sample> One(int64_t seconds, double value, size_t subjects = 0,
                                           std::string_view name = "container.current_files") {
    auto sample = std::make_shared<Sample>();
    sample->at = At(seconds);
    if (subjects == 0) sample->values.push_back({Find(name), "c1", value});
    for (size_t i = 0; i < subjects; ++i) {
      sample->values.push_back({Find(name), fmt::format("container{:04}", i), value});
    }
    return sample;
  }
  void Put(int64_t seconds, double value) {
    const auto sample = One(seconds, value);
    ASSERT_OK(store_->Put({&sample, 1}).status());
  }
  // Samples of a whole stretch, whose values count up from `first`.
  void PutAll(int64_t from, int64_t to, double first = 0) {
    std::vector<std::shared_ptr<const Sample>> samples;
    for (int64_t at = from; at < to; at += 15) samples.push_back(One(at, first++));
    ASSERT_OK_AND_ASSIGN(size_t stored, store_->Put(samples));
    ASSERT_EQ(stored, samples.size());
  }
  // Until nothing is left to do.
  void RollUp(int64_t now) {
    for (;;) {
      ASSERT_OK_AND_ASSIGN(size_t periods, store_->RollUp(At(now)));
      if (periods == 0) return;
    }
  }
  // "second: mean (low..high) samples" of each point of c1.
  std::string Points(mgmt::Resolution resolution, int64_t since, int64_t until,
                     const std::string& name = "container.current_files") {
    mgmt::GetHistoryRequest request;
    request.set_name(name);
    request.set_subject("c1");
    request.set_resolution(resolution);
    request.mutable_since()->set_seconds(kDay + since);
    request.mutable_until()->set_seconds(kDay + until);
    auto history = history_->Get(request, At(until));
    if (!history.ok()) return std::string(MessageOf(history.status()));
    std::vector<std::string> points;
    for (const auto& point : history->series(0).points()) {
      points.push_back(fmt::format("{}: {} ({}..{}) {}", point.time().seconds() - kDay,
                                   point.mean(), point.low(), point.high(), point.samples()));
    }
    return absl::StrJoin(points, ", ");
  }
  // The first cell of a query's answer.
  std::string Sql(const std::string& sql) {
    auto db = db::Connection::Open(dsn_);
    if (!db.ok()) return std::string(MessageOf(db.status()));
    auto rows = (*db)->Query(sql);
    if (!rows.ok()) return std::string(MessageOf(rows.status()));
    return rows->rows() == 0 || rows->columns() == 0 ? "" : std::string(rows->Text(0, 0));
  }
  std::string Rows(const std::string& table) {
    return Sql("SELECT count(*) FROM oca_statistics." + table);
  }

  inline static support::PgInstance* server_ = nullptr;
  std::string dsn_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<History> history_;
};

}  // namespace oca::monitor

#endif  // OCA_T_INTEGRATION_50_RPC_SERVICES_STATISTICS_FIXTURE_H_
