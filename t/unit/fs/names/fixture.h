// A names database in a directory of its own, with one storage group and one container.
#ifndef OCA_T_UNIT_FS_NAMES_FIXTURE_H_
#define OCA_T_UNIT_FS_NAMES_FIXTURE_H_

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fs/names/names.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/io/testing/fault_file_system.h"
#include "t/support/fake_clock.h"
#include "t/support/status_matchers.h"

namespace oca::names {

inline NewInode FileOf(uint32_t mode = 0644) { return {.mode = S_IFREG | mode}; }
inline NewInode DirOf(uint32_t mode = 0755) { return {.mode = S_IFDIR | mode}; }
inline NewInode SymlinkTo(std::string target) {
  return {.mode = S_IFLNK | 0777, .symlink_target = std::move(target)};
}

class NamesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Open());
    ASSERT_OK_AND_ASSIGN(group_, names_->AddGroup({.name = "g"}));
    ASSERT_OK_AND_ASSIGN(container_, names_->AddContainer({.name = "c", .group = group_.id}));
    root_ = container_.root;
  }

  void Open() {
    Options options;
    options.fs = &fs_;
    options.clock = &clock_;
    options.dir = "/names";
    options.write_barrier = [this] {
      ++barriers_;
      return absl::OkStatus();
    };
    options.block_cache_bytes = 8u << 20;
    options.write_buffer_bytes = write_buffer_bytes_;
    ASSERT_OK_AND_ASSIGN(names_, Names::Open(options));
  }

  // Closes after a Commit and opens again.
  void Reopen() {
    ASSERT_OK(names_->Commit());
    names_.reset();
    ASSERT_NO_FATAL_FAILURE(Open());
  }

  // Moves the clock by a second; the new time.
  int64_t Tick() {
    clock_.Advance(absl::Seconds(1));
    return absl::ToUnixNanos(clock_.Now());
  }

  Inode MustCreate(InodeNo parent, std::string_view name, const NewInode& what = FileOf()) {
    auto inode = names_->Create(parent, name, what);
    EXPECT_OK(inode);
    return inode.ok() ? *inode : Inode();
  }
  Inode Get(InodeNo ino) {
    auto inode = names_->GetInode(ino);
    EXPECT_OK(inode);
    return inode.ok() ? *inode : Inode();
  }
  std::vector<DirEntry> List(InodeNo dir, uint64_t after = 0) {
    std::vector<DirEntry> entries;
    EXPECT_OK(names_->ReadDir(dir, after, [&](const DirEntry& entry) {
      entries.push_back(entry);
      return true;
    }));
    return entries;
  }
  std::vector<std::string> NamesIn(InodeNo dir) {
    std::vector<std::string> names;
    for (const DirEntry& entry : List(dir)) names.push_back(entry.name);
    return names;
  }
  void ExpectSound() {
    auto faults = names_->Verify([](uint64_t) { return true; });
    ASSERT_OK(faults);
    EXPECT_THAT(*faults, ::testing::IsEmpty());
  }

  support::FakeClock clock_;
  io::FaultFileSystem fs_;
  uint64_t write_buffer_bytes_ = 4u << 20;
  std::atomic<int> barriers_ = 0;
  std::unique_ptr<Names> names_;
  StorageGroup group_;
  Container container_;
  InodeNo root_;
};

}  // namespace oca::names

#endif  // OCA_T_UNIT_FS_NAMES_FIXTURE_H_
