#include "fs/ocafsd/reporter.h"

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/event_list.h"
#include "t/unit/fs/rpc/fake_filesystem.h"

namespace oca::ocafsd {
namespace {

using engine::JobState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FindingsTest : public testing::Test {
 protected:
  void SetUp() override {
    absl::MutexLock lock(&filesystem_.mu);
    filesystem_.groups[1].id = GroupId(1);
    filesystem_.groups[1].name = "vms";
  }
  std::vector<std::string> Look() {
    findings_.Look();
    return events_.Take();
  }
  void SetDamage(int parts) {
    absl::MutexLock lock(&filesystem_.mu);
    filesystem_.health.damaged.clear();
    for (int i = 0; i < parts; ++i) {
      filesystem_.health.damaged.push_back(
          {GroupId(1), PackId(7), static_cast<uint64_t>(i), absl::Now(), 10, 3});
    }
  }

  engine::FakeFilesystem filesystem_;
  support::EventList events_;
  Findings findings_{filesystem_, events_};
};

TEST_F(FindingsTest, DamageIsToldOnceAndWhenThereIsMoreAndWhenItIsHealed) {
  EXPECT_THAT(Look(), IsEmpty());
  SetDamage(1);
  EXPECT_THAT(Look(), ElementsAre(HasSubstr("vms: 1 parts of packs are damaged; 3 chunks")));
  EXPECT_THAT(Look(), IsEmpty());
  SetDamage(2);
  EXPECT_THAT(Look(), ElementsAre(HasSubstr("vms: 2 parts of packs are damaged; 6 chunks")));
  SetDamage(0);
  EXPECT_THAT(Look(), ElementsAre("Storage group vms: nothing is damaged any more"));
  EXPECT_THAT(Look(), IsEmpty());
}

TEST_F(FindingsTest, EachScanIsToldOnce) {
  const auto set = [this](JobState state, uint64_t faults, int64_t ended) {
    absl::MutexLock lock(&filesystem_.mu);
    filesystem_.scan.state = state;
    filesystem_.scan.fault_count = faults;
    filesystem_.scan.ended = absl::FromUnixSeconds(ended);
  };
  set(JobState::kRunning, 3, 0);
  EXPECT_THAT(Look(), IsEmpty());
  set(JobState::kDone, 3, 100);
  EXPECT_THAT(Look(), ElementsAre("The scan of the filesystem found 3 faults"));
  EXPECT_THAT(Look(), IsEmpty());
  set(JobState::kDone, 0, 200);
  EXPECT_THAT(Look(), ElementsAre("The scan of the filesystem found no fault"));
  // Of one group alone: the others may have faults still.
  {
    absl::MutexLock lock(&filesystem_.mu);
    filesystem_.scan.group = GroupId(1);
  }
  set(JobState::kDone, 0, 300);
  EXPECT_THAT(Look(), IsEmpty());
}

TEST_F(FindingsTest, CleanerThatFailsAndWorksAgain) {
  const auto set = [this](JobState state, int64_t ended) {
    absl::MutexLock lock(&filesystem_.mu);
    filesystem_.cleaner.state = state;
    filesystem_.cleaner.error = state == JobState::kFailed ? "no space" : "";
    filesystem_.cleaner.ended = absl::FromUnixSeconds(ended);
  };
  // It may have failed before this process was started.
  set(JobState::kDone, 50);
  EXPECT_THAT(Look(), ElementsAre("The cleaner ran to its end"));
  set(JobState::kDone, 60);
  EXPECT_THAT(Look(), IsEmpty());
  set(JobState::kFailed, 100);
  EXPECT_THAT(Look(), ElementsAre("The cleaner stopped: no space"));
  EXPECT_THAT(Look(), IsEmpty());
  set(JobState::kFailed, 150);
  EXPECT_THAT(Look(), ElementsAre("The cleaner stopped: no space"));
  set(JobState::kDone, 200);
  EXPECT_THAT(Look(), ElementsAre("The cleaner ran to its end"));
}

}  // namespace
}  // namespace oca::ocafsd
