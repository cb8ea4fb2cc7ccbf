#include "services/events/collector.h"

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/crypto/uuid.h"
#include "lib/event/event.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/fake_clock.h"
#include "t/support/status_matchers.h"

namespace oca::events {
namespace {

using absl::StatusCode;
using event::Kind;
using event::v1::Event;
using support::StatusIs;

class CollectorTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(spool_, Spool::Open(fs_, "/spool", {1 << 20, 2000}));
    collector_ = std::make_unique<Collector>(*spool_, clock_, "host1");
  }
  static Event Faults(int count) {
    Event event = event::Make<Kind::kLoginFailed>(count, "here");
    event.set_id(*crypto::RandomUuid());
    event.set_process("p");
    return event;
  }
  absl::Status Take(const std::vector<Event>& events, uint64_t dropped = 0) {
    event::v1::SendRequest request;
    for (const Event& event : events) *request.add_events() = event;
    request.set_process("p");
    request.set_dropped(dropped);
    return collector_->Take(request);
  }
  std::vector<Event> Spooled() {
    std::vector<Event> events;
    const std::vector<std::string> records = *spool_->Front(1000);
    for (const std::string& record : records) {
      EXPECT_TRUE(events.emplace_back().ParseFromString(record));
    }
    return events;
  }

  io::FaultFileSystem fs_;
  support::FakeClock clock_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Collector> collector_;
};

TEST_F(CollectorTest, WhatPassesIsOnDiskWithItsHostAndSubscribersHearIt) {
  auto subscription = collector_->Subscribe();
  const Event event = Faults(1);
  ASSERT_OK(Take({event, Faults(2), Faults(1)}));
  ASSERT_OK(Take({event}));
  const std::vector<Event> spooled = Spooled();
  ASSERT_EQ(spooled.size(), 2u);
  EXPECT_EQ(spooled[0].id(), event.id());
  EXPECT_EQ(spooled[0].host(), "host1");
  EXPECT_EQ(subscription->Next(absl::ZeroDuration()).size(), 2u);
  EXPECT_EQ(subscription->Next(absl::ZeroDuration()).size(), 0u);
  const event::v1::CollectorStatus status = collector_->Status();
  EXPECT_EQ(status.received(), 4u);
  EXPECT_EQ(status.repeats() + status.duplicates(), 2u);
  EXPECT_EQ(status.waiting(), 2u);
}

TEST_F(CollectorTest, RefusesWhatIsNoEvent) {
  Event event = Faults(1);
  event.set_id("12");
  EXPECT_THAT(Take({Faults(2), event}), StatusIs(StatusCode::kInvalidArgument));
  event = Faults(1);
  event.clear_process();
  EXPECT_THAT(Take({event}), StatusIs(StatusCode::kInvalidArgument));
  event = Faults(1);
  event.mutable_fields(0)->set_value(std::string(100'000, 'x'));
  EXPECT_THAT(Take({event}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(Spooled().size(), 0u);
}

TEST_F(CollectorTest, SenderTriesAgainWhenTheDiskFailed) {
  const Event event = Faults(1);
  fs_.FailMatching(io::Op::kSync, "/spool", EIO);
  EXPECT_FALSE(Take({event}).ok());
  fs_.ClearFaults();
  ASSERT_OK(Take({event}));
  ASSERT_OK(Take({event}));
  EXPECT_EQ(Spooled().size(), 1u);
}

TEST_F(CollectorTest, FullSpoolDropsAndTellsLater) {
  for (int i = 0; i < 100; ++i) ASSERT_OK(Take({Faults(i)}));
  const size_t kept = spool_->records();
  EXPECT_LT(kept, 100u);
  EXPECT_EQ(collector_->Status().dropped(), 100 - kept);
  ASSERT_OK(Take({}, /*dropped=*/5));
  EXPECT_EQ(collector_->Status().dropped(), 105 - kept);
  spool_->Pop(spool_->Front(1000)->size());
  collector_->Tick();
  clock_.Advance(absl::Minutes(2));
  collector_->Tick();
  std::vector<std::string> texts;
  for (const Event& event : Spooled()) texts.push_back(event::TextOf(event));
  EXPECT_THAT(texts,
              testing::UnorderedElementsAre(
                  "5 events of p were lost: its queue was full",
                  std::to_string(100 - kept) + " events of p were lost: the spool was full"));
}

}  // namespace
}  // namespace oca::events
