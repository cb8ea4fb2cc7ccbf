// Recycle bins: what goes in, that it is out of the way, how it comes back, and how it ends.
#include <fcntl.h>
#include <linux/fs.h>

#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class RecycleTest : public NamesTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(NamesTest::SetUp());
    ASSERT_OK(names_->SetRecycleBin(container_.id, {.on = true, .days = 7}));
  }

  std::vector<RecycledVersion> Bin() {
    auto versions = names_->ListRecycled(container_.id, {}, 1000);
    EXPECT_OK(versions);
    return versions.ok() ? *versions : std::vector<RecycledVersion>();
  }
  std::vector<std::string> Paths() {
    std::vector<std::string> paths;
    for (const RecycledVersion& version : Bin()) paths.push_back(version.path);
    return paths;
  }
  absl::Status Restore(InodeNo ino, std::optional<NewName> to = std::nullopt) {
    return names_->RestoreRecycled(container_.id, ino, to).status();
  }
  Inode MakeFile(InodeNo parent, std::string_view name, uint64_t size) {
    const Inode inode = MustCreate(parent, name);
    EXPECT_OK(names_->SetContent(inode.ino, {.recipe = "r", .size = size}));
    return inode;
  }
  void AdvanceDays(int days) { clock_.Advance(absl::Hours(24 * days)); }
};

TEST_F(RecycleTest, DeletedFileIsInTheBinAndItsNameIsFree) {
  const Inode first = MakeFile(root_, "f", 100);
  ASSERT_OK_AND_ASSIGN(Inode gone, names_->Unlink(root_, "f"));
  EXPECT_EQ(gone.nlink, 0u);
  EXPECT_NE(gone.recycled_ns, 0);
  EXPECT_ERRNO(names_->Lookup(root_, "f"), ENOENT);
  EXPECT_THAT(*names_->ListOrphans(), IsEmpty());
  const Inode second = MakeFile(root_, "f", 200);
  Tick();
  ASSERT_OK(names_->Unlink(root_, "f"));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  const std::vector<RecycledVersion> bin = Bin();
  ASSERT_EQ(bin.size(), 2u);
  EXPECT_EQ(bin[0].place.ino, first.ino);
  EXPECT_EQ(bin[0].size, 100u);
  EXPECT_EQ(bin[1].place.ino, second.ino);
  EXPECT_EQ(bin[1].path, "f");
  EXPECT_EQ(bin[1].deleted_ns, absl::ToUnixNanos(clock_.Now()));
  EXPECT_EQ(bin[1].expires_ns,
            bin[1].place.recycled_ns + absl::ToInt64Nanoseconds(absl::Hours(7 * 24)));
  ASSERT_OK_AND_ASSIGN(const RecycleStatus status, names_->GetRecycleBin(container_.id));
  EXPECT_EQ(status.inodes, 2u);
  EXPECT_EQ(status.files, 2u);
  EXPECT_EQ(status.bytes, 300u);
  EXPECT_EQ(status.first_expiry_ns, bin[0].expires_ns);
  // They count in the container as a whole too.
  EXPECT_EQ(names_->Counters(container_.id).current_bytes, 300u);
  ExpectSound();
}

TEST_F(RecycleTest, ListingGoesOnAfterAPlace) {
  for (const char* name : {"a", "b", "c"}) {
    MustCreate(root_, name);
    ASSERT_OK(names_->Unlink(root_, name));
  }
  ASSERT_OK_AND_ASSIGN(const auto first, names_->ListRecycled(container_.id, {}, 2));
  ASSERT_EQ(first.size(), 2u);
  ASSERT_OK_AND_ASSIGN(const auto rest, names_->ListRecycled(container_.id, first[1].place, 2));
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].path, "c");
}

TEST_F(RecycleTest, OnlyTheLastLinkGoesIntoTheBin) {
  const Inode file = MakeFile(root_, "f", 10);
  ASSERT_OK(names_->Link(file.ino, root_, "g"));
  ASSERT_OK(names_->Unlink(root_, "f"));
  EXPECT_THAT(Paths(), IsEmpty());
  ASSERT_OK(names_->Unlink(root_, "g"));
  EXPECT_THAT(Paths(), ElementsAre("g"));
  // What is in the bin gets no name but by restoring.
  EXPECT_ERRNO(names_->Link(file.ino, root_, "h"), ENOENT);
  ExpectSound();
}

TEST_F(RecycleTest, ReplacedByRenameGoesIntoTheBin) {
  const Inode old = MakeFile(root_, "f", 10);
  const Inode fresh = MakeFile(root_, "tmp", 20);
  ASSERT_OK(names_->Rename(root_, "tmp", root_, "f", 0));
  const auto bin = Bin();
  ASSERT_EQ(bin.size(), 1u);
  EXPECT_EQ(bin[0].place.ino, old.ino);
  EXPECT_EQ(bin[0].path, "f");
  EXPECT_EQ(names_->Lookup(root_, "f")->ino, fresh.ino);
  // An exchange replaces nothing.
  MustCreate(root_, "g");
  ASSERT_OK(names_->Rename(root_, "g", root_, "f", RENAME_EXCHANGE));
  EXPECT_EQ(Bin().size(), 1u);
  ExpectSound();
}

TEST_F(RecycleTest, RestoredTreeIsAsItWas) {
  const Inode a = MustCreate(root_, "a", DirOf(0750));
  const Inode b = MustCreate(a.ino, "b", DirOf(0700));
  const Inode f = MakeFile(b.ino, "f", 5);
  const Inode link = MustCreate(b.ino, "l", SymlinkTo("f"));
  ASSERT_OK(names_->SetXattr(f.ino, "user.x", "y", 0));
  ASSERT_OK(names_->Unlink(b.ino, "f"));
  ASSERT_OK(names_->Unlink(b.ino, "l"));
  ASSERT_OK(names_->Rmdir(a.ino, "b"));
  ASSERT_OK(names_->Rmdir(root_, "a"));
  EXPECT_THAT(Paths(), ElementsAre("a/b/f", "a/b/l", "a/b", "a"));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  ASSERT_OK_AND_ASSIGN(const RestoreResult result,
                       names_->RestoreRecycled(container_.id, f.ino, std::nullopt));
  EXPECT_EQ(result.inode.ino, f.ino);
  ASSERT_EQ(result.named.size(), 3u);
  EXPECT_EQ(result.named[0].parent, root_);
  EXPECT_EQ(result.named[1].name, "b");
  EXPECT_EQ(result.named[2].parent, b.ino);
  EXPECT_EQ(names_->Lookup(root_, "a")->ino, a.ino);
  EXPECT_EQ(Get(a.ino).mode, S_IFDIR | 0750u);
  EXPECT_EQ(Get(a.ino).nlink, 3u);
  EXPECT_EQ(names_->Lookup(a.ino, "b")->ino, b.ino);
  EXPECT_EQ(names_->Lookup(b.ino, "f")->ino, f.ino);
  EXPECT_EQ(*names_->GetXattr(f.ino, "user.x"), "y");
  EXPECT_THAT(Paths(), ElementsAre("a/b/l"));
  ExpectSound();
  ASSERT_OK(Restore(link.ino));
  EXPECT_THAT(NamesIn(b.ino), ElementsAre("f", "l"));
  EXPECT_THAT(Paths(), IsEmpty());
  EXPECT_EQ(names_->Counters(container_.id).recycled_inodes, 0u);
  ExpectSound();
}

TEST_F(RecycleTest, AnotherFolderOfTheNameTakesTheFile) {
  const Inode old = MustCreate(root_, "a", DirOf());
  const Inode f = MakeFile(old.ino, "f", 5);
  ASSERT_OK(names_->Unlink(old.ino, "f"));
  ASSERT_OK(names_->Rmdir(root_, "a"));
  const Inode fresh = MustCreate(root_, "a", DirOf());
  ASSERT_OK(Restore(f.ino));
  EXPECT_EQ(names_->Lookup(fresh.ino, "f")->ino, f.ino);
  EXPECT_THAT(Paths(), ElementsAre("a"));
  EXPECT_ERRNO(Restore(old.ino), EEXIST);
  ExpectSound();
}

TEST_F(RecycleTest, TakenNamesAreLeftAlone) {
  const Inode f = MakeFile(root_, "f", 5);
  ASSERT_OK(names_->Unlink(root_, "f"));
  const Inode other = MakeFile(root_, "f", 6);
  EXPECT_ERRNO(Restore(f.ino), EEXIST);
  EXPECT_THAT(Paths(), ElementsAre("f"));
  EXPECT_ERRNO(Restore(f.ino, NewName{root_, "f"}), EEXIST);
  EXPECT_ERRNO(Restore(f.ino, NewName{root_, "a/b"}), EINVAL);
  EXPECT_ERRNO(Restore(f.ino, NewName{other.ino, "b"}), ENOTDIR);
  EXPECT_ERRNO(Restore(f.ino, NewName{AddContainer("other"), "b"}), EXDEV);
  ASSERT_OK(Restore(f.ino, NewName{root_, "f.old"}));
  EXPECT_EQ(names_->Lookup(root_, "f.old")->ino, f.ino);
  EXPECT_ERRNO(Restore(f.ino), ENOENT);
  EXPECT_ERRNO(Restore(other.ino), ENOENT);
  // A file stands where the folder was.
  const Inode dir = MustCreate(root_, "d", DirOf());
  const Inode inside = MakeFile(dir.ino, "x", 1);
  ASSERT_OK(names_->Unlink(dir.ino, "x"));
  ASSERT_OK(names_->Rmdir(root_, "d"));
  MustCreate(root_, "d");
  EXPECT_ERRNO(Restore(inside.ino), EEXIST);
  ExpectSound();
}

TEST_F(RecycleTest, MovedFolderTakesItsFilesBack) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  const Inode f = MakeFile(dir.ino, "f", 1);
  ASSERT_OK(names_->Unlink(dir.ino, "f"));
  ASSERT_OK(names_->Rename(root_, "d", root_, "e", 0));
  EXPECT_THAT(Paths(), ElementsAre("e/f"));
  ASSERT_OK(Restore(f.ino));
  EXPECT_EQ(names_->Lookup(dir.ino, "f")->ino, f.ino);
}

TEST_F(RecycleTest, ContentWrittenAfterTheDeletionCounts) {
  const Inode f = MakeFile(root_, "f", 5);
  ASSERT_OK(names_->Unlink(root_, "f"));
  ASSERT_OK(names_->SetContent(f.ino, {.recipe = "longer", .size = 50}));
  EXPECT_EQ(names_->GetRecycleBin(container_.id)->bytes, 50u);
  EXPECT_EQ(Bin()[0].size, 50u);
  ExpectSound();
  ASSERT_OK(Restore(f.ino));
  EXPECT_EQ(names_->Counters(container_.id).current_bytes, 50u);
  ExpectSound();
}

TEST_F(RecycleTest, ExpiresAfterItsDaysAndNotBefore) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  MakeFile(dir.ino, "f", 1);
  ASSERT_OK(names_->Unlink(dir.ino, "f"));
  ASSERT_OK(names_->Rmdir(root_, "d"));
  AdvanceDays(6);
  MakeFile(root_, "later", 1);
  ASSERT_OK(names_->Unlink(root_, "later"));
  EXPECT_THAT(*names_->ExpireRecycled(container_.id, 100), IsEmpty());
  AdvanceDays(1);
  clock_.Advance(absl::Seconds(1));
  ASSERT_OK_AND_ASSIGN(const std::vector<Inode> first, names_->ExpireRecycled(container_.id, 1));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_TRUE(S_ISREG(first[0].mode));  // what a folder held goes before it
  EXPECT_EQ(names_->ExpireRecycled(container_.id, 100)->size(), 1u);
  EXPECT_THAT(Paths(), ElementsAre("later"));
  EXPECT_EQ(names_->ListOrphans()->size(), 2u);
  ExpectSound();
  ASSERT_OK_AND_ASSIGN(const std::vector<InodeNo> orphans, names_->ListOrphans());
  for (const InodeNo orphan : orphans) ASSERT_OK(names_->DeleteOrphan(orphan));
  ExpectSound();
  // A longer time counts for what is there.
  ASSERT_OK(names_->SetRecycleBin(container_.id, {.on = true, .days = 30}));
  AdvanceDays(20);
  EXPECT_THAT(*names_->ExpireRecycled(container_.id, 100), IsEmpty());
}

TEST_F(RecycleTest, SettingTheWallClockEndsNothing) {
  MakeFile(root_, "f", 1);
  ASSERT_OK(names_->Unlink(root_, "f"));
  clock_.SetWallTime(clock_.Now() + absl::Hours(24 * 365));
  EXPECT_THAT(*names_->ExpireRecycled(container_.id, 100), IsEmpty());
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_THAT(*names_->ExpireRecycled(container_.id, 100), IsEmpty());
  // A policy that starts the clock finds it in use.
  ASSERT_OK(names_->SetRetention(container_.id,
                                 {.mode = RetentionMode::kGovernance, .max_seconds = 100}));
  EXPECT_THAT(*names_->ExpireRecycled(container_.id, 100), IsEmpty());
  EXPECT_EQ(Bin().size(), 1u);
}

TEST_F(RecycleTest, PurgeDeletesWhatIsOldEnough) {
  MakeFile(root_, "a", 1);
  ASSERT_OK(names_->Unlink(root_, "a"));
  const int64_t between = Tick();
  Tick();
  const Inode b = MakeFile(root_, "b", 2);
  ASSERT_OK(names_->Unlink(root_, "b"));
  EXPECT_EQ(names_->PurgeRecycled(container_.id, between, 100)->size(), 1u);
  EXPECT_THAT(Paths(), ElementsAre("b"));
  ASSERT_OK_AND_ASSIGN(const Inode purged, names_->PurgeOneRecycled(container_.id, b.ino));
  EXPECT_EQ(purged.recycled_ns, 0);
  EXPECT_ERRNO(names_->PurgeOneRecycled(container_.id, b.ino), ENOENT);
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_OK(names_->Rmdir(root_, "d"));
  EXPECT_ERRNO(names_->PurgeOneRecycled(container_.id, dir.ino), EISDIR);
  EXPECT_EQ(names_->PurgeRecycled(container_.id, INT64_MAX, 100)->size(), 1u);
  EXPECT_THAT(Paths(), IsEmpty());
  ExpectSound();
}

TEST_F(RecycleTest, OffKeepsWhatIsThereAndTheFoldersItNeeds) {
  EXPECT_ERRNO(names_->SetRecycleBin(container_.id, {.on = true, .days = 6}), EINVAL);
  EXPECT_ERRNO(names_->SetRecycleBin(container_.id, {.on = true, .days = 31}), EINVAL);
  EXPECT_ERRNO(names_->SetRecycleBin(ContainerId(99), {.on = true, .days = 7}), ENOENT);
  const Inode dir = MustCreate(root_, "d", DirOf());
  const Inode f = MakeFile(dir.ino, "f", 1);
  MakeFile(dir.ino, "g", 1);
  ASSERT_OK(names_->Unlink(dir.ino, "f"));
  ASSERT_OK(names_->SetRecycleBin(container_.id, {.on = false, .days = 7}));
  ASSERT_OK(names_->Unlink(dir.ino, "g"));
  ASSERT_OK(names_->Rmdir(root_, "d"));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_THAT(Paths(), ElementsAre("d/f", "d"));
  ASSERT_OK(Restore(f.ino));
  EXPECT_EQ(names_->Lookup(dir.ino, "f")->ino, f.ino);
  EXPECT_EQ(names_->ListOrphans()->size(), 1u);
  ExpectSound();
}

TEST_F(RecycleTest, ContainerWithAFullBinStays) {
  MakeFile(root_, "f", 1);
  ASSERT_OK(names_->Unlink(root_, "f"));
  const absl::Status refused = names_->StartDeleteContainer(container_.id, true);
  EXPECT_ERRNO(refused, EPERM);
  EXPECT_THAT(std::string(refused.message()), ::testing::HasSubstr("recycle bin"));
  ASSERT_OK(names_->PurgeRecycled(container_.id, INT64_MAX, 100));
  ASSERT_OK(names_->StartDeleteContainer(container_.id, true));
  EXPECT_TRUE(*names_->DeleteContainerStep(container_.id, 100, [](const Inode&) {}));
  ExpectSound();
}

TEST_F(RecycleTest, DeletionIsDoneWithItsPlaceInTheBinOrNotAtAll) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::string name = "f" + std::to_string(seed);
    const Inode file = MakeFile(root_, name, 7);
    ASSERT_OK(names_->Commit());
    ASSERT_OK(names_->Unlink(root_, name));
    if (seed % 2 == 0) {
      ASSERT_OK(names_->Commit());
    }
    ASSERT_NO_FATAL_FAILURE(Crash(seed));
    const bool named = names_->Lookup(root_, name).ok();
    const bool recycled = Get(file.ino).recycled_ns != 0;
    EXPECT_NE(named, recycled);
    EXPECT_TRUE(recycled || seed % 2 != 0);
    EXPECT_THAT(*names_->ListOrphans(), IsEmpty());
    ExpectSound();
  }
}

TEST_F(RecycleTest, VerifyFindsWhatDoesNotMatch) {
  const Inode f = MakeFile(root_, "f", 1);
  ASSERT_OK(names_->Unlink(root_, "f"));
  const int64_t recycled = Get(f.ino).recycled_ns;
  ASSERT_NO_FATAL_FAILURE(Edit([&](const Database&, Changes* batch) {
    Delete(batch, RecycleKey(container_.id, recycled, f.ino));
  }));
  EXPECT_THAT(*names_->Verify([](uint64_t) { return true; }),
              ElementsAre("1 inodes are in a recycle bin, but 0 are listed"));
  EXPECT_EQ(Restore(f.ino).code(), absl::StatusCode::kDataLoss);
  ASSERT_NO_FATAL_FAILURE(Edit([&](const Database&, Changes* batch) {
    Put(batch, RecycleKey(container_.id, recycled, f.ino),
        EncodeRecycledName({.deleted_ns = 1, .parent = root_, .name = "f"}));
    Put(batch, RecycleKey(container_.id, recycled, root_),
        EncodeRecycledName({.deleted_ns = 1, .parent = root_, .name = "r"}));
  }));
  EXPECT_THAT(*names_->Verify([](uint64_t) { return true; }),
              UnorderedElementsAre("a recycle bin lists inode " + std::to_string(root_.value) +
                                       ", which is not in it",
                                   "1 inodes are in a recycle bin, but 2 are listed"));
}

TEST_F(RecycleTest, PathsOfDamagedFilesSayThatTheyAreInTheBin) {
  const Inode f = MakeFile(root_, "f", 1);
  ASSERT_OK(names_->Unlink(root_, "f"));
  EXPECT_THAT(names_->PathsOf({f.ino})->at(f.ino), ElementsAre("/c/f (in the recycle bin)"));
}

}  // namespace
}  // namespace oca::names
