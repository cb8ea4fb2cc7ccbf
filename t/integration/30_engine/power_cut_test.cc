// The power goes at the n-th write, sync, rename or unlink, for every n of the workload. What comes
// back is one state of the past, whole, at or after the last one that was acknowledged as durable;
// the scan finds no fault; and the repository works on.
#include <algorithm>

#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/integration/30_engine/checks.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

void CutWorkloadAt(uint64_t n, bool* was_cut) {
  SCOPED_TRACE("power cut at call " + std::to_string(n));
  io::FaultFileSystem disk;
  std::vector<State> states;
  size_t acknowledged = 0;
  disk.CutPowerAt(n);
  {
    absl::StatusOr<std::unique_ptr<Filesystem>> opened = OpenForTest(disk);
    if (opened.ok()) {
      Workload workload(**opened);
      absl::Status result = workload.Run();
      if (result.ok()) result = (*opened)->Stop();
      if (!disk.PowerIsCut()) {
        ASSERT_OK(result);
      }
      states = workload.states();
      acknowledged = workload.acknowledged();
    }
  }
  *was_cut = disk.PowerIsCut();
  disk.PowerCycle(n);
  absl::StatusOr<std::unique_ptr<Filesystem>> reopened = OpenForTest(disk);
  ASSERT_OK(reopened);
  absl::StatusOr<State> found = ReadState(**reopened);
  ASSERT_OK(found);
  if (states.empty()) states.emplace_back();
  bool known = std::find(states.begin() + static_cast<ptrdiff_t>(acknowledged), states.end(),
                         *found) != states.end();
  EXPECT_TRUE(known) << "state " << acknowledged
                     << " was acknowledged, and what came back is none from there on";
  ExpectSound(**reopened);
  ASSERT_OK((*reopened)->Stop());
}

TEST(EnginePowerCut, AtEveryCallWhatComesBackIsAWholeStateNotOlderThanAcknowledged) {
  bool was_cut = true;
  uint64_t n = 1;
  for (; was_cut && !::testing::Test::HasFailure(); ++n) CutWorkloadAt(n, &was_cut);
  RecordProperty("calls", static_cast<int>(n));
  EXPECT_GT(n, 100u);
}

}  // namespace
}  // namespace oca::engine
