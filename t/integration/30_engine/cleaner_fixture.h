// An engine on a disk that may fail, with one storage group and one container, for tests of the
// cleaner.
#ifndef OCA_T_INTEGRATION_30_ENGINE_CLEANER_FIXTURE_H_
#define OCA_T_INTEGRATION_30_ENGINE_CLEANER_FIXTURE_H_

#include <fcntl.h>
#include <sys/stat.h>

#include <map>
#include <memory>
#include <string>

#include "fs/engine/filesystem.h"
#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/integration/30_engine/checks.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::engine {

using support::Random;
using support::RandomBytes;

class CleanerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.fs = disk_.get();
    options_.clock = &SystemClock();
    options_.dir = "/oca";
    options_.commit_interval = absl::Hours(1);
    options_.memory_budget_bytes = 64u << 20;
    options_.workers = 1;
    options_.pack_target_bytes = 256u << 10;
    options_.reserve_bytes = 1;
    Open();
    StorageGroup group;
    group.name = "g";
    ASSERT_OK_AND_ASSIGN(group, filesystem_->AddGroup(group));
    group_ = group.id;
    Container container;
    container.name = "c";
    container.group = group.id;
    ASSERT_OK_AND_ASSIGN(container, filesystem_->AddContainer(container));
    root_ = container.root;
  }
  void TearDown() override {
    if (filesystem_ == nullptr) return;
    EXPECT_OK(filesystem_->Stop());
  }

  void Open() {
    filesystem_.reset();
    absl::StatusOr<std::unique_ptr<Filesystem>> opened = Filesystem::Open(options_);
    ASSERT_OK(opened);
    filesystem_ = *std::move(opened);
  }
  // What a run counted is lost, as it is by a crash.
  void OpenWithoutCount() {
    ASSERT_OK(filesystem_->Stop());
    ASSERT_OK(disk_->RemoveFile("/oca/groups/00000001/references"));
    Open();
  }
  void PowerCut(uint64_t seed) {
    disk_->CutPower();
    filesystem_.reset();
    disk_->PowerCycle(seed);
    Open();
  }

  void Put(const std::string& name, const std::string& data, uint64_t offset = 0) {
    absl::StatusOr<Inode> inode = filesystem_->Lookup(root_, name);
    if (!inode.ok()) {
      NewInode what;
      what.mode = S_IFREG | 0644;
      inode = filesystem_->Create(root_, name, what);
    }
    ASSERT_OK(inode);
    ASSERT_OK_AND_ASSIGN(Handle * handle, filesystem_->Open(inode->ino, O_WRONLY));
    EXPECT_OK(filesystem_->Write(handle, offset, data, false));
    EXPECT_OK(filesystem_->Flush(handle));
    filesystem_->Release(handle);
  }
  void Copy(const std::string& from, const std::string& to) {
    Put(to, "");
    ASSERT_OK_AND_ASSIGN(Inode source, filesystem_->Lookup(root_, from));
    ASSERT_OK_AND_ASSIGN(Inode target, filesystem_->Lookup(root_, to));
    ASSERT_OK_AND_ASSIGN(Handle * in, filesystem_->Open(source.ino, O_RDONLY));
    ASSERT_OK_AND_ASSIGN(Handle * out, filesystem_->Open(target.ino, O_WRONLY));
    EXPECT_OK(filesystem_->CopyRange(in, 0, out, 0, source.size));
    EXPECT_OK(filesystem_->Flush(out));
    filesystem_->Release(out);
    filesystem_->Release(in);
  }
  void Remove(const std::string& name) { ASSERT_OK(filesystem_->Unlink(root_, name)); }

  CleanerStatus Await() {
    WaitWhile([this] { return filesystem_->GetCleanerStatus().state == JobState::kRunning; });
    return filesystem_->GetCleanerStatus();
  }
  CleanerStatus Reclaim() {
    EXPECT_OK(filesystem_->StartReclaim());
    CleanerStatus status = Await();
    EXPECT_EQ(status.state, JobState::kDone) << status.error;
    return status;
  }
  GroupStats Stats() {
    absl::StatusOr<GroupStats> stats = filesystem_->StatsOfGroup(group_);
    EXPECT_OK(stats);
    return *stats;
  }
  void ExpectContents(const std::map<std::string, std::string>& expected) {
    absl::StatusOr<State> state = ReadState(*filesystem_);
    ASSERT_OK(state);
    ASSERT_EQ(state->size(), expected.size());
    for (const auto& [name, data] : expected) ASSERT_TRUE((*state)[name] == data) << name;
  }
  void ExpectSound() { engine::ExpectSound(*filesystem_); }

  std::unique_ptr<io::FaultFileSystem> disk_ = std::make_unique<io::FaultFileSystem>();
  Options options_;
  std::unique_ptr<Filesystem> filesystem_;
  GroupId group_;
  InodeNo root_;
};

}  // namespace oca::engine

#endif  // OCA_T_INTEGRATION_30_ENGINE_CLEANER_FIXTURE_H_
