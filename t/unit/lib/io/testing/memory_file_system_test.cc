// What the conformance suite cannot show on a real disk: a full one, and time.
#include "lib/io/testing/memory_file_system.h"

#include <cerrno>

#include "gtest/gtest.h"
#include "t/support/fake_clock.h"
#include "t/unit/lib/io/testing/fault_fixture.h"

namespace oca::io {
namespace {

TEST(MemoryFileSystem, WriteFailsWhenDiskFull) {
  MemoryFileSystem fs;
  fs.SetCapacity(8'192);
  auto file = MustOpen(fs, "/a", OpenMode::kCreateNew);
  EXPECT_OK(file->WriteAt(0, std::string(8'000, 'x')));
  EXPECT_ERRNO(file->WriteAt(8'000, std::string(1'000, 'y')), ENOSPC);
  EXPECT_EQ(*file->Size(), 8'192u);  // what had room is written
  EXPECT_OK(file->WriteAt(0, std::string(8'192, 'z')));
  EXPECT_ERRNO(MustOpen(fs, "/b", OpenMode::kCreateNew)->WriteAt(0, "x"), ENOSPC);
}

TEST(MemoryFileSystem, SpaceComesBack) {
  MemoryFileSystem fs;
  fs.SetCapacity(40'960);
  auto available = [&] { return fs.Space("/")->available_bytes; };
  auto file = MustOpen(fs, "/a", OpenMode::kCreateNew);
  EXPECT_EQ(fs.Space("/")->total_bytes, 40'960u);
  EXPECT_EQ(available(), 40'960u);
  EXPECT_OK(file->WriteAt(0, std::string(40'960, 'x')));
  EXPECT_EQ(available(), 0u);
  EXPECT_OK(file->Truncate(4'097));
  EXPECT_EQ(available(), 32'768u);
  EXPECT_OK(fs.RemoveFile("/a"));
  EXPECT_EQ(available(), 32'768u);  // still open
  file.reset();
  EXPECT_EQ(available(), 40'960u);
}

TEST(MemoryFileSystem, CapacityBelowUseLeavesNothingAvailable) {
  MemoryFileSystem fs;
  auto file = MustOpen(fs, "/a", OpenMode::kCreateNew);
  EXPECT_OK(file->WriteAt(0, std::string(10'000, 'x')));
  fs.SetCapacity(4'096);
  EXPECT_EQ(fs.Space("/")->available_bytes, 0u);
  EXPECT_ERRNO(file->WriteAt(20'000, "x"), ENOSPC);
  EXPECT_OK(file->WriteAt(0, "y"));
}

TEST(MemoryFileSystem, TimesComeFromTheClock) {
  support::FakeClock clock(absl::FromUnixSeconds(1'000));
  MemoryFileSystem fs(clock);
  auto file = MustOpen(fs, "/a", OpenMode::kCreateNew);
  EXPECT_EQ(fs.Stat("/a")->mtime_seconds, 1'000);
  clock.Advance(absl::Seconds(5));
  EXPECT_OK(file->WriteAt(0, "x"));
  EXPECT_EQ(fs.Stat("/a")->mtime_seconds, 1'005);
  EXPECT_EQ(fs.Stat("/")->mtime_seconds, 1'000);
  clock.Advance(absl::Seconds(5));
  EXPECT_OK(fs.Rename("/a", "/b"));
  EXPECT_EQ(fs.Stat("/b")->mtime_seconds, 1'005);
  EXPECT_EQ(fs.Stat("/")->mtime_seconds, 1'010);
}

TEST(MemoryFileSystem, TheRootStays) {
  MemoryFileSystem fs;
  EXPECT_ERRNO(fs.CreateDir("/"), EEXIST);
  EXPECT_ERRNO(fs.RemoveDir("/"), EBUSY);
  EXPECT_ERRNO(fs.RemoveFile("/"), EISDIR);
  EXPECT_ERRNO(fs.Rename("/", "/a"), EINVAL);
  MakeDurableDir(fs, "/a");
  EXPECT_ERRNO(fs.Rename("/a", "/"), EBUSY);
  EXPECT_ERRNO(fs.CreateDir("relative"), EINVAL);
}

}  // namespace
}  // namespace oca::io
