// The power goes at every call of the disk while the performance tier is made and used for the
// first time.
#include <functional>
#include <map>
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

using TierFiles = std::map<std::string, std::string>;

// The group of this name, made when it is not there.
absl::StatusOr<StorageGroup> TierGroup(Filesystem& filesystem) {
  for (const StorageGroup& group : filesystem.ListGroups()) {
    if (group.name == "PerformanceTier") return group;
  }
  StorageGroup group;
  group.name = "PerformanceTier";
  group.performance_tier = true;
  return filesystem.AddGroup(group);
}

absl::StatusOr<InodeNo> TierContainer(Filesystem& filesystem, const StorageGroup& group) {
  for (const Container& container : filesystem.ListContainers()) {
    if (container.name == "c") return container.root;
  }
  Container container;
  container.name = "c";
  container.group = group.id;
  OCA_ASSIGN_OR_RETURN(container, filesystem.AddContainer(container));
  return container.root;
}

// As the configuration does it: the path, the group, a container, files.
void MakeTier(Filesystem& filesystem, const std::string& file, TierFiles* acknowledged) {
  const absl::Status added = filesystem.AddStoragePath("/fast", true).status();
  if (!added.ok() && !absl::IsAlreadyExists(added)) return;
  absl::StatusOr<StorageGroup> group = TierGroup(filesystem);
  if (!group.ok()) return;
  absl::StatusOr<InodeNo> root = TierContainer(filesystem, *group);
  if (!root.ok()) return;
  const std::string data = support::RandomBytes(200'000, std::hash<std::string>()(file));
  if (WriteFile(filesystem, *root, file, data).ok()) (*acknowledged)[file] = data;
}

void CutTierAt(uint64_t n, bool* was_cut) {
  SCOPED_TRACE("power cut at call " + std::to_string(n));
  io::FaultFileSystem disk;
  ASSERT_OK(disk.CreateDir("/fast"));
  ASSERT_OK(disk.SyncDir("/"));
  TierFiles acknowledged;
  {
    absl::StatusOr<std::unique_ptr<Filesystem>> opened = OpenForTest(disk);
    ASSERT_OK(opened);
    disk.CutPowerAt(n);
    MakeTier(**opened, "first", &acknowledged);
    if (!(*opened)->Stop().ok()) {
      EXPECT_TRUE(disk.PowerIsCut());
    }
  }
  *was_cut = disk.PowerIsCut();
  if (!*was_cut) {
    EXPECT_EQ(acknowledged.size(), 1u);
  }
  disk.PowerCycle(n);
  absl::StatusOr<std::unique_ptr<Filesystem>> reopened = OpenForTest(disk);
  ASSERT_OK(reopened);
  // Asked again, it is made whole, whatever was there.
  MakeTier(**reopened, "second", &acknowledged);
  EXPECT_TRUE(acknowledged.contains("second"));
  ASSERT_EQ((*reopened)->ListStoragePaths().size(), 2u);
  EXPECT_EQ((*reopened)->ListStoragePaths().at(1).state, StoragePathStatus::State::kOnline);
  EXPECT_TRUE((*reopened)->ListStoragePaths().at(1).tier);
  ExpectKept(**reopened, acknowledged);
  ExpectSound(**reopened);
  ASSERT_OK((*reopened)->Stop());
}

TEST(PerformanceTierCrash, AtEveryCallItIsMadeOrCanBeAndNothingIsLost) {
  bool was_cut = true;
  uint64_t n = 1;
  for (; was_cut && !::testing::Test::HasFailure(); ++n) CutTierAt(n, &was_cut);
  EXPECT_GT(n, 30u);
}

}  // namespace
}  // namespace oca::engine
