// What the cleaner counts, how long it remembers that, and when it does not believe it.
#include <optional>

#include "fs/names/database.h"
#include "fs/names/keys.h"
#include "t/integration/30_engine/cleaner_fixture.h"

namespace oca::engine {
namespace {

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
  OpenWithoutCount();
  status = Reclaim();
  EXPECT_TRUE(status.whole);
  EXPECT_EQ(status.recipes_counted, 299u);
  EXPECT_EQ(status.packs_removed, 0u);
  status = Reclaim();
  EXPECT_FALSE(status.whole);
  EXPECT_EQ(status.recipes_counted, 0u);
}

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
    OpenWithoutCount();
    CleanerStatus status = Reclaim();
    EXPECT_TRUE(status.whole);
    EXPECT_EQ(status.packs_removed, 0u);
    ExpectContents(files);
  }
  ExpectSound();
}

TEST_F(CleanerTest, CountSurvivesAnOrderlyEnd) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < 60; ++i) {
    const std::string name = "f" + std::to_string(i);
    Put(name, files[name] = RandomBytes(100'000, i));
  }
  Reclaim();
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    for (int i = round; i < 60; i += 4) {
      Remove("f" + std::to_string(i));
      files.erase("f" + std::to_string(i));
    }
    Put("new" + std::to_string(round),
        files["new" + std::to_string(round)] = RandomBytes(50'000, 100 + round));
    ASSERT_OK(filesystem_->Stop());
    Open();
    EXPECT_GE(filesystem_->GetCleanerStatus().debt_bytes, 1'500'000u);
    const uint64_t full = Stats().bytes.physical_bytes;
    const CleanerStatus status = Reclaim();
    EXPECT_FALSE(status.whole);
    EXPECT_EQ(status.recipes_counted, 16u);
    EXPECT_LT(Stats().bytes.physical_bytes, full - 1'450'000);
    ExpectContents(files);
  }
  OpenWithoutCount();
  EXPECT_EQ(Reclaim().packs_removed, 0u);
  ExpectContents(files);
  ExpectSound();
}

TEST_F(CleanerTest, CountOfAnotherStateIsNotBelieved) {
  const std::string path = "/oca/groups/00000001/references";
  std::map<std::string, std::string> files;
  for (int i = 0; i < 20; ++i) {
    const std::string name = "f" + std::to_string(i);
    Put(name, files[name] = RandomBytes(100'000, i));
  }
  Reclaim();
  ASSERT_OK(filesystem_->Stop());
  ASSERT_OK_AND_ASSIGN(std::string count, io::ReadFile(*disk_, path));
  Open();
  Put("g", files["g"] = RandomBytes(100'000, 20));
  ASSERT_OK(filesystem_->Sync());
  disk_->CutPower();
  filesystem_.reset();
  disk_->PowerCycle(1);
  ASSERT_TRUE(absl::IsNotFound(disk_->Stat(path).status()));
  ASSERT_OK(io::WriteFileAtomically(*disk_, path, count));  // of a state before g
  Open();
  CleanerStatus status = Reclaim();
  EXPECT_TRUE(status.whole);
  ExpectContents(files);
  ASSERT_OK(filesystem_->Stop());
  ASSERT_OK_AND_ASSIGN(count, io::ReadFile(*disk_, path));
  count[count.size() / 2] ^= 1;
  ASSERT_OK(io::WriteFileAtomically(*disk_, path, count));
  Open();
  status = Reclaim();
  EXPECT_TRUE(status.whole);
  EXPECT_EQ(status.packs_removed, 0u);
  ExpectContents(files);
  ExpectSound();
}

TEST_F(CleanerTest, WithLittleMemoryEachRunCountsAll) {
  ASSERT_OK(filesystem_->Stop());
  options_.memory_budget_bytes = 32u << 10;  // 1.4 KiB of it for counts
  Open();
  std::map<std::string, std::string> files;
  for (int i = 0; i < 600; ++i) {
    const std::string name = "f" + std::to_string(i);
    Put(name, files[name] = RandomBytes(100'000, i));
  }
  for (int round = 0; round < 3; ++round) {
    for (int i = round; i < 600; i += 8) {
      Remove("f" + std::to_string(i));
      files.erase("f" + std::to_string(i));
    }
    ASSERT_OK(filesystem_->Sync());
    const uint64_t full = Stats().bytes.physical_bytes;
    CleanerStatus status = Reclaim();
    EXPECT_TRUE(status.whole);
    EXPECT_EQ(status.recipes_counted, files.size());
    EXPECT_LT(Stats().bytes.physical_bytes, full - 7'250'000);
    status = Reclaim();
    EXPECT_TRUE(status.whole);
    EXPECT_EQ(status.packs_removed, 0u);
    ExpectContents(files);
  }
  ExpectSound();
}

TEST_F(CleanerTest, NamesThatLackAFileTheyCountStopTheRun) {
  const std::map<std::string, std::string> files = {{"f", RandomBytes(500'000, 1)}};
  Put("f", files.at("f"));
  Put("g", RandomBytes(500'000, 2));
  ASSERT_OK_AND_ASSIGN(Inode lost, filesystem_->Lookup(root_, "g"));
  ASSERT_OK(filesystem_->Stop());
  filesystem_.reset();
  {
    ASSERT_OK_AND_ASSIGN(auto database,
                         names::Database::Open({.fs = disk_.get(),
                                                .clock = &SystemClock(),
                                                .dir = "/oca/names",
                                                .write_barrier = [] { return absl::OkStatus(); },
                                                .block_cache_bytes = 1 << 20,
                                                .write_buffer_bytes = 1 << 20}));
    ASSERT_OK(database->Write({{names::InodeKey(lost.ino), std::nullopt}}));
    ASSERT_OK(database->Commit());
  }
  ASSERT_OK(disk_->RemoveFile("/oca/names.seal"));  // it is of the files before
  Open();
  const uint64_t full = Stats().bytes.physical_bytes;
  ASSERT_OK(filesystem_->StartReclaim());
  const CleanerStatus status = Await();
  EXPECT_EQ(status.state, JobState::kFailed);
  EXPECT_NE(status.error.find("names count 2 files, but 1 were found"), std::string::npos)
      << status.error;
  EXPECT_EQ(Stats().bytes.physical_bytes, full);
}

TEST_F(CleanerTest, NamesThatAreGoneAreNotANewRepository) {
  const std::map<std::string, std::string> files = {{"f", RandomBytes(500'000, 1)}};
  Put("f", files.at("f"));
  ASSERT_OK(filesystem_->Stop());
  filesystem_.reset();
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, disk_->List("/oca/names"));
  std::map<std::string, std::string> kept;
  for (const std::string& name : names) {
    const std::string path = io::JoinPath("/oca/names", name);
    ASSERT_OK_AND_ASSIGN(kept[path], io::ReadFile(*disk_, path));
    ASSERT_OK(disk_->RemoveFile(path));
  }
  EXPECT_TRUE(absl::IsDataLoss(Filesystem::Open(options_).status()));  // no database
  EXPECT_TRUE(absl::IsDataLoss(Filesystem::Open(options_).status()));  // an empty one
  ASSERT_OK_AND_ASSIGN(names, disk_->List("/oca/names"));
  for (const std::string& name : names) ASSERT_OK(disk_->RemoveFile("/oca/names/" + name));
  for (const auto& [path, bytes] : kept) ASSERT_OK(io::WriteFileAtomically(*disk_, path, bytes));
  Open();
  EXPECT_EQ(Reclaim().packs_removed, 0u);
  ExpectContents(files);
}

}  // namespace
}  // namespace oca::engine
