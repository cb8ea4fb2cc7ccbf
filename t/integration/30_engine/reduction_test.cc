// New chunks that resemble others are stored as deltas, and stay readable whatever becomes of the
// others.
#include "gmock/gmock.h"
#include "t/integration/30_engine/cleaner_fixture.h"

namespace oca::engine {
namespace {

constexpr size_t kFileBytes = 60'000;
constexpr char kPacks[] = "/oca/groups/00000001/packs";

class ReductionTest : public CleanerTest {
 protected:
  // The same bytes but for some in the middle of each 8,000.
  static std::string Edited(std::string data, uint64_t seed) {
    for (size_t at = 4000; at + 20 < data.size(); at += 8000)
      data.replace(at, 20, RandomBytes(20, seed + at));
    return data;
  }
  void PutFile(const std::string& name, const std::string& data) { Put(name, files_[name] = data); }
  void RemoveFile(const std::string& name) {
    Remove(name);
    files_.erase(name);
  }
  // Ten files, and an edited version of each; looked through by a run after each kind.
  void Fill() {
    for (int i = 0; i < 10; ++i) PutFile("old" + std::to_string(i), RandomBytes(kFileBytes, i));
    EXPECT_EQ(Reclaim().bytes_saved, 0u);
    for (int i = 0; i < 10; ++i)
      PutFile("new" + std::to_string(i), Edited(files_["old" + std::to_string(i)], 100 + i));
    ASSERT_OK(filesystem_->Sync());
  }
  std::vector<std::string> Packs() {
    std::vector<std::string> paths;
    absl::StatusOr<std::vector<std::string>> folders = disk_->List(kPacks);
    EXPECT_OK(folders);
    for (const std::string& folder : *folders) {
      const std::string dir = io::JoinPath(kPacks, folder);
      absl::StatusOr<std::vector<std::string>> packs = disk_->List(dir);
      EXPECT_OK(packs);
      for (const std::string& pack : *packs) paths.push_back(io::JoinPath(dir, pack));
    }
    return paths;
  }
  void Damage(const std::string& path) {
    ASSERT_OK_AND_ASSIGN(std::string bytes, io::ReadFile(*disk_, path));
    for (size_t at = 5000; at < bytes.size(); at += 20'000)
      bytes.replace(at, 1, 1, static_cast<char>(bytes[at] ^ 1));
    ASSERT_OK(io::WriteFileAtomically(*disk_, path, bytes));
  }
  uint64_t Physical() { return Stats().bytes.physical_bytes; }
  void ExpectNothingIsLeftToDo() {
    const CleanerStatus again = Reclaim();
    EXPECT_EQ(again.packs_removed, 0u);
    EXPECT_EQ(again.bytes_copied, 0u);
    EXPECT_EQ(again.bytes_saved, 0u);
  }

  std::map<std::string, std::string> files_;
};

TEST_F(ReductionTest, ChunksThatResembleOthersTakeLittle) {
  Fill();
  const uint64_t before = Physical();
  EXPECT_GT(before, 19 * kFileBytes);
  const CleanerStatus run = Reclaim();
  EXPECT_GT(run.bytes_saved, 8 * kFileBytes);
  EXPECT_LT(Physical(), 12 * kFileBytes);
  ExpectNothingIsLeftToDo();
  ExpectContents(files_);
  ExpectSound();
  ASSERT_OK(filesystem_->Stop());
  Open();
  ExpectContents(files_);
  ExpectNothingIsLeftToDo();
  const GroupStats stats = Stats();
  EXPECT_GT(stats.bytes.delta_plain_bytes, 9 * kFileBytes);
  EXPECT_LT(stats.bytes.delta_stored_bytes, kFileBytes);
}

TEST_F(ReductionTest, SimilarChunksThatCameTogetherAreFound) {
  const std::string data = RandomBytes(kFileBytes, 1);
  for (int i = 0; i < 10; ++i) PutFile("f" + std::to_string(i), Edited(data, i));
  Reclaim();
  EXPECT_LT(Physical(), 3 * kFileBytes);
  ExpectNothingIsLeftToDo();
  ExpectContents(files_);
  ExpectSound();
}

TEST_F(ReductionTest, BasesStayWhileDeltasNeedThemAndGoInTheSameRun) {
  Fill();
  Reclaim();
  for (int i = 0; i < 10; ++i) RemoveFile("old" + std::to_string(i));
  Reclaim();
  ExpectNothingIsLeftToDo();
  ExpectContents(files_);
  ExpectSound();
  OpenWithoutCount();
  Reclaim();
  ExpectContents(files_);
  ASSERT_OK(filesystem_->Stop());
  Open();
  Reclaim();
  ExpectContents(files_);
  ExpectSound();
  for (int i = 0; i < 10; ++i) RemoveFile("new" + std::to_string(i));
  Reclaim();
  EXPECT_LT(Physical(), 10'000u);
}

TEST_F(ReductionTest, DeltasStayDeltasAsTheyAreMoved) {
  Fill();
  Reclaim();
  for (int i = 0; i < 5; ++i) {
    RemoveFile("new" + std::to_string(i));
    RemoveFile("old" + std::to_string(i + 5));
  }
  const CleanerStatus run = Reclaim();
  EXPECT_GT(run.packs_removed, 0u);
  EXPECT_LT(Physical(), 11 * kFileBytes);
  ExpectContents(files_);
  for (int i = 0; i < 5; ++i) RemoveFile("new" + std::to_string(i + 5));
  Reclaim();
  EXPECT_LT(Physical(), 6 * kFileBytes);
  ExpectNothingIsLeftToDo();
  ExpectContents(files_);
  ExpectSound();
}

TEST_F(ReductionTest, ABaseNeverBecomesADelta) {
  Fill();
  Reclaim();
  // Nobody remembers what was looked at: each pack is looked through again, with newer ones known.
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) {
      PutFile("newer" + std::to_string(i),
              Edited(files_["old" + std::to_string(i)], 1000 * (round + 1) + i));
    }
    ASSERT_OK(filesystem_->Stop());
    ASSERT_OK(disk_->RemoveFile("/oca/groups/00000001/similarity"));
    Open();
    Reclaim();
    ExpectContents(files_);
    for (int i = 0; i < 10; ++i) RemoveFile((round == 0 ? "old" : "newer") + std::to_string(i));
    for (int i = 0; i < 10 && round == 0; ++i) PutFile("old" + std::to_string(i), files_["new0"]);
    Reclaim();
    ExpectContents(files_);
    ExpectSound();
  }
  EXPECT_LT(Physical(), 14 * kFileBytes);
}

TEST_F(ReductionTest, DamageOfABaseIsToldAndHealedByWritingItAgain) {
  for (int i = 0; i < 10; ++i) PutFile("old" + std::to_string(i), RandomBytes(kFileBytes, i));
  Reclaim();
  ASSERT_OK(filesystem_->Stop());
  const std::vector<std::string> old_packs = Packs();
  Open();
  const std::map<std::string, std::string> old_files = files_;
  for (const auto& [name, data] : old_files) PutFile("new-" + name, Edited(data, 100));
  Reclaim();
  ASSERT_OK(filesystem_->Stop());
  for (const std::string& path : old_packs) Damage(path);
  Open();
  EXPECT_FALSE(ReadState(*filesystem_).ok());
  ASSERT_OK(filesystem_->StartScan(ScanLevel::kVerifyData, {}));
  filesystem_->AwaitScan(absl::Minutes(1));
  std::string faults;
  for (const std::string& fault : filesystem_->GetScanStatus().faults) faults += fault + "\n";
  EXPECT_THAT(faults, ::testing::HasSubstr("/old3"));
  EXPECT_THAT(faults, ::testing::HasSubstr("/new-old3"));
  for (const auto& [name, data] : old_files) {
    Remove(name);
    Put(name, data);
  }
  ExpectContents(files_);
  Reclaim();
  ExpectContents(files_);
}

}  // namespace
}  // namespace oca::engine
