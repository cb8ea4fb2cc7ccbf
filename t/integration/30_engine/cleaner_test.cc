// The cleaner on the whole engine: what it frees, what it keeps, what it costs, and that it may be
// stopped, cut and outrun at any point.
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <map>
#include <thread>

#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/integration/30_engine/workload.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

using support::Random;
using support::RandomBytes;

class CleanerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.fs = &disk_;
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
  void PowerCut(uint64_t seed) {
    disk_.CutPower();
    filesystem_.reset();
    disk_.PowerCycle(seed);
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
  void ExpectSound() {
    ASSERT_OK(filesystem_->StartScan(ScanLevel::kVerifyData, std::nullopt));
    WaitWhile([this] { return filesystem_->GetScanStatus().state == JobState::kRunning; });
    ScanStatus scan = filesystem_->GetScanStatus();
    EXPECT_EQ(scan.state, JobState::kDone) << scan.error;
    for (const std::string& fault : scan.faults) ADD_FAILURE() << fault;
  }

  io::FaultFileSystem disk_;
  Options options_;
  std::unique_ptr<Filesystem> filesystem_;
  GroupId group_;
  InodeNo root_;
};

TEST_F(CleanerTest, HalfOfThousandFilesGoWhileIngestRunsAndTheirSpaceComesBackWithinTwoPercent) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "f" + std::to_string(i);
    files[name] = RandomBytes(24'000, i);
    Put(name, files[name]);
  }
  ASSERT_OK(filesystem_->Sync());
  ASSERT_EQ(Reclaim().packs_removed, 0u);
  const uint64_t full = Stats().bytes.physical_bytes;
  uint64_t ingested = 0;
  for (int i = 0; i < 1000; i += 2) {
    Remove("f" + std::to_string(i));
    files.erase("f" + std::to_string(i));
  }
  ASSERT_OK(filesystem_->StartReclaim());
  for (int i = 0; i < 100; ++i) {
    const std::string name = "new" + std::to_string(i);
    files[name] = RandomBytes(24'000, 5000 + i);
    Put(name, files[name]);
    ingested += 24'000;
  }
  const CleanerStatus status = Await();
  ASSERT_EQ(status.state, JobState::kDone) << status.error;
  EXPECT_LT(status.longest_pause, absl::Milliseconds(100));
  ASSERT_OK(filesystem_->Sync());
  const double freed =
      static_cast<double>(full + ingested) - static_cast<double>(Stats().bytes.physical_bytes);
  EXPECT_GT(freed, 0.98 * 500 * 24'000);
  ExpectContents(files);
  ExpectSound();
}

TEST_F(CleanerTest, CostFollowsWhatChangedNotWhatIsStored) {
  for (int i = 0; i < 300; ++i) Put("f" + std::to_string(i), RandomBytes(100'000, i));
  ASSERT_OK(filesystem_->Sync());
  CleanerStatus status = Reclaim();
  EXPECT_FALSE(status.whole);  // the repository was empty when the count began
  EXPECT_EQ(status.recipes_counted, 300u);
  Remove("f7");
  Put("f8", RandomBytes(20'000, 1008), 40'000);
  EXPECT_GE(filesystem_->GetCleanerStatus().debt_bytes, 100'000u);
  status = Reclaim();
  EXPECT_FALSE(status.whole);
  EXPECT_EQ(status.recipes_counted, 3u);  // f7's that went, f8's that went and that came
  EXPECT_LE(status.packs_examined, 3u);
  EXPECT_EQ(filesystem_->GetCleanerStatus().debt_bytes, 0u);
  ASSERT_OK(filesystem_->Stop());
  Open();  // the count is lost with the process
  status = Reclaim();
  EXPECT_TRUE(status.whole);
  EXPECT_EQ(status.recipes_counted, 299u);
  EXPECT_EQ(status.packs_removed, 0u);
  status = Reclaim();
  EXPECT_FALSE(status.whole);
  EXPECT_EQ(status.recipes_counted, 0u);
}

// A run that counts changes leaves what one that counts everything would leave: after any history,
// a whole count finds nothing more to do, and nothing is missing.
TEST_F(CleanerTest, CountOfChangesAgreesWithAWholeCount) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::map<std::string, std::string> files;
    absl::StatusOr<State> before = ReadState(*filesystem_);
    ASSERT_OK(before);
    for (const auto& [name, data] : *before) files[name] = data;
    for (int round = 0; round < 6; ++round) {
      for (int op = 0; op < 25; ++op) {
        const std::string name = "f" + std::to_string(random.Below(20));
        switch (random.Below(5)) {
          case 0:
            if (files.erase(name) > 0) Remove(name);
            break;
          case 1: {
            const std::string from = "f" + std::to_string(random.Below(20));
            if (!files.contains(from) || files.contains(name) || from == name) break;
            Copy(from, name);
            files[name] = files[from];
            break;
          }
          case 2: {
            if (!files.contains(name)) break;
            const size_t offset = random.Below(files[name].size() + 1);
            const std::string data = random.Bytes(random.Between(1, 60'000));
            Put(name, data, offset);
            std::string& file = files[name];
            if (file.size() < offset + data.size()) file.resize(offset + data.size());
            file.replace(offset, data.size(), data);
            break;
          }
          default: {  // now and then contents that were there before
            const std::string data =
                RandomBytes(200'000 + 50'000 * random.Below(6), random.Below(12));
            if (files.erase(name) > 0) Remove(name);
            Put(name, data);
            files[name] = data;
          }
        }
      }
      CleanerStatus status = Reclaim();
      EXPECT_FALSE(status.whole);
      ExpectContents(files);
    }
    ASSERT_OK(filesystem_->Stop());
    Open();
    CleanerStatus status = Reclaim();
    EXPECT_TRUE(status.whole);
    EXPECT_EQ(status.packs_removed, 0u);
    ExpectContents(files);
  }
  ExpectSound();
}

TEST_F(CleanerTest, ASecondRunChangesNothingAlsoWhileFilesAreHeldOpen) {
  for (int i = 0; i < 60; ++i) Put("f" + std::to_string(i), RandomBytes(50'000, i));
  ASSERT_OK_AND_ASSIGN(Inode held, filesystem_->Lookup(root_, "f4"));
  ASSERT_OK_AND_ASSIGN(Handle * handle, filesystem_->Open(held.ino, O_RDONLY));
  Put("unrecorded", "");
  ASSERT_OK_AND_ASSIGN(Inode dirty, filesystem_->Lookup(root_, "unrecorded"));
  ASSERT_OK_AND_ASSIGN(Handle * writer, filesystem_->Open(dirty.ino, O_WRONLY));
  const std::string data = RandomBytes(3'000'000, 77);
  ASSERT_OK(filesystem_->Write(writer, 0, data, false));
  Reclaim();  // waits until what was written is in packs; the next run seals them
  for (int i = 0; i < 60; i += 2) Remove("f" + std::to_string(i));
  EXPECT_GT(Reclaim().packs_removed, 0u);
  const GroupStats once = Stats();
  CleanerStatus again = Reclaim();
  EXPECT_EQ(again.packs_removed, 0u);
  EXPECT_EQ(again.bytes_copied, 0u);
  EXPECT_EQ(Stats().bytes.physical_bytes, once.bytes.physical_bytes);
  EXPECT_EQ(Stats().packs, once.packs);
  ASSERT_OK_AND_ASSIGN(ReadResult read, filesystem_->Read(handle, 0, 60'000));
  EXPECT_TRUE(read.data == RandomBytes(50'000, 4));
  filesystem_->Release(handle);
  EXPECT_OK(filesystem_->Flush(writer));
  filesystem_->Release(writer);
  ASSERT_OK_AND_ASSIGN(State state, ReadState(*filesystem_));
  EXPECT_TRUE(state["unrecorded"] == data);
}

TEST_F(CleanerTest, WhatIsWrittenAgainOrCopiedWhileItRunsIsKept) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 40; ++i) files["f" + std::to_string(i)] = RandomBytes(60'000, i);
  for (const auto& [name, data] : files) Put(name, data);
  for (int round = 0; round < 12; ++round) {
    for (int i = round % 2; i < 40; i += 2) Remove("f" + std::to_string(i));
    ASSERT_OK(filesystem_->StartReclaim());
    // Some is found in packs about to go, some is copied out of files that go next.
    for (int i = round % 2; i < 40; i += 2) {
      const std::string name = "f" + std::to_string(i);
      const std::string neighbour = "f" + std::to_string(i ^ 1);
      if (i % 4 < 2) {
        Put(name, RandomBytes(60'000, i));
      } else {
        Copy(neighbour, name);
        Remove(neighbour);
        Put(neighbour, RandomBytes(60'000, i ^ 1));
        files[name] = files[neighbour] = RandomBytes(60'000, i ^ 1);
      }
    }
    ASSERT_EQ(Await().state, JobState::kDone);
    for (int i = 0; i < 40; ++i) {
      const std::string name = "f" + std::to_string(i);
      absl::StatusOr<Inode> inode = filesystem_->Lookup(root_, name);
      ASSERT_OK(inode);
    }
    ExpectContents(files);
    for (int i = 0; i < 40; ++i) {  // as at first
      const std::string name = "f" + std::to_string(i);
      if (files[name] == RandomBytes(60'000, i)) continue;
      Remove(name);
      Put(name, files[name] = RandomBytes(60'000, i));
    }
  }
  ExpectSound();
}

TEST_F(CleanerTest, MayBeStoppedOrCutAtAnyPointAndGoesOnFromThere) {
  std::map<std::string, std::string> files;
  Random random(42);
  uint64_t next = 0;
  for (int round = 0; round < 24; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    for (int i = 0; i < 12; ++i) {
      const std::string name = "f" + std::to_string(next);
      Put(name, files[name] = RandomBytes(90'000, next++));
    }
    for (auto it = files.begin(); it != files.end();) {
      if (!random.OneIn(2)) {
        ++it;
        continue;
      }
      Remove(it->first);
      it = files.erase(it);
    }
    ASSERT_OK(filesystem_->Sync());
    if (round % 2 == 0) {
      ASSERT_OK(filesystem_->StartReclaim());
      const absl::Time until = absl::Now() + absl::Milliseconds(random.Below(15));
      WaitWhile([&] { return absl::Now() < until; });
      ASSERT_OK(filesystem_->StopReclaim());
      const JobState state = filesystem_->GetCleanerStatus().state;
      EXPECT_TRUE(state == JobState::kStopped || state == JobState::kDone);
    } else {
      disk_.CutPowerAt(1 + random.Below(60));
      ASSERT_OK(filesystem_->StartReclaim());
      (void)Await();
      PowerCut(round);
    }
    ExpectContents(files);
  }
  Reclaim();
  const uint64_t physical = Stats().bytes.physical_bytes;
  CleanerStatus again = Reclaim();
  EXPECT_EQ(again.packs_removed, 0u);
  EXPECT_LT(physical, files.size() * 90'000 * 11 / 10 + 100'000);
  ExpectContents(files);
  ExpectSound();
}

TEST_F(CleanerTest, ANearlyFullDiskIsRoomEnough) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 400; ++i) {
    const std::string name = "f" + std::to_string(i);
    Put(name, files[name] = RandomBytes(100'000, i));
  }
  ASSERT_OK(filesystem_->Sync());
  ASSERT_OK_AND_ASSIGN(io::SpaceInfo space, disk_.Space("/oca"));
  disk_.SetCapacity(space.total_bytes - space.available_bytes + (6u << 20));
  for (int i = 0; i < 400; i += 2) {
    Remove("f" + std::to_string(i));
    files.erase("f" + std::to_string(i));
  }
  const uint64_t full = Stats().bytes.physical_bytes;
  Reclaim();
  EXPECT_LT(Stats().bytes.physical_bytes, full * 52 / 100);
  ExpectContents(files);
}

// Else all chunks would be without a name, and the cleaner would take them.
TEST_F(CleanerTest, NamesThatAreGoneAreNotANewRepository) {
  const std::map<std::string, std::string> files = {{"f", RandomBytes(500'000, 1)}};
  Put("f", files.at("f"));
  ASSERT_OK(filesystem_->Stop());
  filesystem_.reset();
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, disk_.List("/oca/names"));
  std::map<std::string, std::string> kept;
  for (const std::string& name : names) {
    const std::string path = io::JoinPath("/oca/names", name);
    ASSERT_OK_AND_ASSIGN(kept[path], io::ReadFile(disk_, path));
    ASSERT_OK(disk_.RemoveFile(path));
  }
  EXPECT_TRUE(absl::IsDataLoss(Filesystem::Open(options_).status()));  // no database
  EXPECT_TRUE(absl::IsDataLoss(Filesystem::Open(options_).status()));  // an empty one
  ASSERT_OK_AND_ASSIGN(names, disk_.List("/oca/names"));
  for (const std::string& name : names) ASSERT_OK(disk_.RemoveFile("/oca/names/" + name));
  for (const auto& [path, bytes] : kept) ASSERT_OK(io::WriteFileAtomically(disk_, path, bytes));
  Open();
  EXPECT_EQ(Reclaim().packs_removed, 0u);
  ExpectContents(files);
}

TEST_F(CleanerTest, StartsItselfWhenNobodyIsThere) {
  ASSERT_OK(filesystem_->Stop());
  options_.commit_interval = absl::Milliseconds(10);
  options_.cleaning.idle_after = absl::Milliseconds(50);
  Open();
  for (int i = 0; i < 40; ++i) Put("f" + std::to_string(i), RandomBytes(100'000, i));
  ASSERT_OK(filesystem_->Sync());
  const uint64_t full = Stats().bytes.physical_bytes;
  for (int i = 0; i < 40; i += 2) Remove("f" + std::to_string(i));
  WaitWhile([this] {
    CleanerStatus status = filesystem_->GetCleanerStatus();
    return status.packs_removed == 0 || status.state == JobState::kRunning;
  });
  CleanerStatus status = filesystem_->GetCleanerStatus();
  EXPECT_TRUE(status.automatic);
  EXPECT_EQ(status.state, JobState::kDone);
  EXPECT_LT(Stats().bytes.physical_bytes, full * 55 / 100);
}

}  // namespace
}  // namespace oca::engine
