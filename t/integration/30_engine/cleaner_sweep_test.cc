// The cleaner may be stopped, and the power may go, at any point.
#include <cerrno>

#include "t/integration/30_engine/cleaner_fixture.h"

namespace oca::engine {
namespace {

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
      disk_->CutPowerAt(1 + random.Below(60));
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

class CleanerSweepTest : public CleanerTest {
 protected:
  // A repository of which half is dead; with changes that are counted and such that are not, and
  // with files that resemble others.
  void Fill() {
    for (int i = 0; i < 30; ++i) {
      const std::string name = "f" + std::to_string(i);
      Put(name, files_[name] = RandomBytes(40'000, i));
      if (i == 10) Reclaim();
    }
    for (int i = 1; i < 12; ++i) {
      const std::string name = "edited" + std::to_string(i);
      std::string data = files_["f" + std::to_string(i)];
      for (size_t at = 3000; at < data.size(); at += 9000)
        data.replace(at, 9, "another " + name, 0, 9);
      Put(name, files_[name] = data);
      if (i == 5) Reclaim();
    }
    Copy("f1", "copy");
    files_["copy"] = files_["f1"];
    for (int i = 0; i < 30; i += 2) {
      Remove("f" + std::to_string(i));
      files_.erase("f" + std::to_string(i));
    }
    ASSERT_OK(filesystem_->Sync());
  }
  void StartAnew() {
    filesystem_.reset();
    disk_ = std::make_unique<io::FaultFileSystem>();
    files_.clear();
    CleanerTest::SetUp();
    Fill();
  }
  // Once more, whole, from whatever state a run was left in.
  void ExpectTheRestIsDone() {
    ExpectContents(files_);
    Reclaim();
    EXPECT_LT(Stats().bytes.physical_bytes, files_.size() * 40'000 * 105 / 100);
    const CleanerStatus again = Reclaim();
    EXPECT_EQ(again.packs_removed, 0u);
    EXPECT_EQ(again.bytes_copied, 0u);
    ExpectContents(files_);
    ExpectSound();
  }

  std::map<std::string, std::string> files_;
};

TEST_F(CleanerSweepTest, PowerGoesAtEachCallOfARun) {
  bool ended = false;
  for (uint64_t call = 1; !ended; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    ASSERT_LT(call, 2000u);
    StartAnew();
    disk_->CutPowerAt(call);
    ASSERT_OK(filesystem_->StartReclaim());
    (void)Await();
    ended = !disk_->PowerIsCut();
    PowerCut(call);
    ExpectTheRestIsDone();
    if (HasFailure()) return;
  }
}

TEST_F(CleanerSweepTest, EachCallOfARunFailsOnce) {
  bool ended = false;
  for (uint64_t call = 1; !ended; ++call) {
    SCOPED_TRACE("call " + std::to_string(call));
    ASSERT_LT(call, 2000u);
    StartAnew();
    const uint64_t before = disk_->MutatingCalls();
    disk_->FailAt(call, EIO);
    ASSERT_OK(filesystem_->StartReclaim());
    const CleanerStatus status = Await();
    ended = disk_->MutatingCalls() - before < call;
    if (ended) {
      EXPECT_EQ(status.state, JobState::kDone) << status.error;
    }
    disk_->ClearFaults();
    ASSERT_OK(filesystem_->Sync());
    ExpectTheRestIsDone();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace oca::engine
