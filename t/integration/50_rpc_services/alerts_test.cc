// Events on their way to the table, and what they do to alerts.
#include "lib/event/event.h"
#include "t/integration/50_rpc_services/alerts_fixture.h"

namespace oca::health {
namespace {

using absl::StatusCode;
using event::Kind;
using support::StatusIs;
using testing::ElementsAre;
using testing::HasSubstr;

std::string TextOf(int i) { return event::TextOf(event::Make<Kind::kLoginFailed>(i, "here")); }

class Outages : public Alerts {
 protected:
  void StartCollecting() {
    collecting_ = std::make_unique<Collecting>(dir_.Path("spool"), eda_socket_, nhm_socket_);
  }
  void StartRecording() { recording_ = std::make_unique<Recording>(*database_, nhm_socket_); }
  void Send(int from, int to) {
    for (int i = from; i < to; ++i) client_->Send(event::Make<Kind::kLoginFailed>(i, "here"));
  }
  bool Collected(uint64_t count) {
    return Eventually([&] { return collecting_->collector->Status().received() >= count; });
  }

  std::unique_ptr<Collecting> collecting_;
  std::unique_ptr<Recording> recording_;
  std::unique_ptr<event::Client> client_ = *event::Client::Start("tester", eda_socket_);
};

TEST_F(Outages, EventsArriveOnceWhoeverWasDown) {
  Send(0, 10);  // nobody is there
  StartCollecting();
  ASSERT_TRUE(Collected(10));
  Send(10, 20);  // nhm is not there
  ASSERT_TRUE(Collected(20));
  collecting_.reset();
  Send(20, 30);  // oca_idm_eda was there before
  StartCollecting();
  ASSERT_TRUE(Collected(10));
  StartRecording();
  ASSERT_TRUE(Eventually([&] { return Events().size() == 30; }));
  database_server_->Kill();
  Send(30, 40);  // the database is down
  ASSERT_TRUE(Collected(20));
  collecting_.reset();
  recording_.reset();
  StartCollecting();
  StartRecording();
  database_server_->Start();
  ASSERT_TRUE(Eventually([&] { return Events().size() >= 40; }));
  Send(40, 41);
  ASSERT_TRUE(Eventually([&] { return Events().size() >= 41; }));
  const std::vector<std::string> events = Events();
  ASSERT_EQ(events.size(), 41u);
  for (int i = 0; i < 41; ++i) EXPECT_EQ(events[i], TextOf(i));
  EXPECT_EQ(client_->dropped(), 0u);
  EXPECT_TRUE(Eventually([&] { return collecting_->spool->records() == 0; }));
}

TEST_F(Outages, SubscribersHearWhatPasses) {
  StartCollecting();
  auto stub = event::v1::Collector::NewStub(*rpc::UnixChannel(eda_socket_));
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  auto reader = stub->Subscribe(&context, {});
  reader->WaitForInitialMetadata();
  Send(0, 3);
  event::v1::Event event;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(reader->Read(&event));
    EXPECT_EQ(event::TextOf(event), TextOf(i));
  }
  context.TryCancel();
  reader->Finish();
}

TEST_F(Alerts, SameEventIsOnRecordOnceAndCountsOnce) {
  const event::v1::Event event = Sent(event::Make<Kind::kScanFoundFaults>(3));
  for (int i = 0; i < 3; ++i) ASSERT_OK(recorder_->Record({event, event}));
  EXPECT_EQ(Events().size(), 1u);
  ASSERT_EQ(ListAlerts().size(), 1u);
  EXPECT_EQ(ListAlerts()[0].times(), 1u);
}

TEST_F(Alerts, ConditionIsRaisedCountedMadeWorseAndCleared) {
  ASSERT_OK(Record(event::Make<Kind::kDiskSpaceLow>("/a", 9, "1 GiB")));
  ASSERT_OK(Record(event::Make<Kind::kDiskSpaceLow>("/b", 8, "2 GiB")));
  event::v1::Event repeated = event::Make<Kind::kDiskSpaceLow>("/a", 7, "1 GiB");
  repeated.set_repeats(4);
  ASSERT_OK(Record(repeated));
  std::vector<mgmt::Alert> alerts = ListAlerts();
  ASSERT_EQ(alerts.size(), 2u);
  EXPECT_EQ(alerts[0].subject(), "/a");
  EXPECT_EQ(alerts[0].times(), 6u);
  EXPECT_EQ(alerts[0].severity(), mgmt::SEVERITY_WARNING);
  EXPECT_THAT(alerts[0].text(), HasSubstr("7 %"));
  ASSERT_OK(Record(event::Make<Kind::kDiskSpaceExhausted>("/a", 1, "0.1 GiB")));
  EXPECT_EQ(ListAlerts()[0].severity(), mgmt::SEVERITY_CRITICAL);
  ASSERT_OK_AND_ASSIGN(auto standing, recorder_->ListStanding());
  ASSERT_EQ(standing.size(), 2u);
  EXPECT_EQ(standing[0].severity, event::Severity::kCritical);
  ASSERT_OK(Record(event::Make<Kind::kDiskSpaceEnough>("/a", 50)));
  ASSERT_OK(Record(event::Make<Kind::kDiskSpaceEnough>("/c", 50)));  // it never stood
  alerts = ListAlerts();
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0].subject(), "/b");
  // The next time is another alert.
  ASSERT_OK(Record(event::Make<Kind::kDiskSpaceLow>("/a", 9, "1 GiB")));
  alerts = ListAlerts(/*cleared=*/true);
  ASSERT_EQ(alerts.size(), 3u);
  EXPECT_TRUE(alerts[0].has_cleared());
  EXPECT_FALSE(alerts[2].has_cleared());
  EXPECT_EQ(alerts[2].times(), 1u);
  EXPECT_EQ(alerts[2].index(), 3u);
  ASSERT_OK_AND_ASSIGN(mgmt::AlertSummary summary, lists_->Summary());
  EXPECT_EQ(summary.warnings(), 2u);
  EXPECT_EQ(summary.critical(), 0u);
  EXPECT_EQ(summary.cleared(), 1u);
  EXPECT_EQ(summary.events(), 7u);
  EXPECT_LT(summary.newest_event().seconds(), absl::ToUnixSeconds(absl::Now() - absl::Minutes(30)));
}

TEST_F(Alerts, PartsOfTheListFromBothEnds) {
  for (int i = 1; i <= 30; ++i) ASSERT_OK(Record(event::Make<Kind::kLoginFailed>(i, "here")));
  EXPECT_THAT(Events(2, 2), ElementsAre(TextOf(2), TextOf(3)));
  EXPECT_THAT(Events(-2, 5), ElementsAre(TextOf(29), TextOf(30)));
  EXPECT_THAT(Events(-30, 1), ElementsAre(TextOf(1)));
  EXPECT_THAT(Events(-99, 1), ElementsAre(TextOf(1)));
  EXPECT_THAT(Events(31, 1), ElementsAre());
  EXPECT_EQ(Events(0, 0).size(), 20u);
  EXPECT_EQ(Events(0, 0).back(), TextOf(30));
  EXPECT_THAT(Events(INT64_MIN, 1), ElementsAre(TextOf(1)));
  EXPECT_THAT(Events(INT64_MAX, 1), ElementsAre());
}

TEST_F(Alerts, WhatTheDatabaseRefusesDoesNotHoldUpTheOthers) {
  event::v1::Event bad = Sent(event::Make<Kind::kScanFoundNone>());
  bad.set_id("this is no UUID");
  event::v1::Event unknown = Sent({});
  unknown.set_number(9999);
  ASSERT_OK(recorder_->Record({Sent(event::Make<Kind::kLoginFailed>(1, "here")), bad, unknown,
                               Sent(event::Make<Kind::kLoginFailed>(2, "here"))}));
  EXPECT_THAT(Events(),
              ElementsAre(TextOf(1), "event 9999, which this version does not know", TextOf(2)));
}

TEST_F(Alerts, OldAndTooManyAreRemovedButNotWhatStands) {
  for (int i = 0; i < 10; ++i) ASSERT_OK(Record(event::Make<Kind::kLoginFailed>(i, "here")));
  for (const char* path : {"/a", "/b", "/c"}) {
    ASSERT_OK(Record(event::Make<Kind::kDiskSpaceLow>(path, 9, "1 GiB")));
  }
  for (const char* path : {"/a", "/b"}) {
    ASSERT_OK(Record(event::Make<Kind::kDiskSpaceEnough>(path, 50)));
  }
  Retention retention;
  ASSERT_OK(recorder_->Expire(retention));
  EXPECT_EQ(Events().size(), 15u);
  retention.events = 4;
  retention.cleared = 1;
  ASSERT_OK(recorder_->Expire(retention));
  EXPECT_EQ(Events().size(), 4u);
  EXPECT_EQ(ListAlerts(true).size(), 2u);
  retention.age = absl::ZeroDuration();
  ASSERT_OK(recorder_->Expire(retention));
  EXPECT_EQ(Events().size(), 0u);
  ASSERT_EQ(ListAlerts(true).size(), 1u);
  EXPECT_EQ(ListAlerts()[0].subject(), "/c");
}

TEST_F(Alerts, DatabaseThatIsDownIsSaidSo) {
  Database nowhere("host=/nonexistent user=x dbname=x", "start it: so and so");
  Lists lists(nowhere);
  EXPECT_THAT(lists.Summary(), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(lists.Summary().status().ToString(), HasSubstr("start it: so"));
}

}  // namespace
}  // namespace oca::health
