// Commit by many threads, crashes between, and Resume.
#include <atomic>
#include <cerrno>
#include <mutex>
#include <set>
#include <thread>

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "fmt/format.h"
#include "t/support/random.h"
#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

class CommitTest : public NamesTest {};

// Each thread creates and commits; the power goes at some moment. All that a thread saw committed
// is there, its own and what it had read of others.
TEST_F(CommitTest, WhatManyThreadsCommittedSurvives) {
  constexpr int kThreads = 6;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    std::vector<InodeNo> dirs;
    for (int t = 0; t < kThreads; ++t) {
      dirs.push_back(MustCreate(root_, fmt::format("s{}t{}", seed, t), DirOf()).ino);
    }
    ASSERT_OK(names_->Commit());
    std::vector<std::vector<std::string>> durable(kThreads);  // paths "t/name" seen before a Commit
    fs_.CutPowerAt(1 + support::Random(seed).Below(120));
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        std::vector<std::string> seen;
        const int neighbour = (t + 1) % kThreads;
        for (int i = 0; i < 1000; ++i) {
          const std::string name = std::to_string(i);
          if (!names_->Create(dirs[t], name, FileOf()).ok()) return;
          seen.push_back(fmt::format("{}/{}", t, name));
          if (names_->Lookup(dirs[neighbour], name).ok()) {
            seen.push_back(fmt::format("{}/{}", neighbour, name));
          }
          if (i % 3 != 0) continue;
          if (!names_->Commit().ok()) return;
          durable[t] = seen;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_NO_FATAL_FAILURE(Crash(seed));
    size_t checked = 0;
    for (const std::vector<std::string>& paths : durable) {
      for (const std::string& path : paths) {
        EXPECT_OK(names_->Lookup(dirs[path[0] - '0'], path.substr(2)));
        ++checked;
      }
    }
    ExpectSound();
    if (seed == 12) {
      EXPECT_GT(checked, 0u);
    }
  }
}

TEST_F(CommitTest, ConcurrentCommitsShareSyncs) {
  constexpr int kThreads = 8, kCommits = 200;
  const uint64_t before = fs_.MutatingCalls();
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCommits; ++i) {
        EXPECT_OK(names_->Create(root_, fmt::format("{}-{}", t, i), FileOf()));
        EXPECT_OK(names_->Commit());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Two calls a round; never more rounds than commits.
  EXPECT_LE(fs_.MutatingCalls() - before, uint64_t{2} * kThreads * kCommits + 10);
  EXPECT_EQ(Get(root_).entries, uint64_t{kThreads} * kCommits);
  ASSERT_NO_FATAL_FAILURE(Crash());
  EXPECT_EQ(NamesIn(root_).size(), size_t{kThreads} * kCommits);
  ExpectSound();
}

TEST_F(CommitTest, CommitWithoutChangesWritesNothing) {
  MustCreate(root_, "f");
  ASSERT_OK(names_->Commit());
  const uint64_t before = fs_.MutatingCalls();
  for (int i = 0; i < 10; ++i) ASSERT_OK(names_->Commit());
  names_->Lookup(root_, "f").IgnoreError();
  ASSERT_OK(names_->Commit());
  EXPECT_EQ(fs_.MutatingCalls(), before);
}

TEST_F(CommitTest, ReadersSeeWholeMutationsOnly) {
  const Inode a = MustCreate(root_, "a", DirOf());
  const Inode b = MustCreate(root_, "b", DirOf());
  const Inode file = MustCreate(a.ino, "f");
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; i < 4000; ++i) {
      const bool there = i % 2 == 0;
      EXPECT_OK(names_->Rename(there ? a.ino : b.ino, "f", there ? b.ino : a.ino, "f", 0));
    }
    stop = true;
  });
  while (!stop) {
    ASSERT_OK_AND_ASSIGN(const auto faults, names_->Verify([](uint64_t) { return true; }));
    EXPECT_THAT(faults, ::testing::IsEmpty());
  }
  writer.join();
  EXPECT_EQ(Get(file.ino).nlink, 1u);
}

// More than 32 MiB of log that nobody commits is committed by the write that finds it.
TEST_F(CommitTest, LongLogCommitsByItself) {
  const Inode file = MustCreate(root_, "f");
  const std::string value = support::RandomBytes(kMaxXattrValueBytes, 1);
  write_buffer_bytes_ = 128u << 20;
  ASSERT_NO_FATAL_FAILURE(Reopen());
  const int before = barriers_;
  for (int i = 0; i < 600; ++i) {
    ASSERT_OK(names_->SetXattr(file.ino, fmt::format("user.{}", i), value, 0));
  }
  EXPECT_EQ(barriers_, before + 1);
}

class ResumeTest : public NamesTest {
 protected:
  // Fails the next calls of one kind until faults are cleared; a mutation and its commit fail, and
  // everything is well after Resume.
  void FailAndResume(io::Op op, const std::string& path, int error) {
    fs_.FailMatching(op, path, error);
    const std::string name = fmt::format("n{}", ++names_made_);
    absl::Status status = names_->Create(root_, name, FileOf()).status();
    if (status.ok()) status = names_->Commit();
    EXPECT_ERRNO(status, error);
    EXPECT_ERRNO(names_->Create(root_, "refused", FileOf()), error);
    EXPECT_ERRNO(names_->Commit(), error);
    EXPECT_OK(names_->Lookup(root_, name));  // reads go on
    fs_.ClearFaults();
    ASSERT_OK(names_->Resume());
    EXPECT_OK(names_->Resume());  // nothing to do
    MustCreate(root_, name + "after");
    ASSERT_OK(names_->Commit());
    ASSERT_NO_FATAL_FAILURE(Crash(names_made_));
    EXPECT_OK(names_->Lookup(root_, name));
    EXPECT_OK(names_->Lookup(root_, name + "after"));
    EXPECT_ERRNO(names_->Lookup(root_, "refused"), ENOENT);
    ExpectSound();
  }
  int names_made_ = 0;
};

TEST_F(ResumeTest, FailedLogWrite) { FailAndResume(io::Op::kWrite, ".log", ENOSPC); }
TEST_F(ResumeTest, FailedLogSync) { FailAndResume(io::Op::kSync, ".log", EIO); }

TEST_F(ResumeTest, FailedBarrierHasItsErrno) {
  absl::Status barrier = PosixError(EDQUOT, "barrier");
  names_.reset();
  Options options;
  options.fs = &fs_;
  options.clock = &clock_;
  options.dir = "/names";
  absl::Mutex mu;
  bool fail = false;
  options.write_barrier = [&] {
    absl::MutexLock lock(&mu);
    return fail ? barrier : absl::OkStatus();
  };
  ASSERT_OK_AND_ASSIGN(names_, Names::Open(options));
  group_ = names_->ListGroups().empty() ? StorageGroup() : names_->ListGroups()[0];
  if (group_.id.value == 0) {  // was not committed before
    ASSERT_OK_AND_ASSIGN(group_, names_->AddGroup({.name = "g"}));
    ASSERT_OK_AND_ASSIGN(container_, names_->AddContainer({.name = "c", .group = group_.id}));
    root_ = container_.root;
  }
  MustCreate(root_, "f");
  {
    absl::MutexLock lock(&mu);
    fail = true;
  }
  EXPECT_ERRNO(names_->Commit(), EDQUOT);
  EXPECT_ERRNO(names_->Create(root_, "g", FileOf()), EDQUOT);
  EXPECT_ERRNO(names_->Resume(), EDQUOT);
  {
    absl::MutexLock lock(&mu);
    fail = false;
  }
  ASSERT_OK(names_->Resume());
  EXPECT_OK(names_->Create(root_, "g", FileOf()));
  ASSERT_OK(names_->Commit());
  names_.reset();
}

// A flush that met a full disk may tell so only when Resume is under way and the disk has room.
TEST_F(ResumeTest, FlushThatFailsLateDoesNotFailResume) {
  absl::Notification flushing, go_on;
  std::atomic<bool> hold = false;
  const std::thread::id self = std::this_thread::get_id();
  ASSERT_OK(names_->Commit());
  names_.reset();
  Options options;
  options.fs = &fs_;
  options.clock = &clock_;
  options.dir = "/names";
  options.write_buffer_bytes = 3u << 20;
  options.write_barrier = [&]() -> absl::Status {
    if (!hold) return absl::OkStatus();
    if (std::this_thread::get_id() == self) return PosixError(ENOSPC, "full");
    if (flushing.HasBeenNotified()) return absl::OkStatus();
    flushing.Notify();
    go_on.WaitForNotification();
    return PosixError(ENOSPC, "full");
  };
  ASSERT_OK_AND_ASSIGN(names_, Names::Open(options));
  const Inode file = MustCreate(root_, "f");
  hold = true;
  // Three times what gathers before RocksDB sees it, two of them fill its buffer.
  for (int i = 0; i < 215; ++i) {
    ASSERT_OK(names_->SetXattr(file.ino, fmt::format("user.{}", i), std::string(30'000, 'x'), 0));
  }
  flushing.WaitForNotification();
  EXPECT_ERRNO(names_->Commit(), ENOSPC);
  hold = false;
  go_on.Notify();
  EXPECT_OK(names_->Resume());
  ASSERT_OK(names_->Commit());
  ExpectSound();
  names_.reset();
}

}  // namespace
}  // namespace oca::names
