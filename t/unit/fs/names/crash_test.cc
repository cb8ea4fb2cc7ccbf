// Power cuts and write errors at every place of a workload.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <thread>

#include "fmt/format.h"
#include "rocksdb/env.h"
#include "t/unit/fs/names/digest.h"
#include "t/unit/fs/names/fixture.h"
#include "t/unit/fs/names/script.h"

namespace oca::names {
namespace {

using io::FaultFileSystem;

class CrashTest : public ::testing::Test {
 protected:
  // A database on a disk of its own.
  struct Machine {
    support::FakeClock clock;
    FaultFileSystem fs{clock};
    std::unique_ptr<Names> names;
    ScriptState state;
    size_t done = 0;                      // steps that succeeded
    size_t durable = 0;                   // steps done at the last successful Commit
    std::atomic<size_t> covered = 0;      // steps done at the last barrier
    std::atomic<size_t> done_shared = 0;  // = done, for the barrier's thread

    absl::Status Open() {
      Options options;
      options.fs = &fs;
      options.clock = &clock;
      options.dir = "/names";
      options.write_barrier = [this] {
        covered = done_shared.load();
        return absl::OkStatus();
      };
      options.block_cache_bytes = 1u << 20;
      options.write_buffer_bytes = 64u << 10;  // many flushes
      absl::StatusOr<std::unique_ptr<Names>> opened = Names::Open(options);
      if (!opened.ok()) return opened.status();
      names = *std::move(opened);
      return absl::OkStatus();
    }

    // Runs the script's next step.
    absl::Status Step(const std::vector<ScriptStep>& script) {
      const ScriptStep& step = script[done];
      absl::Status status = step.run(*names, state);
      if (!status.ok()) return status;
      clock.Advance(absl::Milliseconds(1));
      done_shared = ++done;
      if (step.commits) durable = done;
      return status;
    }
  };

  void SetUp() override {
    Machine machine;
    ASSERT_OK(machine.Open());
    digests_.push_back(Digest(*machine.names));
    while (machine.done < script_.size()) {
      ASSERT_OK(machine.Step(script_)) << machine.done;
      digests_.push_back(Digest(*machine.names));
    }
  }

  static void ExpectSound(const Names& names) {
    auto faults = names.Verify([](uint64_t) { return true; });
    ASSERT_OK(faults);
    EXPECT_THAT(*faults, ::testing::IsEmpty());
  }

  // After a restart: the state is that after some step from the last durable one to the last one
  // the barrier covered.
  void ExpectMomentOfThePast(const Machine& machine) {
    const std::string digest = Digest(*machine.names);
    const size_t newest = std::max<size_t>(machine.covered, machine.durable);
    for (size_t i = machine.durable; i <= newest; ++i) {
      if (digests_[i] == digest) return;
    }
    for (size_t i = 0; i < digests_.size(); ++i) {
      if (digests_[i] != digest) continue;
      FAIL() << "state of step " << i << ", but " << machine.durable << " is durable and "
             << machine.covered << " covered";
    }
    FAIL() << "a state that never was; durable " << machine.durable << ", done " << machine.done
           << "\n"
           << digest;
  }

  void ResumeSweep(int error, FaultFileSystem::Duration duration);

  // Runs the script to its end; clears each error's cause and resumes.
  void RunWithResume(Machine* machine, int error) {
    for (int failures = 0; machine->done < script_.size();) {
      const absl::Status status = machine->Step(script_);
      if (status.ok()) continue;
      EXPECT_ERRNO(status, error) << machine->done;
      // Reads go on; what was done is seen, what failed is not.
      EXPECT_EQ(Digest(*machine->names), digests_[machine->done]);
      machine->fs.ClearFaults();
      const absl::Status resumed = machine->names->Resume();
      EXPECT_OK(resumed);
      if (!resumed.ok() || ++failures > 3) break;
    }
  }

  const std::vector<ScriptStep> script_ = MakeScript();
  std::vector<std::string> digests_;  // after so many steps
};

// Calls run(n) for n = 1, 2, ... in several threads until it returns false, and counts the calls
// that returned true. The threads matter for time alone: RocksDB sleeps for a second after a failed
// flush.
int Sweep(const std::function<bool(uint64_t)>& run) {
  constexpr int kThreads = 16;
  rocksdb::Env::Default()->SetBackgroundThreads(kThreads, rocksdb::Env::HIGH);
  rocksdb::Env::Default()->SetBackgroundThreads(kThreads, rocksdb::Env::LOW);
  std::atomic<uint64_t> next = 1;
  std::atomic<bool> ended = false;
  std::atomic<int> count = 0;
  std::atomic<int> missed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      while (!ended && !::testing::Test::HasFailure()) {
        // How many calls a run makes depends on RocksDB's threads: one run that ends early is not
        // the end.
        if (run(next++)) {
          ++count;
        } else if (++missed >= 20) {
          ended = true;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return count;
}

TEST_F(CrashTest, KeepsAMomentOfThePastWhenThePowerGoes) {
  const int cuts = Sweep([&](uint64_t n) {
    SCOPED_TRACE(fmt::format("power cut at call {}", n));
    Machine machine;
    machine.fs.CutPowerAt(n);
    if (machine.Open().ok()) {
      while (machine.done < script_.size() && machine.Step(script_).ok()) continue;
    }
    const bool cut = machine.fs.PowerIsCut();
    machine.names.reset();
    machine.fs.PowerCycle(/*seed=*/n);
    EXPECT_OK(machine.Open());
    if (machine.names == nullptr) return false;
    ExpectMomentOfThePast(machine);
    ExpectSound(*machine.names);
    return cut;
  });
  RecordProperty("cuts", cuts);
  EXPECT_GT(cuts, 100);
}

// Every error is answered by Resume and another try of the same step; then all steps have happened,
// once each.
void CrashTest::ResumeSweep(int error, FaultFileSystem::Duration duration) {
  const int errors = Sweep([&](uint64_t n) {
    SCOPED_TRACE(fmt::format("error {} at call {}", error, n));
    Machine machine;
    EXPECT_OK(machine.Open());
    if (machine.names == nullptr) return false;
    const uint64_t calls_before = machine.fs.MutatingCalls();
    machine.fs.FailAt(n, error, duration);
    RunWithResume(&machine, error);
    const bool reached = machine.fs.MutatingCalls() - calls_before >= n;
    EXPECT_EQ(machine.done, script_.size());
    if (machine.done < script_.size()) return false;
    machine.names.reset();
    machine.fs.PowerCycle(/*seed=*/n);
    EXPECT_OK(machine.Open());
    if (machine.names == nullptr) return false;
    EXPECT_EQ(Digest(*machine.names), digests_.back());
    ExpectSound(*machine.names);
    return reached;
  });
  EXPECT_GT(errors,
            20);  // how many calls the script makes depends on how RocksDB's threads share them out
}

TEST_F(CrashTest, ResumesAfterAFullDiskWithoutLosingAnything) {
  ResumeSweep(ENOSPC, FaultFileSystem::Duration::kPersistent);
}

TEST_F(CrashTest, ResumesAfterAnIoErrorWithoutLosingAnything) {
  ResumeSweep(EIO, FaultFileSystem::Duration::kTransient);
}

}  // namespace
}  // namespace oca::names
