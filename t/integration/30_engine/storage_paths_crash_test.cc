// The power goes at every call of the disk while a storage path is added and used for the first
// time.
#include <fcntl.h>
#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/integration/30_engine/checks.h"
#include "t/integration/30_engine/disk_image.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

using support::RandomBytes;

void CutWithPathsAt(uint64_t n, bool* was_cut) {
  SCOPED_TRACE("power cut at call " + std::to_string(n));
  io::FaultFileSystem disk;
  ASSERT_OK(disk.CreateDir("/two"));
  ASSERT_OK(disk.SyncDir("/"));
  State acknowledged;
  bool added = false;
  {
    absl::StatusOr<std::unique_ptr<Filesystem>> opened = OpenForTest(disk);
    ASSERT_OK(opened);
    ASSERT_OK_AND_ASSIGN(const InodeNo root, MakeContainer(**opened));
    const auto put = [&](const std::string& name) {
      const std::string data = RandomBytes(300'000, std::hash<std::string>()(name));
      if (WriteFile(**opened, root, name, data).ok()) acknowledged[name] = data;
    };
    put("before");
    disk.CutPowerAt(n);
    added = (*opened)->AddStoragePath("/two").ok();
    put("after");
    if (!(*opened)->Stop().ok()) {
      EXPECT_TRUE(disk.PowerIsCut());
    }
  }
  *was_cut = disk.PowerIsCut();
  disk.PowerCycle(n);
  absl::StatusOr<std::unique_ptr<Filesystem>> reopened = OpenForTest(disk);
  ASSERT_OK(reopened);
  const size_t paths = (*reopened)->ListStoragePaths().size() - 1;
  if (added) {
    EXPECT_EQ(paths, 1u);
  }
  if (paths == 0) {
    EXPECT_OK((*reopened)->AddStoragePath("/two"));
  } else {
    EXPECT_EQ((*reopened)->ListStoragePaths().at(1).state, StoragePathStatus::State::kOnline);
  }
  ExpectKept(**reopened, acknowledged);
  ExpectSound(**reopened);
  ASSERT_OK((*reopened)->Stop());
}

TEST(StoragePathsCrash, AtEveryCallThePathIsAddedOrNotAndNothingIsLost) {
  bool was_cut = true;
  uint64_t n = 1;
  for (; was_cut && !::testing::Test::HasFailure(); ++n) CutWithPathsAt(n, &was_cut);
  EXPECT_GT(n, 50u);
}

}  // namespace
}  // namespace oca::engine
