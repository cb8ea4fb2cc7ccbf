// The cleaner on the whole engine: what it frees, what it keeps, and when it starts itself.
#include <optional>

#include "absl/time/civil_time.h"
#include "fs/engine/cleaner.h"
#include "t/integration/30_engine/cleaner_fixture.h"

namespace oca::engine {
namespace {

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
  ASSERT_OK(filesystem_->Sync());
  const double freed =
      static_cast<double>(full + ingested) - static_cast<double>(Stats().bytes.physical_bytes);
  EXPECT_GT(freed, 0.98 * 500 * 24'000);
  ExpectContents(files);
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
  EXPECT_TRUE(read.Joined() == RandomBytes(50'000, 4));
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

TEST_F(CleanerTest, ANearlyFullDiskIsRoomEnough) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 400; ++i) {
    const std::string name = "f" + std::to_string(i);
    Put(name, files[name] = RandomBytes(100'000, i));
  }
  ASSERT_OK(filesystem_->Sync());
  ASSERT_OK_AND_ASSIGN(io::SpaceInfo space, disk_->Space("/oca"));
  disk_->SetCapacity(space.total_bytes - space.available_bytes + (6u << 20));
  for (int i = 0; i < 400; i += 2) {
    Remove("f" + std::to_string(i));
    files.erase("f" + std::to_string(i));
  }
  const uint64_t full = Stats().bytes.physical_bytes;
  Reclaim();
  EXPECT_LT(Stats().bytes.physical_bytes, full * 52 / 100);
  ExpectContents(files);
}

TEST_F(CleanerTest, StartsItselfWhenNobodyIsThere) {
  for (int i = 0; i < 40; ++i) Put("f" + std::to_string(i), RandomBytes(100'000, i));
  ASSERT_OK(filesystem_->Sync());
  const uint64_t full = Stats().bytes.physical_bytes;
  for (int i = 0; i < 40; i += 2) Remove("f" + std::to_string(i));
  ASSERT_OK(filesystem_->Stop());
  options_.commit_interval = absl::Milliseconds(10);
  options_.cleaning.idle_after = absl::Milliseconds(50);
  Open();
  WaitWhile([this] {
    CleanerStatus status = filesystem_->GetCleanerStatus();
    return status.packs_removed == 0 || status.state == JobState::kRunning;
  });
  CleanerStatus status = filesystem_->GetCleanerStatus();
  EXPECT_TRUE(status.automatic);
  EXPECT_EQ(status.state, JobState::kDone);
  EXPECT_LT(Stats().bytes.physical_bytes, full * 55 / 100);
}

TEST(CleanerWindow, IsOfItsDayOnly) {
  CleanerSchedule schedule;
  schedule[0] = {90, 300};     // Monday
  schedule[6] = {0, 24 * 60};  // Sunday
  const absl::TimeZone zone = absl::FixedTimeZone(2 * 3600);
  const auto at = [&](int day, int hour, int minute) {  // 2 November 2026 is a Monday
    return IsInWindow(schedule,
                      absl::FromCivil(absl::CivilMinute(2026, 11, day, hour, minute), zone), zone);
  };
  EXPECT_FALSE(at(2, 1, 29));
  EXPECT_TRUE(at(2, 1, 30));
  EXPECT_TRUE(at(2, 4, 59));
  EXPECT_FALSE(at(2, 5, 0));
  EXPECT_FALSE(at(3, 2, 0));
  EXPECT_TRUE(at(8, 0, 0));
  EXPECT_TRUE(at(8, 23, 59));
  EXPECT_TRUE(at(9, 2, 0));
}

// Not by itself otherwise: it begins in the window, ends with it, and goes on in the next one.
TEST_F(CleanerTest, RunsInItsWindowsOnly) {
  ASSERT_OK(filesystem_->Stop());
  options_.commit_interval = absl::Milliseconds(10);
  options_.cleaning.automatic = false;
  options_.cleaning.idle_after = absl::Milliseconds(1);
  Open();
  std::map<std::string, std::string> files;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "f" + std::to_string(i);
    Put(name, files[name] = RandomBytes(100'000, i));
  }
  for (int i = 0; i < 40; i += 2) {
    Remove("f" + std::to_string(i));
    files.erase("f" + std::to_string(i));
  }
  ASSERT_OK(filesystem_->Sync());
  const uint64_t full = Stats().bytes.physical_bytes;
  EXPECT_EQ(filesystem_->GetCleanerStatus().state, JobState::kIdle);
  EXPECT_THAT(filesystem_->SetCleanerWindow(0, {5, 5}).status(),
              support::StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(filesystem_->SetCleanerWindow(std::nullopt, {0, 24 * 60 + 1}).status(),
              support::StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK(filesystem_->SetCleanerWindow(std::nullopt, {0, 24 * 60}));
  WaitWhile([this] {
    const CleanerStatus status = filesystem_->GetCleanerStatus();
    return status.packs_removed == 0 || status.state == JobState::kRunning;
  });
  EXPECT_EQ(filesystem_->GetCleanerStatus().state, JobState::kDone);
  EXPECT_LT(Stats().bytes.physical_bytes, full * 55 / 100);
  ASSERT_OK(filesystem_->SetCleanerWindow(std::nullopt, {}));
  disk_->CutPower();
  filesystem_.reset();
  disk_->PowerCycle(3);
  Open();
  ASSERT_OK_AND_ASSIGN(CleanerSchedule schedule, filesystem_->GetCleanerSchedule());
  EXPECT_EQ(schedule, CleanerSchedule());
  ExpectContents(files);
}

}  // namespace
}  // namespace oca::engine
