// The power goes, or the disk fails, at every call while files go into a recycle bin, come back,
// expire and are purged. Each operation has happened or not; what was acknowledged stays; and once
// the disk is well again the same operation works.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "fmt/format.h"
#include "fs/tools/examine.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/overlay_file_system.h"
#include "lib/io/testing/fault_file_system.h"
#include "rocksdb/env.h"
#include "t/integration/30_engine/checks.h"
#include "t/integration/30_engine/recycle_script.h"
#include "t/support/fake_clock.h"
#include "t/support/status_matchers.h"

namespace oca::engine {
namespace {

using io::FaultFileSystem;
using Duration = FaultFileSystem::Duration;

// Calls that read, too, or those alone that change the disk.
enum class Calls { kMutating, kAny };
// After an error: the disk is well again, and the same process goes on; or another one starts.
enum class Then { kGoesOn, kRestarts };

struct FaultPlan {
  Calls calls;
  Duration duration;
  Then then;
};

uint64_t CallsOf(FaultFileSystem& disk, Calls calls) {
  return calls == Calls::kAny ? disk.Calls() : disk.MutatingCalls();
}

// What is there is one of the script's states from `first` on.
void ExpectStateFrom(size_t first, const RecycleScript& script, Filesystem& filesystem) {
  ASSERT_OK_AND_ASSIGN(const State found, ReadWithBin(filesystem));
  EXPECT_TRUE(std::find(script.states().begin() + static_cast<ptrdiff_t>(first),
                        script.states().end(), found) != script.states().end())
      << "none of the states from " << first << " to " << script.states().size() - 1;
}

void ExpectOfsckFindsNothing(FaultFileSystem& disk) {
  ofsck::Findings found(nullptr);
  io::OverlayFileSystem overlay(disk, {"/oca"});
  EXPECT_OK(ofsck::Examine({.engine = OptionsForTest(overlay)}, &found));
  EXPECT_THAT(found.faults(), testing::IsEmpty());
}

// `first` as for ExpectStateFrom; closes the repository.
void ExpectAllSound(size_t first, const RecycleScript& script, FaultFileSystem& disk,
                    std::unique_ptr<Filesystem> filesystem) {
  ExpectStateFrom(first, script, *filesystem);
  ExpectSound(*filesystem);
  ASSERT_OK(filesystem->Stop());
  filesystem.reset();
  ExpectOfsckFindsNothing(disk);
}

TEST(RecycleFaults, ScriptDoesWhatItSays) {
  FaultFileSystem disk;
  support::FakeClock clock;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk, clock));
  RecycleScript script(*filesystem, clock);
  ASSERT_OK(script.Run());
  ASSERT_OK(script.Settle());
  ExpectAllSound(script.states().size() - 1, script, disk, std::move(filesystem));
}

void CutRecyclingAt(uint64_t n, bool* was_cut) {
  SCOPED_TRACE(fmt::format("power cut at call {}", n));
  FaultFileSystem disk;
  support::FakeClock clock;
  disk.CutPowerAt(n);
  absl::StatusOr<std::unique_ptr<Filesystem>> opened = OpenForTest(disk, clock);
  if (!opened.ok()) {
    ASSERT_TRUE(disk.PowerIsCut());
    disk.PowerCycle(n);
    ASSERT_OK_AND_ASSIGN(auto reopened, OpenForTest(disk, clock));
    *was_cut = true;
    return;
  }
  RecycleScript script(**opened, clock, [&] { return disk.PowerIsCut(); });
  absl::Status result = script.Run();
  if (result.ok()) result = (*opened)->Stop();
  *was_cut = disk.PowerIsCut();
  if (!*was_cut) {
    ASSERT_OK(result);
  }
  opened->reset();
  disk.PowerCycle(n);
  ASSERT_OK_AND_ASSIGN(auto reopened, OpenForTest(disk, clock));
  ExpectAllSound(script.acknowledged(), script, disk, std::move(reopened));
}

// run(n) for n = 1, 2, ... until it says that the script has no call n. Several at once: RocksDB
// sleeps for a second after a flush that failed.
void Sweep(uint64_t at_least, const std::function<void(uint64_t n, bool* was_met)>& run) {
  constexpr int kThreads = 8;
  rocksdb::Env::Default()->SetBackgroundThreads(kThreads, rocksdb::Env::HIGH);
  rocksdb::Env::Default()->SetBackgroundThreads(kThreads, rocksdb::Env::LOW);
  std::atomic<uint64_t> next = 1;
  std::atomic<bool> goes_on = true;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      while (goes_on && !testing::Test::HasFailure()) {
        bool was_met = false;
        run(next++, &was_met);
        if (!was_met) goes_on = false;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  testing::Test::RecordProperty("calls", static_cast<int>(next));
  EXPECT_GT(next, at_least);
}

TEST(RecycleFaults, PowerCutLeavesADeletionDoneWithItsPlaceInTheBinOrNotDone) {
  Sweep(150, CutRecyclingAt);
}

void GoOnAfterFault(const absl::Status& failed, Calls calls, FaultFileSystem& disk,
                    std::unique_ptr<Filesystem> filesystem, RecycleScript& script) {
  if (!failed.ok() && calls == Calls::kMutating) {
    ASSERT_OK(script.Settle()) << "reading does not go on while writing fails";
  }
  disk.ClearFaults();
  if (!failed.ok()) {
    ASSERT_OK(filesystem->Sync()) << failed;  // as the periodic commit does
    if (calls == Calls::kAny) {
      ASSERT_OK(script.Settle()) << failed;
    }
    ASSERT_OK(script.Run()) << failed;
  }
  ExpectAllSound(script.states().size() - 1, script, disk, std::move(filesystem));
}

void FailRecyclingAt(uint64_t n, const FaultPlan& plan, bool* was_met) {
  SCOPED_TRACE(fmt::format("fault at call {}", n));
  FaultFileSystem disk;
  support::FakeClock clock;
  ASSERT_OK_AND_ASSIGN(auto filesystem, OpenForTest(disk, clock));
  const uint64_t before = CallsOf(disk, plan.calls);
  if (plan.calls == Calls::kAny) {
    disk.FailAnyAt(n, EIO, plan.duration);
  } else {
    disk.FailAt(n, n % 2 == 0 ? EIO : ENOSPC, plan.duration);
  }
  const auto met = [&] { return CallsOf(disk, plan.calls) - before >= n; };
  bool is_over = false;
  RecycleScript script(*filesystem, clock,
                       [&] { return plan.duration == Duration::kPersistent && !is_over && met(); });
  const absl::Status failed = script.Run();
  *was_met = met();
  if (!*was_met) {
    ASSERT_OK(failed);
  }
  is_over = true;
  if (plan.then == Then::kGoesOn) {
    GoOnAfterFault(failed, plan.calls, disk, std::move(filesystem), script);
    return;
  }
  (void)filesystem->Stop();
  filesystem.reset();
  disk.ClearFaults();
  if (n % 2 == 0) disk.PowerCycle(n);
  ASSERT_OK_AND_ASSIGN(auto reopened, OpenForTest(disk, clock));
  ExpectAllSound(script.acknowledged(), script, disk, std::move(reopened));
}

void FailAtEveryCall(const FaultPlan& plan, uint64_t at_least) {
  Sweep(at_least, [&](uint64_t n, bool* was_met) { FailRecyclingAt(n, plan, was_met); });
}

TEST(RecycleFaults, WriteThatFailsOnceIsMadeUpForByTheSameOperation) {
  FailAtEveryCall({Calls::kMutating, Duration::kTransient, Then::kGoesOn}, 100);
}

TEST(RecycleFaults, WritesThatFailForLongStopChangesAndNothingElse) {
  FailAtEveryCall({Calls::kMutating, Duration::kPersistent, Then::kGoesOn}, 100);
}

TEST(RecycleFaults, WritesThatFailUntilTheRestartLoseNothingThatWasAcknowledged) {
  FailAtEveryCall({Calls::kMutating, Duration::kPersistent, Then::kRestarts}, 100);
}

TEST(RecycleFaults, CallThatFailsOnceIsMadeUpForByTheSameOperation) {
  FailAtEveryCall({Calls::kAny, Duration::kTransient, Then::kGoesOn}, 120);
}

TEST(RecycleFaults, DiskThatIsGoneForLongLosesNothing) {
  FailAtEveryCall({Calls::kAny, Duration::kPersistent, Then::kGoesOn}, 120);
}

TEST(RecycleFaults, DiskThatIsGoneUntilTheRestartLosesNothing) {
  FailAtEveryCall({Calls::kAny, Duration::kPersistent, Then::kRestarts}, 120);
}

}  // namespace
}  // namespace oca::engine
