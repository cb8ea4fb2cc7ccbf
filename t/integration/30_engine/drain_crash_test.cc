// The power goes at every call of the disk while a storage path is drained and removed.
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

// Drains the path until it is removed, or nothing works any more.
void DrainAll(Filesystem& filesystem, io::FaultFileSystem& disk) {
  for (int i = 0; i < 50 && filesystem.ListStoragePaths().size() > 1 && !disk.PowerIsCut(); ++i) {
    (void)filesystem.DrainStoragePath("/two");
    (void)filesystem.StartReclaim();
    WaitWhile([&] { return filesystem.GetCleanerStatus().state == JobState::kRunning; });
  }
}

void CutDrainAt(uint64_t n, bool* was_cut) {
  SCOPED_TRACE("power cut at call " + std::to_string(n));
  io::FaultFileSystem disk;
  ASSERT_OK(disk.CreateDir("/two"));
  ASSERT_OK(disk.SyncDir("/"));
  State acknowledged;
  {
    absl::StatusOr<std::unique_ptr<Filesystem>> opened = OpenForTest(disk);
    ASSERT_OK(opened);
    ASSERT_OK_AND_ASSIGN(const InodeNo root, MakeContainer(**opened));
    ASSERT_OK((*opened)->AddStoragePath("/two").status());
    for (const std::string name : {"one", "two", "three"}) {
      acknowledged[name] = support::RandomBytes(150'000, std::hash<std::string>()(name));
      ASSERT_OK(WriteFile(**opened, root, name, acknowledged[name]));
    }
    ASSERT_GT((*opened)->ListStoragePaths().at(1).packs, 0u);
    disk.CutPowerAt(n);
    DrainAll(**opened, disk);
    if (!(*opened)->Stop().ok()) {
      EXPECT_TRUE(disk.PowerIsCut());
    }
  }
  *was_cut = disk.PowerIsCut();
  disk.PowerCycle(n);
  absl::StatusOr<std::unique_ptr<Filesystem>> reopened = OpenForTest(disk);
  ASSERT_OK(reopened);
  absl::StatusOr<State> found = ReadState(**reopened);
  ASSERT_OK(found);
  EXPECT_TRUE(*found == acknowledged);
  DrainAll(**reopened, disk);
  EXPECT_EQ((*reopened)->ListStoragePaths().size(), 1u);
  found = ReadState(**reopened);
  ASSERT_OK(found);
  EXPECT_TRUE(*found == acknowledged);
  ExpectSound(**reopened);
  // What is left of the folder can be used again.
  EXPECT_OK((*reopened)->AddStoragePath("/two").status());
  ASSERT_OK((*reopened)->Stop());
}

TEST(DrainCrash, AtEveryCallNothingIsLostAndTheDrainGoesOn) {
  bool was_cut = true;
  uint64_t n = 1;
  for (; was_cut && !::testing::Test::HasFailure(); ++n) CutDrainAt(n, &was_cut);
  EXPECT_GT(n, 30u);
}

}  // namespace
}  // namespace oca::engine
