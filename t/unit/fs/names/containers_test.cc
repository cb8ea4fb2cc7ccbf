// Storage groups, containers, and the deletion of a container's tree.
#include <cerrno>
#include <set>

#include "fmt/format.h"
#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ContainersTest : public NamesTest {
 protected:
  // Deletes in steps of `budget`; the inodes that went.
  std::vector<Inode> DeleteAll(ContainerId id, int budget, const std::function<void()>& between) {
    std::vector<Inode> gone;
    for (int steps = 0; steps < 10'000; ++steps) {
      auto done = names_->DeleteContainerStep(id, budget,
                                              [&](const Inode& inode) { gone.push_back(inode); });
      EXPECT_OK(done);
      if (!done.ok() || *done) return gone;
      between();
    }
    ADD_FAILURE() << "no end";
    return gone;
  }
  // Directories in directories, hard links across them, xattrs, an orphan. Inodes but the root.
  int MakeTree() {
    int made = 0;
    std::vector<InodeNo> dirs = {root_};
    for (int i = 0; i < 12; ++i) {
      dirs.push_back(MustCreate(dirs[i / 2], fmt::format("d{}", i), DirOf()).ino);
      const Inode file = MustCreate(dirs[i], fmt::format("f{}", i));
      EXPECT_OK(names_->SetContent(file.ino, {.recipe = "r", .size = 10}));
      EXPECT_OK(names_->SetXattr(file.ino, "user.a", "1", 0));
      EXPECT_OK(names_->Link(file.ino, dirs[i], fmt::format("l{}", i)));
      EXPECT_OK(names_->Link(file.ino, dirs.back(), fmt::format("m{}", i)));
      made += 2;
    }
    MustCreate(root_, "orphan");
    EXPECT_OK(names_->Unlink(root_, "orphan"));
    return made + 1;
  }
};

TEST_F(ContainersTest, GroupsAreNumberedAndListed) {
  EXPECT_EQ(group_.id, GroupId(1));
  ASSERT_OK_AND_ASSIGN(const StorageGroup second,
                       names_->AddGroup({.name = "b",
                                         .compression = GroupCompression::kBest,
                                         .chunk_target_bytes = 65536,
                                         .quota_bytes = 5}));
  EXPECT_EQ(second.id, GroupId(2));
  ASSERT_OK_AND_ASSIGN(const StorageGroup chosen,
                       names_->AddGroup({.id = GroupId(10), .name = "chosen"}));
  EXPECT_EQ(chosen.id, GroupId(10));
  ASSERT_OK_AND_ASSIGN(const StorageGroup next, names_->AddGroup({.name = "next"}));
  EXPECT_EQ(next.id, GroupId(11));
  EXPECT_ERRNO(names_->AddGroup({.id = GroupId(10), .name = "x"}), EEXIST);
  EXPECT_ERRNO(names_->AddGroup({.id = GroupId(5), .name = "x"}), EEXIST);  // passed over
  EXPECT_ERRNO(names_->AddGroup({.name = "b"}), EEXIST);
  ASSERT_NO_FATAL_FAILURE(Reopen());
  const std::vector<StorageGroup> groups = names_->ListGroups();
  ASSERT_EQ(groups.size(), 4u);
  EXPECT_EQ(groups[1].name, "b");
  EXPECT_EQ(groups[1].compression, GroupCompression::kBest);
  EXPECT_EQ(groups[1].chunk_target_bytes, 65536u);
  EXPECT_EQ(groups[1].quota_bytes, 5u);
  ExpectSound();
}

TEST_F(ContainersTest, DeletedGroupsIdIsNotHandedOutAgain) {
  ASSERT_OK_AND_ASSIGN(const StorageGroup gone, names_->AddGroup({.name = "gone"}));
  ASSERT_OK(names_->DeleteGroup(gone.id));
  EXPECT_ERRNO(names_->DeleteGroup(gone.id), ENOENT);
  ASSERT_NO_FATAL_FAILURE(Reopen());
  ASSERT_OK_AND_ASSIGN(const StorageGroup next, names_->AddGroup({.name = "gone"}));
  EXPECT_GT(next.id, gone.id);
}

TEST_F(ContainersTest, BadGroupsAreRefused) {
  for (const char* name : {"", ".a", "-a", "a/b", "a b", "\xc3\xa9"}) {
    EXPECT_ERRNO(names_->AddGroup({.name = name}), EINVAL) << name;
    EXPECT_ERRNO(names_->AddContainer({.name = name, .group = group_.id}), EINVAL) << name;
  }
  EXPECT_ERRNO(names_->AddGroup({.name = std::string(65, 'a')}), EINVAL);
  EXPECT_OK(names_->AddGroup({.name = std::string(64, 'a')}));
  EXPECT_OK(names_->AddGroup({.name = "A-z.0_9"}));
  for (uint32_t target : {0u, 4096u, 10000u, 131072u}) {
    EXPECT_ERRNO(names_->AddGroup({.name = "x", .chunk_target_bytes = target}), EINVAL);
  }
  EXPECT_ERRNO(names_->AddGroup({.name = "x", .compression = static_cast<GroupCompression>(9)}),
               EINVAL);
}

TEST_F(ContainersTest, UpdateChangesAllButTheChunkSize) {
  ASSERT_OK(names_->AddGroup({.name = "taken"}));
  StorageGroup group = group_;
  group.name = "renamed";
  group.quota_bytes = 77;
  group.compression = GroupCompression::kLz4;
  ASSERT_OK(names_->UpdateGroup(group));
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_EQ(names_->ListGroups()[0].name, "renamed");
  EXPECT_EQ(names_->ListGroups()[0].quota_bytes, 77u);
  group.name = "taken";
  EXPECT_ERRNO(names_->UpdateGroup(group), EEXIST);
  group.name = "renamed";
  group.chunk_target_bytes = 8192;
  EXPECT_ERRNO(names_->UpdateGroup(group), EINVAL);
  group.id = GroupId(99);
  EXPECT_ERRNO(names_->UpdateGroup(group), ENOENT);
}

TEST_F(ContainersTest, MarkerIsKept) {
  ASSERT_OK(names_->SetMarker(container_.id, ContainerMarker::kTar));
  auto plain =
      names_->AddContainer({.name = "plain", .group = group_.id, .marker = ContainerMarker::kNone});
  ASSERT_OK(plain);
  ASSERT_NO_FATAL_FAILURE(Reopen());
  for (const Container& container : names_->ListContainers()) {
    EXPECT_EQ(container.marker,
              container.id == plain->id ? ContainerMarker::kNone : ContainerMarker::kTar);
  }
  EXPECT_ERRNO(names_->SetMarker(ContainerId(99), ContainerMarker::kAuto), ENOENT);
  ASSERT_OK(names_->StartDeleteContainer(plain->id, false));
  EXPECT_ERRNO(names_->SetMarker(plain->id, ContainerMarker::kAuto), ENOENT);
}

TEST_F(ContainersTest, GroupWithContainersStays) {
  EXPECT_ERRNO(names_->DeleteGroup(group_.id), ENOTEMPTY);
  ASSERT_OK(names_->StartDeleteContainer(container_.id, false));
  EXPECT_ERRNO(names_->DeleteGroup(group_.id), ENOTEMPTY);  // until the last of it is gone
  DeleteAll(container_.id, 100, [] {});
  EXPECT_OK(names_->DeleteGroup(group_.id));
  EXPECT_ERRNO(names_->AddContainer({.name = "x", .group = group_.id}), ENOENT);
}

TEST_F(ContainersTest, ContainerIsADirectoryInTheMountsRoot) {
  const Inode mount = Get(kRootInode);
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(
      const Container made,
      names_->AddContainer({.id = ContainerId(8), .name = "d", .group = group_.id}));
  EXPECT_EQ(made.id, ContainerId(8));
  EXPECT_EQ(made.created_ns, now);
  EXPECT_FALSE(made.deleting);
  const Inode root = Get(made.root);
  EXPECT_EQ(root.mode, uint32_t{S_IFDIR | 0755});
  EXPECT_EQ(root.container, made.id);
  EXPECT_EQ(root.parent, kRootInode);
  ExpectMoved(mount, kMtime | kCtime, now);
  EXPECT_EQ(Get(kRootInode).nlink, 4u);
  EXPECT_EQ(Get(kRootInode).entries, 2u);
  EXPECT_THAT(NamesIn(kRootInode), ElementsAre("c", "d"));
  EXPECT_ERRNO(names_->AddContainer({.name = "d", .group = group_.id}), EEXIST);
  EXPECT_ERRNO(names_->AddContainer({.id = ContainerId(8), .name = "e", .group = group_.id}),
               EEXIST);
  EXPECT_EQ(names_->Counters(made.id).inodes, 1u);
  EXPECT_EQ(names_->Counters(ContainerId(77)), ContainerCounters());
  ExpectSound();
}

TEST_F(ContainersTest, DeletionStartsOnlyWhenMeant) {
  MustCreate(root_, "f");
  EXPECT_ERRNO(names_->StartDeleteContainer(container_.id, false), ENOTEMPTY);
  EXPECT_ERRNO(names_->StartDeleteContainer(ContainerId(99), true), ENOENT);
  EXPECT_ERRNO(names_->DeleteContainerStep(ContainerId(99), 1, [](const Inode&) {}), ENOENT);
  EXPECT_ERRNO(names_->DeleteContainerStep(container_.id, 1, [](const Inode&) {}), EBUSY);
  const int64_t now = Tick();
  const Inode mount = Get(kRootInode);
  ASSERT_OK(names_->StartDeleteContainer(container_.id, true));
  ExpectMoved(mount, kMtime | kCtime, now);
  EXPECT_THAT(NamesIn(kRootInode), IsEmpty());
  EXPECT_TRUE(names_->ListContainers()[0].deleting);
  EXPECT_OK(names_->StartDeleteContainer(container_.id, false));  // it has begun
  ExpectSound();
}

TEST_F(ContainersTest, NameIsFreeWhileTheOldTreeIsDeleted) {
  MustCreate(root_, "f");
  ASSERT_OK(names_->StartDeleteContainer(container_.id, true));
  const InodeNo again = AddContainer("c");
  EXPECT_NE(again, root_);
  MustCreate(again, "kept");
  DeleteAll(container_.id, 1, [this] { ExpectSound(); });
  EXPECT_THAT(NamesIn(again), ElementsAre("kept"));
  ExpectSound();
}

TEST_F(ContainersTest, EveryStepLeavesASoundTreeAndEachInodeGoesOnce) {
  for (int budget : {1, 2, 3, 7, 1000}) {
    SCOPED_TRACE(budget);
    const int made = MakeTree();
    const InodeNo other = AddContainer(fmt::format("other{}", budget));
    MustCreate(other, "kept");
    ASSERT_OK(names_->Unlink(other, "kept"));  // another container's orphan stays
    ASSERT_OK(names_->StartDeleteContainer(container_.id, true));
    const std::vector<Inode> gone = DeleteAll(container_.id, budget, [this] { ExpectSound(); });
    std::set<uint64_t> numbers;
    for (const Inode& inode : gone) numbers.insert(inode.ino.value);
    EXPECT_EQ(numbers.size(), gone.size());
    EXPECT_EQ(gone.size(), size_t(made) + 1);
    EXPECT_EQ(names_->Counters(container_.id), ContainerCounters());
    ASSERT_OK_AND_ASSIGN(const auto orphans, names_->ListOrphans());
    EXPECT_EQ(orphans.size(), 1u);
    EXPECT_ERRNO(names_->DeleteContainerStep(container_.id, 1, [](const Inode&) {}), ENOENT);
    ExpectSound();
    for (InodeNo orphan : orphans) ASSERT_OK(names_->DeleteOrphan(orphan));
    ASSERT_OK_AND_ASSIGN(container_, names_->AddContainer({.name = "c", .group = group_.id}));
    root_ = container_.root;
  }
}

TEST_F(ContainersTest, CleanerScheduleIsKept) {
  ASSERT_OK_AND_ASSIGN(CleanerSchedule schedule, names_->GetCleanerSchedule());
  EXPECT_EQ(schedule, CleanerSchedule());
  ASSERT_OK(names_->SetCleanerWindow(std::nullopt, {60, 120}));
  ASSERT_OK_AND_ASSIGN(schedule, names_->SetCleanerWindow(6, {0, kDayMinutes}));
  EXPECT_EQ(schedule[0], (CleanerWindow{60, 120}));
  EXPECT_EQ(schedule[6], (CleanerWindow{0, kDayMinutes}));
  EXPECT_FALSE(names_->SetCleanerWindow(1, {120, 60}).ok());
  ASSERT_NO_FATAL_FAILURE(Reopen());
  ASSERT_OK_AND_ASSIGN(const CleanerSchedule kept, names_->GetCleanerSchedule());
  EXPECT_EQ(kept, schedule);
  ExpectSound();
}

TEST_F(ContainersTest, DeletionGoesOnAfterRestarts) {
  const int made = MakeTree();
  ASSERT_OK(names_->StartDeleteContainer(container_.id, true));
  int round = 0;
  const std::vector<Inode> gone = DeleteAll(container_.id, 3, [&] {
    if (++round % 2 == 0) {
      ASSERT_NO_FATAL_FAILURE(Reopen());
    }
    ExpectSound();
  });
  EXPECT_EQ(gone.size(), size_t(made) + 1);
  EXPECT_GT(round, 5);
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_THAT(names_->ListContainers(), IsEmpty());
  ExpectSound();
}

}  // namespace
}  // namespace oca::names
