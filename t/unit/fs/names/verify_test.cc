// Verify finds each kind of damage, done here through RocksDB, and nothing in what is sound.
#include <algorithm>
#include <cerrno>
#include <optional>

#include "fmt/format.h"
#include "fs/names/acl.h"
#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class VerifyTest : public NamesTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(NamesTest::SetUp());
    dir_ = MustCreate(root_, "dir", DirOf()).ino;
    sub_ = MustCreate(dir_, "sub", DirOf()).ino;
    file_ = MustCreate(dir_, "file").ino;
    ASSERT_OK(names_->Link(file_, root_, "link"));
    symlink_ = MustCreate(sub_, "symlink", SymlinkTo("target")).ino;
    ASSERT_OK(names_->SetContent(file_, {.recipe = "r", .size = 1000}));
    ASSERT_OK(names_->SetXattr(file_, "user.a", "1", 0));
    orphan_ = MustCreate(root_, "orphan").ino;
    ASSERT_OK(names_->Unlink(root_, "orphan"));
    ASSERT_NO_FATAL_FAILURE(ExpectSound());
    file_entry_ = Entry(dir_, "file");
    sub_entry_ = Entry(dir_, "sub");
  }

  EntryValue Entry(InodeNo dir, std::string_view name) {
    for (const DirEntry& entry : List(dir)) {
      if (entry.name == name) return {.ino = entry.ino, .type = entry.type, .cookie = entry.cookie};
    }
    ADD_FAILURE() << name;
    return {};
  }
  std::vector<std::string> Faults() {
    auto faults = names_->Verify([](uint64_t) { return true; });
    EXPECT_OK(faults);
    return faults.ok() ? *faults : std::vector<std::string>();
  }
  // A fault with `text` is found after `edit`.
  void ExpectFault(const std::function<void(const Database&, Changes*)>& edit,
                   const std::string& text) {
    ASSERT_NO_FATAL_FAILURE(Edit(edit));
    EXPECT_THAT(Faults(), Contains(HasSubstr(text)));
  }
  void ExpectInodeFault(InodeNo ino, const std::function<void(Inode*)>& change,
                        const std::string& text) {
    ASSERT_NO_FATAL_FAILURE(EditInode(ino, change));
    EXPECT_THAT(Faults(), Contains(HasSubstr(text)));
  }
  static void PutBoth(Changes* batch, InodeNo dir, std::string_view name, const EntryValue& entry) {
    Put(batch, EntryKey(dir, name), EncodeEntry(entry));
    Put(batch, OrderKey(dir, entry.cookie), EncodeOrder(entry, name));
  }

  InodeNo dir_, sub_, file_, symlink_, orphan_;
  EntryValue file_entry_, sub_entry_;
};

TEST_F(VerifyTest, NewDatabaseIsSound) { EXPECT_THAT(Faults(), IsEmpty()); }

TEST_F(VerifyTest, WrongLinkCountOfAFile) {
  ExpectInodeFault(
      file_, [](Inode* inode) { inode->nlink = 3; },
      fmt::format("inode {} should have 3 names, but has 2", file_.value));
}

TEST_F(VerifyTest, WrongLinkCountOfADirectory) {
  ExpectInodeFault(
      dir_, [](Inode* inode) { inode->nlink = 5; },
      fmt::format("directory {} has link count 5, but 1 subdirectories", dir_.value));
}

TEST_F(VerifyTest, WrongNumberOfEntries) {
  ExpectInodeFault(
      dir_, [](Inode* inode) { inode->entries = 7; },
      fmt::format("directory {} counts 7 entries, but has 2", dir_.value));
}

TEST_F(VerifyTest, EntryThatPointsAtNoInode) {
  ExpectFault([&](const Database&, Changes* batch) { Delete(batch, InodeKey(file_)); },
              fmt::format("entry {}/file points at the missing inode {}", dir_.value, file_.value));
}

TEST_F(VerifyTest, EntryThatCannotBeLookedUp) {
  ExpectFault([&](const Database&, Changes* batch) { Delete(batch, EntryKey(dir_, "file")); },
              fmt::format("entry {}/file is listed, but cannot be looked up", dir_.value));
}

TEST_F(VerifyTest, EntryThatIsNotListed) {
  ExpectFault(
      [&](const Database&, Changes* batch) { Delete(batch, OrderKey(dir_, file_entry_.cookie)); },
      fmt::format("entry {}/file can be looked up, but is not listed", dir_.value));
}

TEST_F(VerifyTest, EntryWhoseTwoSidesDiffer) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        EntryValue entry = file_entry_;
        entry.ino = orphan_;
        Put(batch, EntryKey(dir_, "file"), EncodeEntry(entry));
      },
      fmt::format("entry {}/file is listed, but cannot be looked up", dir_.value));
  EXPECT_THAT(Faults(), Contains(HasSubstr("can be looked up, but is not listed")));
}

TEST_F(VerifyTest, EntryListedUnderAnotherName) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        Put(batch, OrderKey(dir_, file_entry_.cookie), EncodeOrder(file_entry_, "other"));
      },
      fmt::format("entry {}/other is listed, but cannot be looked up", dir_.value));
  EXPECT_THAT(Faults(), Contains(fmt::format("entry {}/file can be looked up, but is not listed",
                                             dir_.value)));
}

TEST_F(VerifyTest, EntryOfTheWrongType) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        EntryValue entry = file_entry_;
        entry.type = S_IFLNK;
        PutBoth(batch, dir_, "file", entry);
      },
      fmt::format("entry {}/file has the wrong type", dir_.value));
}

TEST_F(VerifyTest, EntryWithACookieThatWasNeverHandedOut) {
  for (uint64_t cookie : {uint64_t{5}, uint64_t{1} << 40}) {
    ExpectFault(
        [&](const Database&, Changes* batch) {
          Delete(batch, OrderKey(dir_, file_entry_.cookie));
          file_entry_.cookie = cookie;
          PutBoth(batch, dir_, "file", file_entry_);
        },
        fmt::format("entry {}/file has cookie {}, which was never handed out", dir_.value, cookie));
  }
}

TEST_F(VerifyTest, EntryIntoAnotherContainer) {
  const InodeNo other = AddContainer("other");
  ExpectFault(
      [&](const Database& database, Changes* batch) {
        Inode inode = RawInode(database, file_);
        inode.container = RawInode(database, other).container;
        Put(batch, InodeKey(file_), EncodeInode(inode));
      },
      fmt::format("entry {}/file points into container 2", dir_.value));
}

TEST_F(VerifyTest, EntryOfADirectoryThatSaysAnotherParent) {
  ExpectInodeFault(
      sub_, [&](Inode* inode) { inode->parent = root_; },
      fmt::format("entry {}/sub is a directory with the parent {}", dir_.value, root_.value));
}

TEST_F(VerifyTest, DirectoryWithAMissingParent) {
  ExpectInodeFault(
      sub_, [&](Inode* inode) { inode->parent = InodeNo(3000); },
      fmt::format("directory {} has the missing parent 3000", sub_.value));
}

TEST_F(VerifyTest, DirectoryWhoseParentIsAFile) {
  ExpectInodeFault(
      sub_, [&](Inode* inode) { inode->parent = file_; },
      fmt::format("directory {} has the missing parent {}", sub_.value, file_.value));
}

TEST_F(VerifyTest, DirectoriesInACircle) {
  ExpectFault(
      [&](const Database& database, Changes* batch) {
        // dir is taken out of the root and hung below sub, which is below dir.
        Delete(batch, EntryKey(root_, "dir"));
        PutBoth(batch, sub_, "dir", {.ino = dir_, .type = S_IFDIR, .cookie = 4000});
        Inode dir = RawInode(database, dir_);
        dir.parent = sub_;
        Put(batch, InodeKey(dir_), EncodeInode(dir));
      },
      "is below itself");
}

TEST_F(VerifyTest, DirectoryWithTwoNames) {
  ExpectFault(
      [&](const Database& database, Changes* batch) {
        PutBoth(batch, root_, "again", {.ino = sub_, .type = S_IFDIR, .cookie = 4000});
      },
      fmt::format("inode {} should have 1 names, but has 2", sub_.value));
}

TEST_F(VerifyTest, InodeThatHasLostItsName) {
  const EntryValue entry = Entry(sub_, "symlink");
  ExpectFault(
      [&](const Database&, Changes* batch) {
        Delete(batch, EntryKey(sub_, "symlink"));
        Delete(batch, OrderKey(sub_, entry.cookie));
      },
      fmt::format("inode {} should have 1 names, but has 0", symlink_.value));
}

TEST_F(VerifyTest, OrphanWithoutItsMarkerAndMarkerWithoutAnOrphan) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        Delete(batch, OrphanKey(orphan_));
        Put(batch, OrphanKey(file_), "");
        Put(batch, OrphanKey(InodeNo(3000)), "");
      },
      fmt::format("inode {} has 0 links and no orphan marker", orphan_.value));
  EXPECT_THAT(Faults(),
              Contains(fmt::format("inode {} has 2 links and an orphan marker", file_.value)));
  EXPECT_THAT(Faults(), Contains("an orphan marker belongs to the missing inode 3000"));
}

TEST_F(VerifyTest, EntriesOfAMissingDirectory) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        PutBoth(batch, InodeNo(3000), "x", {.ino = file_, .type = S_IFREG, .cookie = 4000});
      },
      "a directory entry belongs to the missing inode 3000");
}

TEST_F(VerifyTest, EntryWithoutOrderOfAMissingDirectory) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        Put(batch, OrderKey(InodeNo(3000), 4000),
            EncodeOrder({.ino = file_, .type = S_IFREG}, "x"));
      },
      "a directory entry belongs to the missing inode 3000");
}

TEST_F(VerifyTest, EntriesOfAFile) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        PutBoth(batch, symlink_, "x", {.ino = file_, .type = S_IFREG, .cookie = 4000});
      },
      fmt::format("a directory entry belongs to inode {}, no directory", symlink_.value));
}

TEST_F(VerifyTest, XattrsOfAMissingInode) {
  ExpectFault(
      [&](const Database&, Changes* batch) { Put(batch, XattrKey(InodeNo(3000), "user.a"), "1"); },
      "an xattr belongs to the missing inode 3000");
}

TEST_F(VerifyTest, XattrsThatTheFlagsDoNotTell) {
  ExpectFault(
      [&](const Database&, Changes* batch) { Put(batch, XattrKey(symlink_, "trusted.a"), "1"); },
      fmt::format("inode {} has xattrs that its flags do not tell", symlink_.value));
}

TEST_F(VerifyTest, FlagsThatTheXattrsDoNotTell) {
  ExpectInodeFault(
      file_, [](Inode* inode) { inode->flags |= kInodeHasAccessAcl; },
      fmt::format("inode {} has xattr flags 3, its xattrs 1", file_.value));
  ExpectInodeFault(
      symlink_, [](Inode* inode) { inode->flags = kInodeHasXattrs; },
      fmt::format("inode {} has xattr flags 1, its xattrs 0", symlink_.value));
}

TEST_F(VerifyTest, AclThatTheFlagsDoNotTell) {
  ExpectFault(
      [&](const Database&, Changes* batch) { Put(batch, XattrKey(file_, kAccessAclName), "1"); },
      fmt::format("inode {} has xattr flags 1, its xattrs 3", file_.value));
}

TEST_F(VerifyTest, WrongCounters) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        Put(batch, CountersKey(container_.id),
            EncodeCounters({.inodes = 9, .files = 9, .current_bytes = 9}));
      },
      "container 1 counts 9 inodes, 9 files, 9 bytes in the database, but has 6, 2, 1000");
  EXPECT_THAT(Faults(), Contains(HasSubstr("in memory, but has 6, 2, 1000")));
}

TEST_F(VerifyTest, WrongSize) {
  ExpectInodeFault(
      file_, [](Inode* inode) { inode->size = 999; }, "1000 bytes in the database");
}

TEST_F(VerifyTest, SymlinkWhoseSizeIsNotItsTargets) {
  ExpectInodeFault(
      symlink_, [](Inode* inode) { inode->size = 5; },
      fmt::format("symlink {} has size 5, its target 6", symlink_.value));
}

TEST_F(VerifyTest, InodeOfAMissingContainer) {
  ExpectInodeFault(
      symlink_, [](Inode* inode) { inode->container = ContainerId(9); },
      fmt::format("inode {} belongs to the missing container 9", symlink_.value));
}

TEST_F(VerifyTest, MountsRootInAContainer) {
  ExpectInodeFault(
      kRootInode, [](Inode* inode) { inode->container = ContainerId(1); },
      "inode 1 belongs to the missing container 1");
}

TEST_F(VerifyTest, InodeAtAnothersPlace) {
  ExpectInodeFault(
      file_, [](Inode* inode) { inode->ino.value += 100; },
      fmt::format("inode {} stands at {}", file_.value + 100, file_.value));
}

TEST_F(VerifyTest, NumbersThatMayBeHandedOutAgain) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        for (SuperItem item :
             {SuperItem::kInode, SuperItem::kCookie, SuperItem::kGroup, SuperItem::kContainer}) {
          Put(batch, SuperKey(item), EncodeNumber(1));
        }
      },
      fmt::format("inode {} may be numbered again", file_.value));
  const std::vector<std::string> faults = Faults();
  EXPECT_THAT(faults, Contains("storage group 1 may be numbered again"));
  EXPECT_THAT(faults, Contains("container 1 may be numbered again"));
  EXPECT_THAT(faults, Contains(HasSubstr("which was never handed out")));
}

TEST_F(VerifyTest, KeysOfAnUnknownKind) {
  ExpectFault(
      [](const Database&, Changes* batch) {
        Put(batch, "Zzz", "1");
        Put(batch, std::string("\0", 1), "1");
        Put(batch, "\xff\xff", "1");
      },
      "keys of the unknown kind 0x5a exist");
  EXPECT_THAT(Faults(), Contains("keys of the unknown kind 0x0 exist"));
  EXPECT_THAT(Faults(), Contains("keys of the unknown kind 0xff exist"));
}

TEST_F(VerifyTest, UndecodableInode) {
  ExpectFault([&](const Database&, Changes* batch) { Put(batch, InodeKey(file_), "junk"); },
              fmt::format("inode {}: ", file_.value));
}

TEST_F(VerifyTest, UndecodableEntryAndOrder) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        Put(batch, EntryKey(dir_, "file"), "junk");
        Put(batch, OrderKey(dir_, sub_entry_.cookie), "junk");
      },
      "damaged directory entry");
}

TEST_F(VerifyTest, OrderKeyOfTheWrongLength) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        Put(batch, OrderKey(dir_, 4000) + "x", EncodeOrder(file_entry_, "file"));
      },
      "damaged order key");
}

TEST_F(VerifyTest, ShortKeys) {
  for (char prefix : {kInodePrefix, kEntryPrefix, kOrderPrefix, kXattrPrefix, kOrphanPrefix}) {
    ExpectFault(
        [&](const Database&, Changes* batch) { Put(batch, std::string(1, prefix) + "short", ""); },
        "short key");
    ASSERT_NO_FATAL_FAILURE(Edit(
        [&](const Database&, Changes* batch) { Delete(batch, std::string(1, prefix) + "short"); }));
    EXPECT_THAT(Faults(), IsEmpty());
  }
}

TEST_F(VerifyTest, ContainerWithoutItsRootOrGroupOrPlace) {
  ExpectFault(
      [&](const Database&, Changes* batch) {
        Container container = container_;
        container.group = GroupId(9);
        container.root = file_;
        Put(batch, ContainerKey(container_.id), EncodeContainer(container));
      },
      "container 1 belongs to the missing storage group 9");
  EXPECT_THAT(Faults(), Contains("container 1 has no root directory"));
  EXPECT_THAT(Faults(), Contains("container 1 does not stand in the mount's root"));
}

TEST_F(VerifyTest, MountsRootWithoutAContainersName) {
  ExpectFault([&](const Database&, Changes* batch) { Delete(batch, EntryKey(kRootInode, "c")); },
              "container 1 does not stand in the mount's root");
}

TEST_F(VerifyTest, MountsRootWithMoreThanContainers) {
  ExpectInodeFault(
      kRootInode, [](Inode* inode) { inode->entries = 2; },
      "the mount's root does not hold the 1 containers alone");
}

TEST_F(VerifyTest, ManyFaultsAreCutOff) {
  for (int i = 0; i < 1200; ++i) MustCreate(sub_, std::to_string(i));
  ASSERT_NO_FATAL_FAILURE(Edit([&](const Database&, Changes* batch) {
    for (int i = 0; i < 1200; ++i) Delete(batch, EntryKey(sub_, std::to_string(i)));
  }));
  EXPECT_EQ(Faults().size(), 1000u);
}

TEST_F(VerifyTest, ProgressCountsInodesAndCanStop) {
  for (int i = 0; i < 3000; ++i) MustCreate(sub_, std::to_string(i));
  std::vector<uint64_t> seen;
  ASSERT_OK(names_->Verify([&](uint64_t n) {
    seen.push_back(n);
    return true;
  }));
  ASSERT_GT(seen.size(), 5u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back(), 3000u + 7);
  int calls = 0;
  EXPECT_THAT(names_->Verify([&](uint64_t) { return ++calls < 3; }),
              support::StatusIs(absl::StatusCode::kCancelled));
  EXPECT_EQ(calls, 3);
}

// What cannot be understood at the start is refused, not guessed.
TEST_F(VerifyTest, OpeningRefusesADamagedSuperblockAndTables) {
  const auto expect = [&](const std::string& key, std::optional<std::string> value,
                          absl::StatusCode code) {
    std::string good;
    ASSERT_NO_FATAL_FAILURE(EditRaw([&](const Database& database, Changes* batch) {
      ASSERT_OK(database.Get(key, &good));
      value ? Put(batch, key, *value) : Delete(batch, key);
    }));
    Options options;
    options.fs = &fs_;
    options.clock = &clock_;
    options.dir = "/names";
    EXPECT_THAT(Names::Open(options), support::StatusIs(code)) << key;
    ASSERT_OK_AND_ASSIGN(const auto database, Database::Open({.fs = &fs_,
                                                              .clock = &clock_,
                                                              .dir = "/names",
                                                              .write_barrier = nullptr,
                                                              .block_cache_bytes = 1u << 20,
                                                              .write_buffer_bytes = 1u << 20}));
    Changes batch;
    Put(&batch, key, good);
    ASSERT_OK(database->Write(std::move(batch)));
    ASSERT_OK(database->Commit());
  };
  const auto reopen = [&] { ASSERT_NO_FATAL_FAILURE(Open()); };
  constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
  expect(SuperKey(SuperItem::kVersion), EncodeNumber(2), absl::StatusCode::kFailedPrecondition);
  reopen();
  expect(SuperKey(SuperItem::kVersion), "x", kDataLoss);
  reopen();
  expect(SuperKey(SuperItem::kVersion), std::nullopt, kDataLoss);
  reopen();
  for (SuperItem item :
       {SuperItem::kInode, SuperItem::kCookie, SuperItem::kGroup, SuperItem::kContainer}) {
    expect(SuperKey(item), std::nullopt, kDataLoss);
    reopen();
    expect(SuperKey(item), "short", kDataLoss);
    reopen();
  }
  expect(GroupKey(group_.id), "junk", kDataLoss);
  reopen();
  expect(ContainerKey(container_.id), "junk", kDataLoss);
  reopen();
  expect(CountersKey(container_.id), std::nullopt, kDataLoss);
  reopen();
  expect(CountersKey(container_.id), "junk", kDataLoss);
  reopen();
  EXPECT_THAT(Faults(), IsEmpty());
}

}  // namespace
}  // namespace oca::names
