// Every file of a closed repository x {a bit flipped at many places, cut in half, deleted}: what
// comes back is exact or an error, never other bytes; a fault that costs anything is found and says
// what; what is not touched stays readable; writing the data again heals.
#include <fcntl.h>

#include <algorithm>
#include <map>
#include <set>

#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/integration/30_engine/disk_image.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

ScanStatus Scan(Filesystem& filesystem, bool repair) {
  EXPECT_OK(repair ? filesystem.StartRepair(std::nullopt)
                   : filesystem.StartScan(ScanLevel::kVerifyData, std::nullopt));
  WaitWhile([&] { return filesystem.GetScanStatus().state == JobState::kRunning; });
  return filesystem.GetScanStatus();
}

class DamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    io::FaultFileSystem fs;
    ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(fs));
    StorageGroup group;
    group.name = "g";
    group.chunk_target_bytes = 8192;
    ASSERT_OK_AND_ASSIGN(group, filesystem->AddGroup(group));
    Container container;
    container.name = "c";
    container.group = group.id;
    ASSERT_OK_AND_ASSIGN(container, filesystem->AddContainer(container));
    for (int i = 0; i < 4; ++i) {
      files_["file" + std::to_string(i)] = support::RandomBytes(60'000 << i, 100 + i);
    }
    files_["copy of file3"] = files_["file3"];
    files_["small"] = "a few bytes";
    for (const auto& [name, data] : files_) {
      ASSERT_OK(WriteFile(*filesystem, container.root, name, data));
    }
    ASSERT_OK(filesystem->Stop());
    filesystem.reset();
    ReadDisk(fs, "/oca", &disk_);
  }

  // Opens the repository as `disk` has it and checks all that must hold.
  void Check(const std::string& path, const std::string& what, const Disk& disk) {
    SCOPED_TRACE(path + ": " + what);
    io::FaultFileSystem fs;
    ASSERT_NO_FATAL_FAILURE(WriteDisk(disk, fs));
    absl::StatusOr<std::unique_ptr<Filesystem>> opened = OpenForTest(fs);
    if (!opened.ok()) {
      // Only what everything else depends on may keep the repository from being served.
      EXPECT_TRUE(path == "/oca/format" || path.starts_with("/oca/names")) << opened.status();
      EXPECT_NE(MessageOf(opened.status()).find("/oca/"), std::string_view::npos)
          << "does not say where: " << opened.status();
      ++refused_;
      return;
    }
    Filesystem& filesystem = **opened;
    std::set<std::string> lost;
    ASSERT_NO_FATAL_FAILURE(ReadAll(filesystem, &lost));
    const ScanStatus scan = Scan(filesystem, /*repair=*/false);
    EXPECT_EQ(scan.state, JobState::kDone) << scan.error;
    for (const std::string& name : lost) {
      EXPECT_TRUE(
          std::any_of(scan.faults.begin(), scan.faults.end(),
                      [&](const auto& fault) { return fault.starts_with("/c/" + name + ": "); }))
          << name << " cannot be read, and the scan does not say so";
    }
    found_ += scan.fault_count > 0;
    if (path.ends_with("/index.snapshot") && what != "deleted") {
      EXPECT_FALSE(filesystem.GetHealth(std::nullopt).found_at_start.empty());
    }
    lossy_ += !lost.empty();
    partly_ += !lost.empty() && lost.size() < files_.size();
    Heal(filesystem, lost);
    EXPECT_OK(filesystem.Stop());
  }

  void ReadAll(Filesystem& filesystem, std::set<std::string>* lost) {
    ASSERT_EQ(filesystem.ListContainers().size(), 1u);
    const InodeNo root = filesystem.ListContainers()[0].root;
    for (const auto& [name, data] : files_) {
      ASSERT_OK_AND_ASSIGN(Inode inode, filesystem.Lookup(root, name));
      ASSERT_OK_AND_ASSIGN(Handle * handle, filesystem.Open(inode.ino, O_RDONLY));
      absl::StatusOr<ReadResult> read = filesystem.Read(handle, 0, 64u << 20);
      filesystem.Release(handle);
      if (read.ok()) {
        ASSERT_TRUE(read->Joined() == data) << name << ": other bytes";
      } else {
        EXPECT_EQ(ErrnoOf(read.status()), EIO) << read.status();
        lost->insert(name);
      }
    }
  }

  // Repair, then the data once more: all is well again, also after the cleaner.
  void Heal(Filesystem& filesystem, const std::set<std::string>& lost) {
    Scan(filesystem, /*repair=*/true);
    const InodeNo root = filesystem.ListContainers()[0].root;
    for (const std::string& name : lost) {
      ASSERT_OK(WriteFile(filesystem, root, name + " again", files_[name]));
    }
    std::set<std::string> still_lost;
    ASSERT_NO_FATAL_FAILURE(ReadAll(filesystem, &still_lost));
    EXPECT_TRUE(still_lost.empty()) << *still_lost.begin() << " is not healed";
    ASSERT_OK(filesystem.StartReclaim());
    WaitWhile([&] { return filesystem.GetCleanerStatus().state == JobState::kRunning; });
    EXPECT_EQ(filesystem.GetCleanerStatus().error, "");
    ASSERT_NO_FATAL_FAILURE(ReadAll(filesystem, &still_lost));
    EXPECT_TRUE(still_lost.empty()) << *still_lost.begin() << " is lost by the cleaner";
    const ScanStatus scan = Scan(filesystem, /*repair=*/false);
    EXPECT_EQ(scan.fault_count, 0u) << scan.faults[0];
    EXPECT_TRUE(filesystem.GetHealth(std::nullopt).damaged.empty());
  }

  std::map<std::string, std::string> files_;
  Disk disk_;
  int refused_ = 0, found_ = 0, lossy_ = 0, partly_ = 0;
};

TEST_F(DamageTest, EveryFlippedBitIsExactOrFound) {
  for (const auto& [path, contents] : disk_) {
    if (path.back() == '/' || contents.empty()) continue;
    constexpr size_t kPlaces = 24;
    for (size_t i = 0; i < kPlaces; ++i) {
      // Both ends closely, where headers and trailers are, the rest evenly.
      const size_t step = 7 * (i % 8) + 1;
      const size_t at = i < 8    ? std::min(step, contents.size() - 1)
                        : i < 16 ? contents.size() - std::min(step, contents.size())
                                 : contents.size() * (i - 16) / 8;
      Disk damaged = disk_;
      damaged[path][at] ^= static_cast<char>(1 << (i % 8));
      Check(path, "bit " + std::to_string(i % 8) + " of byte " + std::to_string(at), damaged);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(refused_, 0);
  EXPECT_GT(found_, 0);
  EXPECT_GT(lossy_, 0);
  EXPECT_GT(partly_, 0) << "one damage takes every file";
}

TEST_F(DamageTest, EveryTruncatedFileIsContained) {
  for (const auto& [path, contents] : disk_) {
    if (path.back() == '/' || contents.empty()) continue;
    for (size_t size : {size_t{0}, contents.size() / 2, contents.size() - 1}) {
      Disk damaged = disk_;
      damaged[path].resize(size);
      Check(path, "cut to " + std::to_string(size) + " bytes", damaged);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_GT(found_, 0);
}

TEST_F(DamageTest, EveryDeletedFileIsContained) {
  for (const auto& [path, contents] : disk_) {
    if (path.back() == '/') continue;
    Disk damaged = disk_;
    damaged.erase(path);
    Check(path, "deleted", damaged);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(found_, 0);
}

// Each pack in turn is lost while the engine runs, and the cleaner is the first to meet that.
TEST_F(DamageTest, APackThatGoesMissingStopsNobody) {
  int runs = 0;
  for (const auto& [path, contents] : disk_) {
    if (!path.ends_with(".pack")) continue;
    SCOPED_TRACE(path);
    io::FaultFileSystem fs;
    ASSERT_NO_FATAL_FAILURE(WriteDisk(disk_, fs));
    ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(fs));
    const InodeNo root = filesystem->ListContainers()[0].root;
    ASSERT_OK(filesystem->Unlink(root, "file0"));
    ASSERT_OK(filesystem->Sync());
    ASSERT_OK(fs.RemoveFile(path));
    ASSERT_OK(filesystem->StartReclaim());
    WaitWhile([&] { return filesystem->GetCleanerStatus().state == JobState::kRunning; });
    // Below a recipe that cannot be read nobody knows what lives: then nothing goes.
    const std::string error = filesystem->GetCleanerStatus().error;
    EXPECT_TRUE(error.empty() || error.ends_with("is in no pack")) << error;
    runs += error.empty();
    ASSERT_OK(WriteFile(*filesystem, root, "file0", files_["file0"]));
    std::set<std::string> lost;
    ASSERT_NO_FATAL_FAILURE(ReadAll(*filesystem, &lost));
    EXPECT_LT(lost.size(), files_.size());
    ASSERT_NO_FATAL_FAILURE(Heal(*filesystem, lost));
    ASSERT_OK(filesystem->Stop());
  }
  EXPECT_GT(runs, 0) << "every missing pack stops the cleaner";
}

TEST_F(DamageTest, NamesThatAreGoneAreNoNewRepository) {
  Disk damaged;
  for (const auto& [path, contents] : disk_) {
    if (!path.starts_with("/oca/names")) damaged[path] = contents;
  }
  io::FaultFileSystem fs;
  WriteDisk(damaged, fs);
  for (int i = 0; i < 2; ++i) {  // the second look must not find what the first one made
    EXPECT_THAT(OpenForTest(fs).status(), support::StatusIs(absl::StatusCode::kDataLoss));
  }
}

// After a crash no seal tells that anything is missing.
TEST_F(DamageTest, NamesWithoutTheirBeginningKeepWhatIsLeftOfThem) {
  Disk damaged = disk_;
  damaged.erase("/oca/names.seal");
  damaged.erase("/oca/names/CURRENT");
  io::FaultFileSystem fs;
  WriteDisk(damaged, fs);
  for (int i = 0; i < 2; ++i) {
    const absl::Status refused = OpenForTest(fs).status();
    EXPECT_THAT(refused, support::StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_NE(MessageOf(refused).find("ofsck"), std::string_view::npos) << refused;
  }
  ASSERT_OK(io::WriteFileAtomically(fs, "/oca/names/CURRENT", disk_["/oca/names/CURRENT"]));
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(fs));
  std::set<std::string> lost;
  ReadAll(*filesystem, &lost);
  EXPECT_TRUE(lost.empty());
}

TEST_F(DamageTest, DamagedFormatFileStopsEverything) {
  Disk damaged = disk_;
  damaged["/oca/format"][20] ^= 1;
  io::FaultFileSystem fs;
  WriteDisk(damaged, fs);
  EXPECT_THAT(OpenForTest(fs).status(), support::StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace oca::engine
