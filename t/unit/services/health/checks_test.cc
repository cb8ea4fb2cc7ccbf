#include "services/health/checks.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/event/event.h"
#include "t/support/status_matchers.h"

namespace oca::health {
namespace {

using event::Severity;
using testing::ElementsAre;
using testing::IsEmpty;

class ChecksTest : public testing::Test {
 protected:
  // Names and subjects of the events that the reading makes; they change what stands.
  std::vector<std::string> Judged() {
    std::vector<std::string> names;
    for (const event::v1::Event& event : Judge(reading_, standing_)) {
      const event::Definition& definition = *event::Find(event.number());
      const std::string subject(event::SubjectOf(event));
      names.push_back(std::string(definition.name) + (subject.empty() ? "" : " " + subject));
      std::erase_if(standing_, [&](const auto& one) {
        return one.condition == definition.condition && one.subject == subject;
      });
      if (definition.effect == event::Effect::kRaises) {
        standing_.push_back({std::string(definition.condition), subject, definition.severity});
      }
    }
    return names;
  }
  fs::v1::StorageGroupStats* AddGroup(const std::string& name, uint32_t id) {
    if (!reading_.filesystem.has_value()) reading_.filesystem.emplace();
    auto& group = reading_.filesystem->groups.emplace_back();
    group.set_name(name);
    group.set_id(id);
    return &group;
  }

  Reading reading_;
  std::vector<Recorder::Standing> standing_;
};

TEST_F(ChecksTest, DiskGetsWorseAndBetterWithAMargin) {
  reading_.disks = {{"/d", 1000, 200}};
  EXPECT_THAT(Judged(), IsEmpty());
  reading_.disks[0].free_bytes = 99;
  EXPECT_THAT(Judged(), ElementsAre("disk_space_low /d"));
  EXPECT_THAT(Judged(), IsEmpty());
  reading_.disks[0].free_bytes = 29;
  EXPECT_THAT(Judged(), ElementsAre("disk_space_exhausted /d"));
  reading_.disks[0].free_bytes = 45;  // back over the limit, but not by the margin
  EXPECT_THAT(Judged(), IsEmpty());
  reading_.disks[0].free_bytes = 60;
  EXPECT_THAT(Judged(), ElementsAre("disk_space_low /d"));
  reading_.disks[0].free_bytes = 115;
  EXPECT_THAT(Judged(), IsEmpty());
  reading_.disks[0].free_bytes = 125;
  EXPECT_THAT(Judged(), ElementsAre("disk_space_enough /d"));
  // What cannot be read says nothing.
  reading_.disks[0].free_bytes = 10;
  Judged();
  reading_.disks.clear();
  EXPECT_THAT(Judged(), IsEmpty());
}

TEST_F(ChecksTest, Memory) {
  reading_.memory = {1000, 40};
  EXPECT_THAT(Judged(), ElementsAre("memory_low"));
  reading_.memory = {1000, 70};
  EXPECT_THAT(Judged(), IsEmpty());
  reading_.memory = {0, 0};
  EXPECT_THAT(Judged(), IsEmpty());
  reading_.memory = {1000, 90};
  EXPECT_THAT(Judged(), ElementsAre("memory_enough"));
}

TEST_F(ChecksTest, ProcessesAsWatcherSeesThem) {
  reading_.processes = {{"ocafsd", "up"}, {"nhm", "given_up"}};
  EXPECT_THAT(Judged(), ElementsAre("process_given_up nhm"));
  reading_.processes[1].word = "starts";
  EXPECT_THAT(Judged(), IsEmpty());
  reading_.processes[1].word = "up";
  EXPECT_THAT(Judged(), ElementsAre("process_serves nhm"));
}

TEST_F(ChecksTest, Certificates) {
  reading_.certificates = {{"/tls/a", 29}, {"/tls/b", 31}};
  EXPECT_THAT(Judged(), ElementsAre("certificate_expires /tls/a"));
  reading_.certificates[0].days_left = 365;
  EXPECT_THAT(Judged(), ElementsAre("certificate_valid /tls/a"));
}

TEST_F(ChecksTest, QuotasDamageAndTheCleanersDebt) {
  auto* group = AddGroup("vms", 3);
  group->set_quota_bytes(1000);
  group->set_physical_bytes(950);
  EXPECT_THAT(Judged(), ElementsAre("quota_nearly_used vms"));
  group->set_physical_bytes(1000);
  EXPECT_THAT(Judged(), ElementsAre("quota_used vms"));
  group->set_quota_bytes(0);
  EXPECT_THAT(Judged(), ElementsAre("quota_has_room vms"));

  reading_.filesystem->health.add_damaged()->set_group_id(3);
  EXPECT_THAT(Judged(), ElementsAre("data_damaged vms"));
  reading_.filesystem->health.clear_damaged();
  EXPECT_THAT(Judged(), ElementsAre("data_healed vms"));

  group->set_physical_bytes(8ull << 30);
  reading_.filesystem->cleaner.set_debt_bytes(3ull << 30);
  EXPECT_THAT(Judged(), ElementsAre("cleaner_behind"));
  reading_.filesystem->cleaner.set_debt_bytes(3ull << 29);
  EXPECT_THAT(Judged(), IsEmpty());
  // ocafsd is down: nothing is known.
  const FilesystemState state = *reading_.filesystem;
  reading_.filesystem.reset();
  EXPECT_THAT(Judged(), IsEmpty());
  reading_.filesystem = state;
  reading_.filesystem->cleaner.set_debt_bytes(1 << 20);
  EXPECT_THAT(Judged(), ElementsAre("cleaner_caught_up"));
}

TEST(Reading, MemoryOfProcMeminfo) {
  const Memory memory =
      ParseMemory("MemTotal:        8000 kB\nMemFree: 1 kB\nMemAvailable:    4000 kB\n");
  EXPECT_EQ(memory.total_bytes, 8000u << 10);
  EXPECT_EQ(memory.available_bytes, 4000u << 10);
  EXPECT_EQ(ParseMemory("nonsense").total_bytes, 0u);
}

TEST(Reading, ProcessesOfWatchersStatus) {
  const auto processes = ParseProcesses("ocafsd up 12 0\nnhm given_up 0 10\n\nbad\n");
  ASSERT_EQ(processes.size(), 2u);
  EXPECT_EQ(processes[1].name, "nhm");
  EXPECT_EQ(processes[1].word, "given_up");
}

}  // namespace
}  // namespace oca::health
