// An engine on a simulated disk, with storage paths that can be filled, taken away and brought
// back.
#ifndef OCA_T_INTEGRATION_30_ENGINE_STORAGE_PATHS_FIXTURE_H_
#define OCA_T_INTEGRATION_30_ENGINE_STORAGE_PATHS_FIXTURE_H_

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "fmt/format.h"
#include "fs/engine/filesystem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/io/testing/fault_file_system.h"
#include "lib/io/testing/mount_file_system.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::engine {

using PathState = StoragePathStatus::State;

inline constexpr size_t kMiB = 1u << 20;

// Home, and two disks that may be mounted beside it.
class StoragePathsFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(base_.CreateDir("/two"));
    ASSERT_OK(base_.CreateDir("/three"));
    ASSERT_OK(base_.SyncDir("/"));
    mounts_.Mount("/two", two_);
    Open();
    MakeGroup("g", false, &group_, &root_);
  }
  // A group with one container.
  void MakeGroup(const std::string& name, bool tier, GroupId* id, InodeNo* root) {
    StorageGroup group;
    group.name = name;
    group.performance_tier = tier;
    ASSERT_OK_AND_ASSIGN(group, filesystem_->AddGroup(group));
    *id = group.id;
    Container container;
    container.name = "c-" + name;
    container.group = group.id;
    ASSERT_OK_AND_ASSIGN(container, filesystem_->AddContainer(container));
    *root = container.root;
  }
  void TearDown() override {
    if (filesystem_ != nullptr) {
      EXPECT_OK(filesystem_->Stop());
    }
  }

  void Open() {
    filesystem_.reset();
    Options options;
    options.fs = &mounts_;
    options.clock = &SystemClock();
    options.dir = "/oca";
    options.commit_interval = absl::Hours(1);
    options.memory_budget_bytes = 64u << 20;
    options.workers = 2;
    options.pack_target_bytes = 256u << 10;
    options.reserve_bytes = kMiB;
    options.cleaning.moves = moves_;
    absl::StatusOr<std::unique_ptr<Filesystem>> opened = Filesystem::Open(options);
    ASSERT_OK(opened);
    filesystem_ = *std::move(opened);
  }
  void Reopen() {
    ASSERT_OK(filesystem_->Stop());
    Open();
  }

  // Random contents of this name, which nothing else has.
  void Put(const std::string& name, bool sync = true, size_t bytes = 2 * kMiB) {
    files_[name] = support::RandomBytes(bytes, std::hash<std::string>()(name));
    PutData(name, files_[name], sync);
  }
  void PutData(const std::string& name, const std::string& data, bool sync) {
    NewInode what;
    what.mode = S_IFREG | 0644;
    roots_[name] = root_;
    ASSERT_OK_AND_ASSIGN(Inode inode, filesystem_->Create(root_, name, what));
    ASSERT_OK_AND_ASSIGN(Handle * handle, filesystem_->Open(inode.ino, O_WRONLY));
    EXPECT_OK(filesystem_->Write(handle, 0, data, false));
    EXPECT_OK(filesystem_->Flush(handle));
    if (sync) {
      EXPECT_OK(filesystem_->Fsync(inode.ino));
    }
    filesystem_->Release(handle);
  }
  InodeNo RootOf(const std::string& name) {
    auto it = roots_.find(name);
    return it == roots_.end() ? root_ : it->second;
  }
  absl::StatusOr<std::string> Read(const std::string& name) {
    OCA_ASSIGN_OR_RETURN(Inode inode, filesystem_->Lookup(RootOf(name), name));
    OCA_ASSIGN_OR_RETURN(Handle * handle, filesystem_->Open(inode.ino, O_RDONLY));
    absl::StatusOr<ReadResult> read = filesystem_->Read(handle, 0, 64 * kMiB);
    filesystem_->Release(handle);
    if (!read.ok()) return read.status();
    return read->Joined();
  }
  void ExpectWhole(const std::string& name) {
    SCOPED_TRACE(name);
    absl::StatusOr<std::string> data = Read(name);
    ASSERT_OK(data);
    EXPECT_TRUE(*data == files_[name]);
  }
  void ExpectMissing(const std::string& name) {
    const absl::Status status = Read(name).status();
    EXPECT_EQ(ErrnoOf(status), EIO) << name;
    EXPECT_TRUE(absl::StrContains(status.message(), "/two")) << status;
  }
  void ExpectAllWhole() {
    for (const auto& [name, data] : files_) ExpectWhole(name);
  }
  // From here on packs lie in the path alone, until GiveRoom.
  void FillHome() {
    ASSERT_OK_AND_ASSIGN(io::SpaceInfo space, base_.Space("/"));
    base_.SetCapacity(space.total_bytes - space.available_bytes + kMiB + 200'000);
  }
  void GiveRoom() { base_.SetCapacity(uint64_t{1} << 40); }
  StoragePathStatus Two() { return filesystem_->ListStoragePaths().at(1); }
  size_t Paths() { return filesystem_->ListStoragePaths().size() - 1; }
  void Add() {
    ASSERT_OK_AND_ASSIGN(StoragePathStatus added, filesystem_->AddStoragePath("/two"));
    EXPECT_EQ(added.dir, "/two");
    EXPECT_EQ(added.state, PathState::kOnline);
  }
  void Lose() {
    mounts_.Unmount("/two");
    ASSERT_OK(filesystem_->RescanStoragePaths());
    EXPECT_EQ(Two().state, PathState::kMissing);
  }
  void BringBack() {
    mounts_.Mount("/two", two_);
    ASSERT_OK(filesystem_->RescanStoragePaths());
    EXPECT_EQ(Two().state, PathState::kOnline);
  }
  void BringBackDraining() {
    mounts_.Mount("/two", two_);
    ASSERT_OK(filesystem_->RescanStoragePaths());
  }
  std::vector<std::string> Scan() {
    EXPECT_OK(filesystem_->StartScan(ScanLevel::kVerifyData, std::nullopt));
    WaitWhile([&] { return filesystem_->GetScanStatus().state == JobState::kRunning; });
    EXPECT_EQ(filesystem_->GetScanStatus().state, JobState::kDone);
    return filesystem_->GetScanStatus().faults;
  }
  CleanerStatus Reclaim() {
    EXPECT_OK(filesystem_->StartReclaim());
    WaitWhile([&] { return filesystem_->GetCleanerStatus().state == JobState::kRunning; });
    return filesystem_->GetCleanerStatus();
  }
  void Remove(const std::string& name) {
    ASSERT_OK(filesystem_->Unlink(RootOf(name), name));
    files_.erase(name);
  }

  // Pack files of the group in a folder of `fs` that holds groups.
  static size_t PacksOf(io::FileSystem& fs, const std::string& dir, GroupId group) {
    const std::string packs = io::JoinPath(dir, fmt::format("groups/{:08x}/packs", group.value));
    size_t found = 0;
    for (const std::string& fan : fs.List(packs).value_or(std::vector<std::string>())) {
      for (const std::string& name :
           fs.List(io::JoinPath(packs, fan)).value_or(std::vector<std::string>())) {
        found += absl::EndsWith(name, ".pack") ? 1 : 0;
      }
    }
    return found;
  }

  io::FaultFileSystem base_, two_, three_;
  io::MountFileSystem mounts_{base_};
  std::unique_ptr<Filesystem> filesystem_;
  bool moves_ = true;  // as Cleaning::moves, from the next Open on
  GroupId group_;
  InodeNo root_;  // where files are put
  std::map<std::string, std::string> files_;
  std::map<std::string, InodeNo> roots_;
};

}  // namespace oca::engine

#endif  // OCA_T_INTEGRATION_30_ENGINE_STORAGE_PATHS_FIXTURE_H_
