// A names database in a directory of its own, with one storage group and one container.
#ifndef OCA_T_UNIT_FS_NAMES_FIXTURE_H_
#define OCA_T_UNIT_FS_NAMES_FIXTURE_H_

#include <sys/stat.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "fs/names/database.h"
#include "fs/names/keys.h"
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

using Changes = std::vector<Change>;

// Times of an inode that an operation moved.
enum Moved : unsigned { kNothing = 0, kAtime = 1, kMtime = 2, kCtime = 4 };

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

  // Loses what was not committed, or less, and opens again.
  void Crash(uint64_t seed = 1) {
    fs_.CutPower();
    names_.reset();
    fs_.PowerCycle(seed);
    ASSERT_NO_FATAL_FAILURE(Open());
  }

  // Commits, closes, and hands the database to `edit`, which changes keys as damage would.
  void EditRaw(const std::function<void(const Database&, Changes*)>& edit) {
    ASSERT_OK(names_->Commit());
    names_.reset();
    ASSERT_OK_AND_ASSIGN(const auto database, Database::Open({.fs = &fs_,
                                                              .clock = &clock_,
                                                              .dir = "/names",
                                                              .write_barrier = nullptr,
                                                              .block_cache_bytes = 1u << 20,
                                                              .write_buffer_bytes = 1u << 20}));
    Changes batch;
    edit(*database, &batch);
    ASSERT_OK(database->Write(std::move(batch)));
    ASSERT_OK(database->Commit());
  }
  // As EditRaw, then opens Names on what is there now.
  void Edit(const std::function<void(const Database&, Changes*)>& edit) {
    ASSERT_NO_FATAL_FAILURE(EditRaw(edit));
    ASSERT_NO_FATAL_FAILURE(Open());
  }
  static void Put(Changes* batch, std::string_view key, std::string_view value) {
    batch->push_back({std::string(key), std::string(value)});
  }
  static void Delete(Changes* batch, std::string_view key) {
    batch->push_back({std::string(key), std::nullopt});
  }
  static Inode RawInode(const Database& database, InodeNo ino) {
    std::string value;
    EXPECT_OK(database.Get(InodeKey(ino), &value));
    auto inode = DecodeInode(value);
    EXPECT_OK(inode);
    return inode.ok() ? *inode : Inode();
  }
  // Changes one inode record.
  void EditInode(InodeNo ino, const std::function<void(Inode*)>& change) {
    ASSERT_NO_FATAL_FAILURE(Edit([&](const Database& database, Changes* batch) {
      Inode inode = RawInode(database, ino);
      change(&inode);
      Put(batch, InodeKey(ino), EncodeInode(inode));
    }));
  }

  // Since `before` the inode's `moved` times became `now`, the others stayed.
  void ExpectMoved(const Inode& before, unsigned moved, int64_t now, int line = __builtin_LINE()) {
    const Inode after = Get(before.ino);
    EXPECT_EQ(after.atime_ns, moved & kAtime ? now : before.atime_ns) << "line " << line;
    EXPECT_EQ(after.mtime_ns, moved & kMtime ? now : before.mtime_ns) << "line " << line;
    EXPECT_EQ(after.ctime_ns, moved & kCtime ? now : before.ctime_ns) << "line " << line;
    EXPECT_EQ(after.btime_ns, before.btime_ns) << "line " << line;
  }

  InodeNo AddContainer(std::string name) {
    auto container = names_->AddContainer({.name = std::move(name), .group = group_.id});
    EXPECT_OK(container);
    return container.ok() ? container->root : InodeNo();
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
