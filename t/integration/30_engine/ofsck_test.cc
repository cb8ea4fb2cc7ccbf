// ofsck on every file of a closed repository x {bits flipped, cut, deleted}: found, with nothing
// changed by the check; repaired as far as that goes; what is whole stays whole. And names made
// from recipes.
#include <algorithm>
#include <set>

#include "fs/tools/examine.h"
#include "fs/tools/rebuild_names.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/overlay_file_system.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/integration/30_engine/disk_image.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::ofsck {
namespace {

using engine::Disk;
using engine::Filesystem;
using testing::Contains;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class OfsckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    io::MemoryFileSystem fs;
    ASSERT_OK_AND_ASSIGN(auto filesystem, engine::OpenForTest(fs));
    engine::StorageGroup group;
    group.name = "g";
    group.chunk_target_bytes = 8192;
    ASSERT_OK_AND_ASSIGN(group, filesystem->AddGroup(group));
    engine::Container container;
    container.name = "c";
    container.group = group.id;
    ASSERT_OK_AND_ASSIGN(container, filesystem->AddContainer(container));
    for (int i = 0; i < 3; ++i) {
      files_["file" + std::to_string(i)] = support::RandomBytes(100'000 << i, 200 + i);
    }
    files_["small"] = "a few bytes";
    for (const auto& [name, data] : files_) {
      ASSERT_OK(engine::WriteFile(*filesystem, container.root, name, data));
    }
    ASSERT_OK(filesystem->Stop());
    filesystem.reset();
    engine::ReadDisk(fs, "/oca", &disk_);
  }

  static engine::Options OptionsOn(io::FileSystem& fs) {
    engine::Options options;
    options.fs = &fs;
    options.clock = &SystemClock();
    options.dir = "/oca";
    options.memory_budget_bytes = 128u << 20;
    options.workers = 1;
    options.cleaning.automatic = false;
    options.pack_target_bytes = 64u << 10;
    return options;
  }
  static Findings Check(io::FileSystem& fs) {
    Findings found(nullptr);
    io::OverlayFileSystem overlay(fs, {"/oca", "/fast"});
    EXPECT_OK(Examine({.engine = OptionsOn(overlay)}, &found));
    return found;
  }
  static Disk ImageOf(io::FileSystem& fs) {
    Disk image;
    engine::ReadDisk(fs, "/oca", &image);
    return image;
  }

  // Names of files that cannot be read; others must be exact.
  std::set<std::string> Lost(io::FileSystem& fs) {
    std::set<std::string> lost;
    absl::StatusOr<std::unique_ptr<Filesystem>> filesystem = engine::OpenForTest(fs);
    EXPECT_OK(filesystem);
    if (!filesystem.ok()) return lost;
    const InodeNo root = (*filesystem)->ListContainers().at(0).root;
    for (const auto& [name, data] : files_) {
      absl::StatusOr<engine::Inode> inode = (*filesystem)->Lookup(root, name);
      if (!inode.ok()) {
        lost.insert(name);
        continue;
      }
      absl::StatusOr<engine::Handle*> handle = (*filesystem)->Open(inode->ino, O_RDONLY);
      EXPECT_OK(handle);
      absl::StatusOr<engine::ReadResult> read = (*filesystem)->Read(*handle, 0, 64u << 20);
      (*filesystem)->Release(*handle);
      if (!read.ok()) {
        lost.insert(name);
      } else {
        EXPECT_TRUE(read->Joined() == data) << name << ": other bytes";
      }
    }
    return lost;
  }

  // Damage is found by a check that changes nothing, and after a repair nothing is wrong but files
  // that lost something, each named.
  void CheckAndRepair(const std::string& path, const std::string& what, const Disk& damaged) {
    SCOPED_TRACE(path + ": " + what);
    io::MemoryFileSystem fs;
    ASSERT_NO_FATAL_FAILURE(engine::WriteDisk(damaged, fs));
    const Findings found = Check(fs);
    EXPECT_TRUE(ImageOf(fs) == damaged) << "a check changed something";
    if (found.faults().empty()) {  // what fills a pack up to where its footer begins says nothing
      EXPECT_TRUE(path.ends_with(".pack")) << "not found";
      EXPECT_THAT(Lost(fs), IsEmpty());
      ++harmless_;
      return;
    }

    Findings done(nullptr);
    ASSERT_OK(Examine({.engine = OptionsOn(fs), .repair = true}, &done));
    const Findings left = Check(fs);
    if (!engine::OpenForTest(fs).ok()) {  // names: their own repair is a rebuild
      EXPECT_THAT(left.faults(), Not(IsEmpty()));
      ++refused_;
      return;
    }
    // Names that differ from their seal are an older state, where files may be missing.
    if (path.starts_with("/oca/names/")) return;
    const std::set<std::string> lost = Lost(fs);
    for (const std::string& name : lost) {
      EXPECT_THAT(left.faults(), Contains(StartsWith("/c/" + name + ": ")));
    }
    if (lost.empty()) {
      EXPECT_THAT(left.faults(), IsEmpty());
    }
    repaired_ += lost.empty();
    lossy_ += !lost.empty();
  }

  std::map<std::string, std::string> files_;
  Disk disk_;
  int refused_ = 0, repaired_ = 0, lossy_ = 0, harmless_ = 0;
};

TEST_F(OfsckTest, WholeRepositoryHasNoFaults) {
  io::MemoryFileSystem fs;
  engine::WriteDisk(disk_, fs);
  const Findings found = Check(fs);
  EXPECT_THAT(found.faults(), IsEmpty());
  EXPECT_THAT(found.unchecked(), IsEmpty());
  EXPECT_TRUE(ImageOf(fs) == disk_);
}

TEST_F(OfsckTest, EveryFlippedBitIsFound) {
  for (const auto& [path, contents] : disk_) {
    if (path.back() == '/' || contents.empty()) continue;
    for (size_t i = 0; i < 8; ++i) {
      const size_t at = i * (contents.size() - 1) / 7;
      Disk damaged = disk_;
      damaged[path][at] ^= static_cast<char>(1 << i);
      CheckAndRepair(path, "byte " + std::to_string(at), damaged);
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(refused_, 0);
  EXPECT_GT(repaired_, 0);
  EXPECT_GT(lossy_, 0);
  EXPECT_LT(harmless_, repaired_);
}

TEST_F(OfsckTest, EveryCutOrDeletedFileIsFound) {
  // By themselves these say nothing that is needed: their absence is no fault.
  const auto may_be_missing = [](const std::string& path) {
    return path.ends_with("/lock") || path.ends_with("/LOCK") || path.ends_with("/health") ||
           path.ends_with("/names.seal") || path.ends_with("/index.snapshot") ||
           path.ends_with("/references");
  };
  for (const auto& [path, contents] : disk_) {
    if (path.back() == '/') continue;
    if (!contents.empty()) {
      Disk damaged = disk_;
      damaged[path].resize(contents.size() / 2);
      CheckAndRepair(path, "cut in half", damaged);
    }
    if (!may_be_missing(path)) {
      Disk damaged = disk_;
      damaged.erase(path);
      CheckAndRepair(path, "deleted", damaged);
    }
    if (HasFailure()) return;
  }
}

TEST_F(OfsckTest, NamesAreMadeFromRecipes) {
  Disk damaged;
  for (const auto& [path, contents] : disk_) {
    if (!path.starts_with("/oca/names")) damaged[path] = contents;
  }
  io::MemoryFileSystem fs;
  engine::WriteDisk(damaged, fs);
  EXPECT_THAT(Check(fs).faults(), Not(IsEmpty()));
  Findings done(nullptr);
  ASSERT_OK(RebuildNames(OptionsOn(fs), "", &done));
  EXPECT_THAT(Check(fs).faults(), IsEmpty());

  ASSERT_OK_AND_ASSIGN(auto filesystem, engine::OpenForTest(fs));
  ASSERT_EQ(filesystem->ListContainers().size(), 1u);
  EXPECT_EQ(filesystem->ListContainers()[0].name, "lost-found-1");
  ASSERT_OK_AND_ASSIGN(engine::Inode folder,
                       filesystem->Lookup(filesystem->ListContainers()[0].root, "container-1"));
  std::multiset<std::string> found, wanted;
  for (const auto& [name, data] : files_) wanted.insert(data);
  ASSERT_OK(filesystem->ReadDir(folder.ino, 0, [&](const engine::DirEntry& entry) {
    absl::StatusOr<engine::Handle*> handle = filesystem->Open(entry.ino, O_RDONLY);
    EXPECT_OK(handle);
    absl::StatusOr<engine::ReadResult> read = filesystem->Read(*handle, 0, 64u << 20);
    filesystem->Release(*handle);
    EXPECT_OK(read);
    found.insert(read->Joined());
    return true;
  }));
  EXPECT_TRUE(found == wanted);

  // Nothing of it is taken for garbage.
  ASSERT_OK(filesystem->StartReclaim());
  engine::WaitWhile(
      [&] { return filesystem->GetCleanerStatus().state == engine::JobState::kRunning; });
  ASSERT_OK(filesystem->StartScan(engine::ScanLevel::kVerifyData, std::nullopt));
  engine::WaitWhile(
      [&] { return filesystem->GetScanStatus().state == engine::JobState::kRunning; });
  EXPECT_EQ(filesystem->GetScanStatus().fault_count, 0u);
  EXPECT_OK(filesystem->Stop());
}

TEST_F(OfsckTest, AGroupOfThePerformanceTierIsMadeAsOneAgain) {
  io::MemoryFileSystem fs;
  engine::WriteDisk(disk_, fs);
  ASSERT_OK(fs.CreateDir("/fast"));
  const std::string data = support::RandomBytes(100'000, 77);
  {
    ASSERT_OK_AND_ASSIGN(auto filesystem, engine::OpenForTest(fs));
    ASSERT_OK(filesystem->AddStoragePath("/fast", true).status());
    engine::StorageGroup group;
    group.name = "PerformanceTier";
    group.performance_tier = true;
    ASSERT_OK_AND_ASSIGN(group, filesystem->AddGroup(group));
    engine::Container container;
    container.name = "vm";
    container.group = group.id;
    ASSERT_OK_AND_ASSIGN(container, filesystem->AddContainer(container));
    ASSERT_OK(engine::WriteFile(*filesystem, container.root, "image", data));
    ASSERT_OK(filesystem->Stop());
  }
  EXPECT_THAT(Check(fs).faults(), IsEmpty());
  Disk names;
  engine::ReadDisk(fs, "/oca/names", &names);
  for (const auto& [path, contents] : names) {
    if (path.back() != '/') {
      ASSERT_OK(fs.RemoveFile(path));
    }
  }
  ASSERT_OK(fs.RemoveDir("/oca/names"));
  Findings done(nullptr);
  ASSERT_OK(RebuildNames(OptionsOn(fs), "", &done));
  EXPECT_THAT(Check(fs).faults(), IsEmpty());
  ASSERT_OK_AND_ASSIGN(auto filesystem, engine::OpenForTest(fs));
  ASSERT_EQ(filesystem->ListGroups().size(), 2u);
  EXPECT_FALSE(filesystem->ListGroups()[0].performance_tier);
  EXPECT_TRUE(filesystem->ListGroups()[1].performance_tier);
  EXPECT_EQ(filesystem->ListGroups()[1].name, "PerformanceTier");
  ASSERT_EQ(filesystem->ListContainers().size(), 2u);
  const InodeNo root = filesystem->ListContainers()[1].root;
  ASSERT_OK_AND_ASSIGN(engine::Inode folder, filesystem->Lookup(root, "container-2"));
  EXPECT_EQ(folder.entries, 1u);
  EXPECT_OK(filesystem->Stop());
}

}  // namespace
}  // namespace oca::ofsck
