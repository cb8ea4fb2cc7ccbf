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
    opening_calls_ = machine.fs.MutatingCalls();
    digests_.push_back(Digest(*machine.names));
    while (machine.done < script_.size()) {
      if (script_[machine.done].commits) ++commits_;
      ASSERT_OK(machine.Step(script_)) << machine.done;
      digests_.push_back(Digest(*machine.names));
    }
    script_calls_ = machine.fs.MutatingCalls() - opening_calls_;
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

  void Sweep(uint64_t clean_calls, const std::function<bool(uint64_t)>& run);
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
  uint64_t commits_ = 0;              // of the script
  uint64_t opening_calls_ = 0;        // that change the disk, in one run without faults
  uint64_t script_calls_ = 0;
};

// How many disk calls the script makes differs from run to run: flushes and compactions have
// threads of their own, and a Commit writes the log of a full write buffer only when that buffer's
// flush has not made it obsolete yet. So a sweep goes well beyond the calls of one clean run, and
// counts the calls of run(n), n = 1, 2, ..., that met their fault. What is sure: each Commit of the
// script has something to write, one write and one sync at least. The sweep's threads matter for
// time alone: RocksDB sleeps for a second after a failed flush.
void CrashTest::Sweep(uint64_t clean_calls, const std::function<bool(uint64_t)>& run) {
  constexpr int kThreads = 16;
  rocksdb::Env::Default()->SetBackgroundThreads(kThreads, rocksdb::Env::HIGH);
  rocksdb::Env::Default()->SetBackgroundThreads(kThreads, rocksdb::Env::LOW);
  const uint64_t sure = 2 * commits_;
  ASSERT_GE(sure, 60u) << "the script lost its commits";
  ASSERT_GE(clean_calls, sure);
  const uint64_t last = clean_calls + clean_calls / 4;
  std::atomic<uint64_t> next = 1;
  std::atomic<uint64_t> met = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (uint64_t n; (n = next++) <= last && !HasFailure();) {
        const bool met_fault = run(n);
        if (met_fault) ++met;
        EXPECT_TRUE(met_fault || n > sure) << "no fault at call " << n;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  RecordProperty("clean_calls", static_cast<int>(clean_calls));
  RecordProperty("met", static_cast<int>(met));
  EXPECT_GE(met, sure);
}

TEST_F(CrashTest, KeepsAMomentOfThePastWhenThePowerGoes) {
  Sweep(opening_calls_ + script_calls_, [&](uint64_t n) {
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
}

// Every error is answered by Resume and another try of the same step; then all steps have happened,
// once each.
void CrashTest::ResumeSweep(int error, FaultFileSystem::Duration duration) {
  Sweep(script_calls_, [&](uint64_t n) {
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
}

TEST_F(CrashTest, ResumesAfterAFullDiskWithoutLosingAnything) {
  ResumeSweep(ENOSPC, FaultFileSystem::Duration::kPersistent);
}

TEST_F(CrashTest, ResumesAfterAnIoErrorWithoutLosingAnything) {
  ResumeSweep(EIO, FaultFileSystem::Duration::kTransient);
}

}  // namespace
}  // namespace oca::names
