// One call of the disk fails, at every place of the workload in turn. The caller of the engine gets
// an error or does not notice; what was acknowledged stays readable, nothing false is readable, and
// after a restart all is sound.
#include <algorithm>
#include <cerrno>

#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/integration/30_engine/checks.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

void FailOnceAt(uint64_t n, int error_number, bool* failed) {
  SCOPED_TRACE("error " + std::to_string(error_number) + " at call " + std::to_string(n));
  io::FaultFileSystem disk;
  uint64_t calls = 0;
  std::vector<State> states{State()};
  size_t acknowledged = 0;
  disk.FailAt(n, error_number);
  {
    absl::StatusOr<std::unique_ptr<Filesystem>> opened = OpenForTest(disk);
    if (opened.ok()) {
      Workload workload(**opened);
      (void)workload.Run();
      states = workload.states();
      acknowledged = workload.acknowledged();
      calls = disk.MutatingCalls();
      (void)(*opened)->Stop();
    } else {
      calls = n;
    }
  }
  *failed = calls >= n;
  disk.ClearFaults();
  absl::StatusOr<std::unique_ptr<Filesystem>> reopened = OpenForTest(disk);
  ASSERT_OK(reopened);
  absl::StatusOr<State> found = ReadState(**reopened);
  ASSERT_OK(found);
  bool known = std::find(states.begin() + static_cast<ptrdiff_t>(acknowledged), states.end(),
                         *found) != states.end();
  EXPECT_TRUE(known) << "state " << acknowledged << " of " << states.size() << " was acknowledged";
  ASSERT_OK((*reopened)->Stop());
}

TEST(EngineIoError, EveryCallMayFailOnceWithoutLosingWhatWasAcknowledged) {
  bool failed = true;
  for (uint64_t n = 1; failed && !::testing::Test::HasFailure(); ++n)
    FailOnceAt(n, n % 2 == 0 ? EIO : ENOSPC, &failed);
}

TEST(EngineIoError, GroupThatCouldNotBeMadeIsNotThereAndCanBeMadeLater) {
  io::FaultFileSystem disk;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk));
  disk.FailMatching(io::Op::kCreate, "/groups", ENOSPC);
  EXPECT_ERRNO(MakeContainer(*filesystem).status(), ENOSPC);
  EXPECT_TRUE(filesystem->ListGroups().empty());
  disk.ClearFaults();
  ASSERT_OK(MakeContainer(*filesystem));
  ExpectSound(*filesystem);
  ASSERT_OK(filesystem->Stop());
}

}  // namespace
}  // namespace oca::engine
