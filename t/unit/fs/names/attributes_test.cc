// SetAttr and SetContent.
#include <cerrno>
#include <limits>

#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

class AttributesTest : public NamesTest {};

TEST_F(AttributesTest, EachFieldAloneAndNoOther) {
  const Inode file = MustCreate(root_, "f");
  const int64_t now = Tick();
  ASSERT_OK_AND_ASSIGN(Inode set, names_->SetAttr(file.ino, {.mode = 07754}));
  EXPECT_EQ(set.mode, uint32_t{S_IFREG | 07754});
  EXPECT_EQ(EncodeInode(set), EncodeInode(Get(file.ino)));
  ExpectMoved(file, kCtime, now);
  ASSERT_OK_AND_ASSIGN(set, names_->SetAttr(file.ino, {.uid = 0xfffffffe}));
  EXPECT_EQ(set.uid, 0xfffffffeu);
  EXPECT_EQ(set.gid, 0u);
  ASSERT_OK_AND_ASSIGN(set, names_->SetAttr(file.ino, {.gid = 12}));
  EXPECT_EQ(set.uid, 0xfffffffeu);
  EXPECT_EQ(set.gid, 12u);
  EXPECT_EQ(set.mode, uint32_t{S_IFREG | 07754});
  ExpectMoved(file, kCtime, now);
  ExpectSound();
}

TEST_F(AttributesTest, TypeCannotBeChanged) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_OK_AND_ASSIGN(const Inode set, names_->SetAttr(dir.ino, {.mode = S_IFREG | 01700}));
  EXPECT_EQ(set.mode, uint32_t{S_IFDIR | 01700});
}

TEST_F(AttributesTest, TimesAreKeptToTheNanosecondOverTheirWholeRange) {
  const Inode file = MustCreate(root_, "f");
  for (int64_t time : {int64_t{1}, int64_t{-1}, int64_t{1'700'000'000'123'456'789},
                       std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    ASSERT_OK(names_->SetAttr(file.ino, {.atime_ns = time, .mtime_ns = time, .ctime_ns = time}));
    const Inode set = Get(file.ino);
    EXPECT_EQ(set.atime_ns, time);
    EXPECT_EQ(set.mtime_ns, time);
    EXPECT_EQ(set.ctime_ns, time);
    EXPECT_EQ(set.btime_ns, file.btime_ns);
  }
}

TEST_F(AttributesTest, OneTimeMovesNoOther) {
  const Inode file = MustCreate(root_, "f");
  const int64_t now = Tick();
  ASSERT_OK(names_->SetAttr(file.ino, {.atime_ns = 5}));
  EXPECT_EQ(Get(file.ino).atime_ns, 5);
  EXPECT_EQ(Get(file.ino).mtime_ns, file.mtime_ns);
  EXPECT_EQ(Get(file.ino).ctime_ns, now);
  ASSERT_OK(names_->SetAttr(file.ino, {.mtime_ns = 6}));
  EXPECT_EQ(Get(file.ino).atime_ns, 5);
  EXPECT_EQ(Get(file.ino).mtime_ns, 6);
}

TEST_F(AttributesTest, NothingToChangeIsAChangeAllTheSame) {
  const Inode file = MustCreate(root_, "f");
  const int64_t now = Tick();
  ASSERT_OK(names_->SetAttr(file.ino, {}));
  ExpectMoved(file, kCtime, now);
}

TEST_F(AttributesTest, ParentAndListingDoNotMove) {
  const Inode file = MustCreate(root_, "f");
  const Inode root = Get(root_);
  Tick();
  ASSERT_OK(names_->SetAttr(file.ino, {.mode = 0600}));
  ASSERT_OK(names_->SetContent(file.ino, {.recipe = "r", .size = 1}));
  ExpectMoved(root, kNothing, 0);
}

TEST_F(AttributesTest, MissingInodeFails) {
  EXPECT_ERRNO(names_->SetAttr(InodeNo(99999), {.mode = 0600}), ENOENT);
  EXPECT_ERRNO(names_->SetContent(InodeNo(99999), {.recipe = "r"}), ENOENT);
}

TEST_F(AttributesTest, ContentCarriesItsOwnTimes) {
  const Inode file = MustCreate(root_, "f");
  Tick();
  const Content content = {.recipe = std::string("\0\xff recipe", 9),
                           .size = uint64_t{1} << 60,
                           .data_bytes = 77,
                           .mtime_ns = 123,
                           .ctime_ns = 456};
  ASSERT_OK_AND_ASSIGN(const Inode set, names_->SetContent(file.ino, content));
  EXPECT_EQ(EncodeInode(set), EncodeInode(Get(file.ino)));
  EXPECT_EQ(set.content, content.recipe);
  EXPECT_EQ(set.size, content.size);
  EXPECT_EQ(set.data_bytes, 77u);
  EXPECT_EQ(set.mtime_ns, 123);
  EXPECT_EQ(set.ctime_ns, 456);
  EXPECT_EQ(set.atime_ns, file.atime_ns);
  EXPECT_EQ(set.btime_ns, file.btime_ns);
  ExpectSound();
}

TEST_F(AttributesTest, ReplaceRecipeChangesNothingElseAndOnlyWhatIsExpected) {
  const Inode file = MustCreate(root_, "f");
  ASSERT_OK(names_->SetContent(file.ino, {.recipe = "plain", .size = 9, .mtime_ns = 5}));
  Inode before = Get(file.ino);
  Tick();
  ASSERT_OK_AND_ASSIGN(bool other, names_->ReplaceRecipe(file.ino, "something else", "sealed"));
  EXPECT_FALSE(other);
  EXPECT_EQ(Get(file.ino).content, "plain");
  ASSERT_OK_AND_ASSIGN(bool done, names_->ReplaceRecipe(file.ino, "plain", "sealed"));
  EXPECT_TRUE(done);
  before.content = "sealed";
  EXPECT_EQ(EncodeInode(Get(file.ino)), EncodeInode(before));
  ASSERT_OK_AND_ASSIGN(bool gone, names_->ReplaceRecipe(InodeNo(99999), "plain", "sealed"));
  EXPECT_FALSE(gone);
  ASSERT_OK_AND_ASSIGN(bool folder, names_->ReplaceRecipe(root_, "", "sealed"));
  EXPECT_FALSE(folder);
  ExpectSound();
}

// In no file of the database, whether it was durable before or not.
TEST_F(AttributesTest, ForgottenValuesAreInNoFile) {
  std::vector<InodeNo> files;
  for (int i = 0; i < 50; ++i) {
    files.push_back(MustCreate(root_, std::to_string(i)).ino);
    ASSERT_OK(names_->SetContent(files.back(), {.recipe = "a plain value", .size = 1}));
    if (i == 20) {
      ASSERT_OK(names_->Commit());
    }
    if (i == 40) {
      ASSERT_NO_FATAL_FAILURE(Reopen());
    }
  }
  for (InodeNo ino : files) {
    ASSERT_OK(names_->ReplaceRecipe(ino, "a plain value", "a sealed one"));
  }
  ASSERT_OK(names_->ForgetOldValues());
  ASSERT_NO_FATAL_FAILURE(Reopen());
  ASSERT_OK_AND_ASSIGN(std::vector<std::string> names, fs_.List("/names"));
  size_t read = 0;
  for (const std::string& name : names) {
    auto bytes = io::ReadFile(fs_, "/names/" + name);
    if (!bytes.ok()) continue;
    ++read;
    EXPECT_EQ(bytes->find("plain value"), std::string::npos) << name;
  }
  EXPECT_GT(read, 3u);
  for (InodeNo ino : files) EXPECT_EQ(Get(ino).content, "a sealed one");
  ExpectSound();
}

TEST_F(AttributesTest, OnlyRegularFilesHaveContent) {
  const std::vector<NewInode> others = {DirOf(), SymlinkTo("t"), {.mode = S_IFIFO | 0600}};
  for (const NewInode& what : others) {
    const Inode made = MustCreate(root_, std::to_string(what.mode), what);
    EXPECT_ERRNO(names_->SetContent(made.ino, {.recipe = "r", .size = 1}), EINVAL);
    EXPECT_EQ(Get(made.ino).size, made.size);
  }
}

TEST_F(AttributesTest, CountersFollowSizesUpAndDown) {
  const Inode a = MustCreate(root_, "a");
  const Inode b = MustCreate(root_, "b");
  const auto bytes = [&] { return names_->Counters(container_.id).current_bytes; };
  ASSERT_OK(names_->SetContent(a.ino, {.recipe = "r", .size = 1000}));
  ASSERT_OK(names_->SetContent(b.ino, {.recipe = "r", .size = uint64_t{1} << 50}));
  EXPECT_EQ(bytes(), (uint64_t{1} << 50) + 1000);
  ASSERT_OK(names_->SetContent(b.ino, {.recipe = "r", .size = 1}));
  EXPECT_EQ(bytes(), 1001u);
  ASSERT_OK(names_->SetContent(a.ino, {}));
  EXPECT_EQ(bytes(), 1u);
  ASSERT_NO_FATAL_FAILURE(Reopen());
  EXPECT_EQ(bytes(), 1u);
  ExpectSound();
}

}  // namespace
}  // namespace oca::names
