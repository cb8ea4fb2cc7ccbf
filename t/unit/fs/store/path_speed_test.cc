#include "fs/store/path_speed.h"

#include <cerrno>
#include <string>

#include "gtest/gtest.h"
#include "lib/base/status.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::store {
namespace {

constexpr int64_t kMilli = 1'000'000;

// Each look takes a time of its own: as if a read took as long.
class SteppingClock final : public Clock {
 public:
  explicit SteppingClock(int64_t step_ns) : step_ns_(step_ns) {}
  absl::Time Now() override { return absl::UnixEpoch(); }
  int64_t MonotonicNanos() override { return now_ns_ += step_ns_; }

 private:
  const int64_t step_ns_;
  int64_t now_ns_ = 0;
};

TEST(PathSpeed, IsReadsASecond) {
  io::FaultFileSystem disk;
  ASSERT_OK(disk.CreateDir("/d"));
  disk.SetCapacity(100'000'000);
  SteppingClock clock(2 * kMilli);
  ASSERT_OK_AND_ASSIGN(PathSpeed speed, MeasurePathSpeed(disk, clock, "/d"));
  EXPECT_EQ(speed.sequential_reads, 500u);
  EXPECT_EQ(speed.random_reads, 500u);
  EXPECT_EQ(speed.file_bytes, 23u << 20);  // of a quarter of what is free, whole MiB
  EXPECT_EQ(speed.space.total_bytes, 100'000'000u);
  ASSERT_OK_AND_ASSIGN(auto left, disk.List("/d"));
  EXPECT_TRUE(left.empty());
}

TEST(PathSpeed, WhatIsInTheWay) {
  io::FaultFileSystem disk;
  ASSERT_OK(disk.CreateDir("/d"));
  SteppingClock clock(kMilli);
  EXPECT_EQ(ErrnoOf(MeasurePathSpeed(disk, clock, "/nowhere").status()), ENOENT);
  disk.SetCapacity(60'000'000);
  EXPECT_EQ(ErrnoOf(MeasurePathSpeed(disk, clock, "/d").status()), ENOSPC);
  disk.SetCapacity(100'000'000);
  // One that a crash left behind is written over.
  ASSERT_OK(io::WriteFileAtomically(disk, "/d/oca-storage-path.speed", "x"));
  ASSERT_OK(MeasurePathSpeed(disk, clock, "/d").status());
  for (const io::Op op : {io::Op::kWrite, io::Op::kSync}) {
    disk.FailMatching(op, "", EIO);
    EXPECT_EQ(ErrnoOf(MeasurePathSpeed(disk, clock, "/d").status()), EIO);
    disk.ClearFaults();
    ASSERT_OK_AND_ASSIGN(auto left, disk.List("/d"));
    EXPECT_TRUE(left.empty());
  }
}

TEST(PathSpeed, OnARealDiskPastTheCacheOrNot) {
  support::TempDir dir;
  ASSERT_OK_AND_ASSIGN(PathSpeed speed, MeasurePathSpeed(io::PosixFileSystem(), SystemClock(),
                                                         dir.path(), 16u << 20));
  EXPECT_GT(speed.sequential_reads, 0u);
  EXPECT_GT(speed.random_reads, 0u);
  ASSERT_OK_AND_ASSIGN(auto left, io::PosixFileSystem().List(dir.path()));
  EXPECT_TRUE(left.empty());
}

}  // namespace
}  // namespace oca::store
