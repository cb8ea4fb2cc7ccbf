// Statistics on their way to a PostgreSQL that goes away, comes back, or dies in the middle; and
// the whole service.
#include <sys/stat.h>

#include <functional>
#include <string>

#include "absl/time/clock.h"
#include "lib/api/statistics.grpc.pb.h"
#include "lib/rpc/unix_socket.h"
#include "services/monitor/service.h"
#include "services/monitor/writer.h"
#include "t/integration/50_rpc_services/statistics_fixture.h"
#include "t/support/fake_clock.h"
#include "t/support/temp_dir.h"

namespace oca::monitor {
namespace {

using support::StatusIs;
using testing::HasSubstr;

class StatisticsWriter : public Statistics {
 protected:
  void SetUp() override {
    Statistics::SetUp();
    if (HasFatalFailure()) return;
    ASSERT_OK(store_->RollUp(At(0)).status());  // the tables are there
  }
  void StartWriter() {
    writer_ = std::make_unique<Writer>(backlog_, *store_, board_, clock_, absl::Milliseconds(50));
  }
  void Offer(int64_t seconds, double value) { board_.Dropped(backlog_.Put(*One(seconds, value))); }
  static bool Eventually(const std::function<bool()>& condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(60);
    while (!condition()) {
      if (absl::Now() > deadline) return false;
    }
    return true;
  }
  bool Idle() { return backlog_.size() == 0; }

  support::FakeClock clock_{At(0)};
  Board board_{At(0)};
  Backlog backlog_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(StatisticsWriter, WhatIsOfferedIsStoredAndRolledUp) {
  StartWriter();
  for (int64_t at = 0; at < 300; at += 15) Offer(at, static_cast<double>(at));
  EXPECT_TRUE(Eventually([&] { return Idle(); }));
  clock_.Advance(absl::Minutes(5));
  Offer(300, 0);
  EXPECT_TRUE(Eventually([&] { return Rows("rollup WHERE seconds = 300") == "1"; }));
  EXPECT_EQ(Points(mgmt::RESOLUTION_5M, 0, 300), "0: 142.5 (0..285) 20");
  EXPECT_EQ(board_.status().samples_stored(), 21u);
  EXPECT_EQ(board_.status().samples_dropped(), 0u);
}

TEST_F(StatisticsWriter, WhileTheServerIsAwayNothingWaitsAndNothingIsLostUntilItIsTooMuch) {
  StartWriter();
  Offer(0, 1);
  EXPECT_TRUE(Eventually([&] { return Idle(); }));
  server_->Kill();
  for (int64_t i = 1; i <= 300; ++i) Offer(i * 15, 1);
  EXPECT_TRUE(Eventually([&] { return !board_.status().problem().empty(); }));
  EXPECT_THAT(board_.status().problem(), HasSubstr("PostgreSQL, which keeps the statistics"));
  EXPECT_EQ(backlog_.size(), kMostWaiting);
  EXPECT_EQ(board_.status().samples_dropped(), 60u);
  mgmt::GetHistoryRequest request;
  request.set_name("container.current_files");
  EXPECT_THAT(history_->Get(request, At(0)).status(), StatusIs(absl::StatusCode::kUnavailable));
  server_->Start();
  EXPECT_TRUE(Eventually([&] { return Idle() && board_.status().problem().empty(); }));
  EXPECT_EQ(board_.status().samples_stored(), 241u);
  EXPECT_EQ(Rows("sample"), "241");
}

TEST_F(StatisticsWriter, ASilentServerIsGivenUpAndWhatWaitedIsStoredOnceItSpeaksAgain) {
  store_ = std::make_unique<Store>(dsn_, "start it",
                                   db::ConnectOptions{.connect_timeout = absl::Seconds(2),
                                                      .statement_timeout = absl::Milliseconds(500),
                                                      .grace = absl::Milliseconds(200)});
  StartWriter();
  Offer(0, 1);
  EXPECT_TRUE(Eventually([&] { return Idle(); }));
  server_->Freeze();
  Offer(15, 1);
  EXPECT_TRUE(Eventually([&] { return !board_.status().problem().empty(); }));
  EXPECT_THAT(board_.status().problem(), HasSubstr("PostgreSQL, which keeps the statistics"));
  Offer(30, 1);
  server_->Thaw();
  EXPECT_TRUE(Eventually([&] { return Idle() && board_.status().problem().empty(); }));
  EXPECT_EQ(board_.status().samples_stored(), 3u);
  EXPECT_EQ(Rows("sample"), "3");
  // Nor does the end of the service wait for it.
  server_->Freeze();
  Offer(45, 1);
  writer_.reset();
  server_->Thaw();
}

TEST_F(StatisticsWriter, ACrashOfTheServerAtAnyTimeDoublesNothing) {
  StartWriter();
  int64_t at = 0;
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 100; ++i, at += 15) {
      clock_.SetWallTime(At(at));
      Offer(at, static_cast<double>(at % 300));
    }
    server_->Kill();
    server_->Start();
    EXPECT_TRUE(Eventually([&] { return Idle(); }));
  }
  // A crash of ours: whatever the writer was at, another one goes on.
  writer_.reset();
  RollUp(86400);
  EXPECT_EQ(Rows("sample"), "400");
  EXPECT_EQ(Sql("SELECT sum(samples) FROM oca_statistics.rollup_value WHERE seconds = 300"), "400");
  EXPECT_EQ(Sql("SELECT sum(samples) FROM oca_statistics.rollup_value WHERE seconds = 3600"),
            "400");
  EXPECT_EQ(Points(mgmt::RESOLUTION_1D, 0, 86400), "0: 142.5 (0..285) 400");
}

TEST_F(StatisticsWriter, ARollupThatFailsHalfWayIsMadeWholeNextTime) {
  PutAll(0, 3600);
  // The last statement of the period's transaction fails: as if we died before it was committed.
  Sql("CREATE FUNCTION oca_statistics.no() RETURNS trigger LANGUAGE plpgsql AS "
      "'BEGIN RAISE EXCEPTION USING errcode = ''40001''; END'");
  Sql("CREATE TRIGGER no BEFORE DELETE ON oca_statistics.pending FOR EACH ROW EXECUTE FUNCTION "
      "oca_statistics.no()");
  EXPECT_THAT(store_->RollUp(At(86400)).status(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Rows("rollup"), "0");
  EXPECT_EQ(Rows("pending"), "12");
  Sql("DROP TRIGGER no ON oca_statistics.pending");
  RollUp(86400);
  EXPECT_EQ(Points(mgmt::RESOLUTION_1D, 0, 86400), "0: 119.5 (0..239) 240");
}

TEST_F(StatisticsWriter, OneSampleThatIsRefusedCostsItselfAlone) {
  auto bad = std::make_shared<Sample>(*One(15, 1));
  bad->values[0].subject = "\xff";
  Offer(0, 1);
  board_.Dropped(backlog_.Put(*bad));
  Offer(30, 1);
  StartWriter();
  EXPECT_TRUE(Eventually([&] { return Idle(); }));
  writer_.reset();
  EXPECT_EQ(Points(mgmt::RESOLUTION_15S, 0, 60), "0: 1 (1..1) 1, 30: 1 (1..1) 1");
  EXPECT_EQ(board_.status().samples_dropped(), 1u);
  EXPECT_EQ(board_.status().samples_stored(), 2u);
}

TEST_F(StatisticsWriter, TheServiceAnswersWithoutPostgreSqlWhatNeedsNone) {
  support::TempDir dir;
  ASSERT_EQ(::chmod(dir.path().c_str(), 0700), 0);
  auto service = NewStatisticsService(board_, backlog_, *history_, clock_);
  ASSERT_OK_AND_ASSIGN(auto server, rpc::UnixServer::Start(dir.Path("s"), {service.get()}));
  ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(dir.Path("s")));
  auto stub = mgmt::Statistics::NewStub(channel);
  Offer(0, 1);
  mgmt::MachineStats machine;
  machine.mutable_cpu()->set_load_1(2);
  board_.SetMachine(machine);
  server_->Kill();

  grpc::ClientContext first, second, third;
  mgmt::MachineStats seen;
  EXPECT_TRUE(stub->GetMachineStats(&first, {}, &seen).ok());
  EXPECT_EQ(seen.cpu().load_1(), 2);
  mgmt::MonitorStatus status;
  EXPECT_TRUE(stub->GetMonitorStatus(&second, {}, &status).ok());
  EXPECT_EQ(status.samples_waiting(), 1u);
  EXPECT_EQ(status.interval_seconds(), 15u);
  EXPECT_EQ(status.started().seconds(), kDay);
  mgmt::ListSeriesResponse series;
  EXPECT_EQ(stub->ListSeries(&third, {}, &series).error_code(), grpc::StatusCode::UNAVAILABLE);
  server->Stop(absl::Seconds(1));
  server_->Start();
}

}  // namespace
}  // namespace oca::monitor
