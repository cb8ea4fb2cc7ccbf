// ReadDir: order, cookies, concurrent change, big directories.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <set>
#include <thread>

#include "fmt/format.h"
#include "t/support/random.h"
#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReadDirTest : public NamesTest {
 protected:
  // Reads from `after` on in calls of `step` entries, as a program with a small buffer does.
  // Between two calls `between` runs.
  std::vector<DirEntry> ListInSteps(InodeNo dir, size_t step,
                                    const std::function<void()>& between) {
    std::vector<DirEntry> all;
    for (uint64_t after = 0;;) {
      size_t n = 0;
      EXPECT_OK(names_->ReadDir(dir, after, [&](const DirEntry& entry) {
        EXPECT_GT(entry.cookie, after);
        all.push_back(entry);
        after = entry.cookie;
        return ++n < step;
      }));
      if (n == 0) return all;
      between();
    }
  }
};

TEST_F(ReadDirTest, ListsInOrderOfCreationWithAscendingCookies) {
  const Inode z = MustCreate(root_, "z", DirOf());
  const Inode a = MustCreate(root_, "a");
  const Inode m = MustCreate(root_, "m", SymlinkTo("t"));
  const std::vector<DirEntry> entries = List(root_);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_THAT(NamesIn(root_), ElementsAre("z", "a", "m"));
  EXPECT_EQ(entries[0].ino, z.ino);
  EXPECT_EQ(entries[1].ino, a.ino);
  EXPECT_EQ(entries[2].ino, m.ino);
  EXPECT_EQ(entries[0].type, uint32_t{S_IFDIR});
  EXPECT_EQ(entries[1].type, uint32_t{S_IFREG});
  EXPECT_EQ(entries[2].type, uint32_t{S_IFLNK});
  EXPECT_GT(entries[0].cookie, 16u);
  EXPECT_LT(entries[0].cookie, entries[1].cookie);
  EXPECT_LT(entries[1].cookie, entries[2].cookie);
}

TEST_F(ReadDirTest, GoesOnAfterAnyCookie) {
  for (const char* name : {"1", "2", "3"}) MustCreate(root_, name);
  const std::vector<DirEntry> entries = List(root_);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(List(root_, 16).size(), 3u);
  EXPECT_EQ(List(root_, entries[0].cookie).size(), 2u);
  EXPECT_EQ(List(root_, entries[0].cookie - 1).size(), 3u);
  ASSERT_OK(names_->Unlink(root_, "2"));
  EXPECT_THAT(List(root_, entries[1].cookie).size(), 1u);  // its entry is gone, the place is not
  EXPECT_THAT(List(root_, entries[2].cookie), IsEmpty());
  EXPECT_THAT(List(root_, UINT64_MAX - 1), IsEmpty());
  EXPECT_THAT(List(root_, UINT64_MAX), IsEmpty());
}

TEST_F(ReadDirTest, StopsWhenToldTo) {
  for (const char* name : {"1", "2", "3"}) MustCreate(root_, name);
  int calls = 0;
  ASSERT_OK(names_->ReadDir(root_, 0, [&](const DirEntry&) { return ++calls < 2; }));
  EXPECT_EQ(calls, 2);
}

TEST_F(ReadDirTest, FailsWithTheErrnoOfWhatIsWrong) {
  const Inode file = MustCreate(root_, "f");
  const auto fn = [](const DirEntry&) { return true; };
  EXPECT_ERRNO(names_->ReadDir(file.ino, 0, fn), ENOTDIR);
  EXPECT_ERRNO(names_->ReadDir(InodeNo(99999), 0, fn), ENOENT);
}

TEST_F(ReadDirTest, SeesItsOwnDirectoryOnly) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  const Inode next = MustCreate(root_, "e", DirOf());
  ASSERT_EQ(next.ino.value, dir.ino.value + 1);
  MustCreate(next.ino, "x");
  EXPECT_THAT(NamesIn(dir.ino), IsEmpty());
  EXPECT_THAT(NamesIn(next.ino), ElementsAre("x"));
}

TEST_F(ReadDirTest, CookiesStayOverRestartsAndOtherChanges) {
  for (int i = 0; i < 50; ++i) MustCreate(root_, std::to_string(i));
  const std::vector<DirEntry> before = List(root_);
  for (int i = 0; i < 50; i += 2) ASSERT_OK(names_->Unlink(root_, std::to_string(i)));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  MustCreate(root_, "new");
  const std::vector<DirEntry> after = List(root_);
  ASSERT_EQ(after.size(), 26u);
  for (int i = 0; i < 25; ++i) {
    EXPECT_EQ(after[i].name, before[2 * i + 1].name);
    EXPECT_EQ(after[i].cookie, before[2 * i + 1].cookie);
  }
  EXPECT_EQ(after.back().name, "new");
}

// A reader deletes what it reads, as rm -r does, and others come meanwhile.
TEST_F(ReadDirTest, DeletingWhatWasReadMissesNothing) {
  for (int i = 0; i < 1000; ++i) MustCreate(root_, std::to_string(i));
  int round = 0;
  std::set<std::string> seen;
  size_t listed = 0;
  const auto entries = ListInSteps(root_, 7, [&] {
    if (++round <= 20) MustCreate(root_, fmt::format("late{}", round));
    for (const std::string& name : NamesIn(root_)) {
      if (++listed % 3 == 0) break;
      ASSERT_OK(names_->Unlink(root_, name));
    }
  });
  for (const DirEntry& entry : entries) EXPECT_TRUE(seen.insert(entry.name).second) << entry.name;
  for (const std::string& name : NamesIn(root_)) EXPECT_TRUE(seen.contains(name)) << name;
  ExpectSound();
}

// What stays is listed once, whatever others create, delete, rename and exchange meanwhile.
TEST_F(ReadDirTest, WhatStaysIsListedOnceUnderConcurrentChange) {
  constexpr int kStaying = 300;
  for (int i = 0; i < kStaying; ++i) {
    MustCreate(root_, fmt::format("stays{}", i));
    MustCreate(root_, fmt::format("goes{}", i));
  }
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    support::Random random(7);
    for (uint64_t i = 0; !stop; ++i) {
      const std::string name = fmt::format("goes{}", random.Below(kStaying));
      const std::string other = fmt::format("goes{}", random.Below(kStaying));
      switch (i % 4) {
        case 0:
          names_->Unlink(root_, name).IgnoreError();
          break;
        case 1:
          names_->Create(root_, name, FileOf()).IgnoreError();
          break;
        case 2:
          names_->Rename(root_, name, root_, other, 0).IgnoreError();
          break;
        default:  // replaces the file of a name that stays
          names_->Create(root_, "fresh", FileOf()).IgnoreError();
          ASSERT_OK(names_->Rename(root_, "fresh", root_,
                                   fmt::format("stays{}", random.Below(kStaying)), 0));
      }
    }
  });
  for (int round = 0; round < 30; ++round) {
    std::map<std::string, int> seen;
    for (const DirEntry& entry : ListInSteps(root_, 1 + round * 3, [] {})) ++seen[entry.name];
    for (int i = 0; i < kStaying; ++i) {
      const std::string name = fmt::format("stays{}", i);
      EXPECT_EQ(seen[name], 1) << name;
    }
  }
  stop = true;
  writer.join();
  ExpectSound();
}

TEST_F(ReadDirTest, DirectoryOf100000Entries) {
  constexpr int kEntries = 100'000;
  write_buffer_bytes_ = 2u << 20;  // several tables
  ASSERT_NO_FATAL_FAILURE(Reopen());
  const Inode dir = MustCreate(root_, "big", DirOf());
  for (int i = 0; i < kEntries; ++i) {
    ASSERT_OK(names_->Create(dir.ino, fmt::format("entry-{}", i), FileOf()));
  }
  EXPECT_EQ(Get(dir.ino).entries, uint64_t{kEntries});
  ASSERT_NO_FATAL_FAILURE(Reopen());
  uint64_t last = 0;
  int next = 0;
  for (const DirEntry& entry : ListInSteps(dir.ino, 5000, [] {})) {
    ASSERT_EQ(entry.name, fmt::format("entry-{}", next++));
    ASSERT_GT(entry.cookie, last);
    last = entry.cookie;
  }
  EXPECT_EQ(next, kEntries);
  ASSERT_OK_AND_ASSIGN(const Inode found, names_->Lookup(dir.ino, "entry-77777"));
  EXPECT_EQ(found.nlink, 1u);
  // Half goes, from the front: what is left is found without a walk over what was.
  for (int i = 0; i < kEntries / 2; ++i) {
    ASSERT_OK(names_->Unlink(dir.ino, fmt::format("entry-{}", i)));
  }
  const std::vector<DirEntry> left = List(dir.ino);
  ASSERT_EQ(left.size(), size_t{kEntries / 2});
  EXPECT_EQ(left.front().name, "entry-50000");
  EXPECT_ERRNO(names_->Rmdir(root_, "big"), ENOTEMPTY);
  ExpectSound();
}

}  // namespace
}  // namespace oca::names
