#include "lib/io/overlay_file_system.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/testing/memory_file_system.h"
#include "t/support/random.h"
#include "t/support/status_matchers.h"

namespace oca::io {
namespace {

using testing::UnorderedElementsAre;

class Overlay : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(CreateDirs(below_, "/top/d"));
    ASSERT_OK(WriteFileAtomically(below_, "/top/a", "as it is"));
    ASSERT_OK(WriteFileAtomically(below_, "/top/d/large", large_));
    ASSERT_OK(WriteFileAtomically(below_, "/outside", "x"));
  }
  std::string Read(FileSystem& fs, const std::string& path) {
    absl::StatusOr<std::string> bytes = ReadFile(fs, path);
    return bytes.ok() ? *bytes : std::string(bytes.status().message());
  }

  MemoryFileSystem below_;
  const std::string large_ = support::RandomBytes(300'000, 1);
  OverlayFileSystem overlay_{below_, {"/top"}};
};

TEST_F(Overlay, ShowsWhatIsBelowAndNothingOutside) {
  EXPECT_EQ(Read(overlay_, "/top/a"), "as it is");
  EXPECT_EQ(Read(overlay_, "/top/d/large"), large_);
  EXPECT_THAT(*overlay_.List("/top"), UnorderedElementsAre("a", "d"));
  EXPECT_EQ(ErrnoOf(overlay_.Stat("/outside").status()), ENOENT);
  EXPECT_EQ(ErrnoOf(overlay_.Stat("/topmost").status()), ENOENT);
  ASSERT_OK(overlay_.Stat("/").status());
  ASSERT_OK(overlay_.SyncDir("/"));
  ASSERT_OK(CreateDirs(overlay_, "/top/e/f"));
  ASSERT_OK_AND_ASSIGN(FileInfo info, overlay_.Stat("/top/d/large"));
  EXPECT_EQ(info.size_bytes, large_.size());
}

TEST_F(Overlay, ShowsMoreThanOneFolder) {
  ASSERT_OK(CreateDirs(below_, "/disks/two"));
  ASSERT_OK(WriteFileAtomically(below_, "/disks/two/b", "on two"));
  OverlayFileSystem overlay(below_, {"/top", "/disks/two"});
  EXPECT_EQ(Read(overlay, "/top/a"), "as it is");
  EXPECT_EQ(Read(overlay, "/disks/two/b"), "on two");
  ASSERT_OK(WriteFileAtomically(overlay, "/disks/two/b", "changed"));
  EXPECT_EQ(Read(overlay, "/disks/two/b"), "changed");
  EXPECT_EQ(Read(below_, "/disks/two/b"), "on two");
  EXPECT_EQ(ErrnoOf(overlay.Stat("/disks/three").status()), ENOENT);
  ASSERT_OK(overlay.SyncDir("/disks"));
}

TEST_F(Overlay, ChangesAreSeenAboveAndNeverBelow) {
  ASSERT_OK_AND_ASSIGN(auto reader, overlay_.Open("/top/d/large", OpenMode::kRead));
  ASSERT_OK_AND_ASSIGN(auto file, overlay_.Open("/top/d/large", OpenMode::kReadWrite));
  ASSERT_OK(file->WriteAt(65'530, "0123456789"));  // across two pieces
  ASSERT_OK(file->WriteAt(300'000, "end"));
  ASSERT_OK(overlay_.Rename("/top/a", "/top/d/b"));
  ASSERT_OK(overlay_.CreateDir("/top/new"));
  ASSERT_OK(WriteFileAtomically(overlay_, "/top/new/c", "new"));

  std::string wanted = large_ + "end";
  wanted.replace(65'530, 10, "0123456789");
  EXPECT_EQ(Read(overlay_, "/top/d/large"), wanted);
  std::string seen(wanted.size(), '\0');
  ASSERT_OK_AND_ASSIGN(size_t got, reader->ReadAt(0, std::span(seen)));
  EXPECT_EQ(got, wanted.size());
  EXPECT_EQ(seen, wanted);
  EXPECT_EQ(Read(overlay_, "/top/d/b"), "as it is");
  EXPECT_THAT(*overlay_.List("/top"), UnorderedElementsAre("d", "new"));

  EXPECT_EQ(Read(below_, "/top/d/large"), large_);
  EXPECT_EQ(Read(below_, "/top/a"), "as it is");
  EXPECT_THAT(*below_.List("/top"), UnorderedElementsAre("a", "d"));
}

TEST_F(Overlay, WhatWasCutOffReadsAsZeros) {
  ASSERT_OK_AND_ASSIGN(auto file, overlay_.Open("/top/d/large", OpenMode::kReadWrite));
  ASSERT_OK(file->WriteAt(100'000, "x"));
  ASSERT_OK(file->Truncate(70'000));
  ASSERT_OK(file->Truncate(200'000));
  EXPECT_EQ(Read(overlay_, "/top/d/large"), large_.substr(0, 70'000) + std::string(130'000, '\0'));
  ASSERT_OK(file->Truncate(10));
  EXPECT_EQ(Read(overlay_, "/top/d/large"), large_.substr(0, 10));
}

TEST_F(Overlay, RemovedFilesAreGoneAboveAlone) {
  ASSERT_OK(overlay_.RemoveFile("/top/d/large"));
  ASSERT_OK(overlay_.RemoveDir("/top/d"));
  EXPECT_EQ(ErrnoOf(overlay_.Stat("/top/d/large").status()), ENOENT);
  EXPECT_EQ(Read(below_, "/top/d/large"), large_);
}

}  // namespace
}  // namespace oca::io
