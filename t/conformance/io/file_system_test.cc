// Directories, names, locks, space, and the helpers on top.
#include <cerrno>
#include <ctime>

#include "gmock/gmock.h"
#include "t/conformance/io/file_system_suite.h"
#include "t/support/random.h"

namespace oca::io {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(All, FileSystemSuite, AllFileSystems(), KindName);

TEST_P(FileSystemSuite, DirectoriesNest) {
  ASSERT_OK(fs_->CreateDir(P("d")));
  ASSERT_OK(fs_->CreateDir(P("d/e")));
  Put("d/e/f", "deep");
  EXPECT_THAT(Names(), ElementsAre("d"));
  EXPECT_THAT(Names("d"), ElementsAre("e"));
  EXPECT_EQ(Get("d/e/f"), "deep");
  EXPECT_EQ(Get("d//e///f"), "deep");
}

TEST_P(FileSystemSuite, CreateDirRefusals) {
  Put("f", "");
  ASSERT_OK(fs_->CreateDir(P("d")));
  EXPECT_ERRNO(fs_->CreateDir(P("d")), EEXIST);
  EXPECT_ERRNO(fs_->CreateDir(P("f")), EEXIST);
  EXPECT_ERRNO(fs_->CreateDir(P("f/x")), ENOTDIR);
  EXPECT_ERRNO(fs_->CreateDir(P("no/x")), ENOENT);
}

TEST_P(FileSystemSuite, RemovalRefusals) {
  Put("f", "");
  ASSERT_OK(fs_->CreateDir(P("d")));
  Put("d/x", "");
  EXPECT_ERRNO(fs_->RemoveFile(P("no")), ENOENT);
  EXPECT_ERRNO(fs_->RemoveDir(P("no")), ENOENT);
  EXPECT_ERRNO(fs_->RemoveFile(P("d")), EISDIR);
  EXPECT_ERRNO(fs_->RemoveDir(P("f")), ENOTDIR);
  EXPECT_ERRNO(fs_->RemoveDir(P("d")), ENOTEMPTY);
  EXPECT_ERRNO(fs_->RemoveFile(P("f/x")), ENOTDIR);
  ASSERT_OK(fs_->RemoveFile(P("d/x")));
  ASSERT_OK(fs_->RemoveDir(P("d")));
  ASSERT_OK(fs_->RemoveFile(P("f")));
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_P(FileSystemSuite, ListRefusals) {
  Put("f", "");
  EXPECT_ERRNO(fs_->List(P("f")), ENOTDIR);
  EXPECT_ERRNO(fs_->List(P("no")), ENOENT);
}

TEST_P(FileSystemSuite, SyncDirRefusals) {
  Put("f", "");
  EXPECT_OK(fs_->SyncDir(dir_));
  EXPECT_ERRNO(fs_->SyncDir(P("f")), ENOTDIR);
  EXPECT_ERRNO(fs_->SyncDir(P("no")), ENOENT);
}

TEST_P(FileSystemSuite, RenameMovesAndReplaces) {
  ASSERT_OK(fs_->CreateDir(P("d")));
  Put("a", "A");
  Put("d/b", "B");
  ASSERT_OK(fs_->Rename(P("a"), P("d/b")));
  EXPECT_THAT(Names(), ElementsAre("d"));
  EXPECT_EQ(Get("d/b"), "A");
  ASSERT_OK(fs_->Rename(P("d/b"), P("d/b")));
  EXPECT_EQ(Get("d/b"), "A");
}

TEST_P(FileSystemSuite, RenameMovesDirectories) {
  ASSERT_OK(fs_->CreateDir(P("d")));
  ASSERT_OK(fs_->CreateDir(P("empty")));
  Put("d/f", "F");
  ASSERT_OK(fs_->Rename(P("d"), P("e")));
  EXPECT_EQ(Get("e/f"), "F");
  ASSERT_OK(fs_->Rename(P("e"), P("empty")));
  EXPECT_THAT(Names(), ElementsAre("empty"));
  EXPECT_EQ(Get("empty/f"), "F");
}

TEST_P(FileSystemSuite, RenameRefusals) {
  Put("f", "F");
  Put("g", "G");
  ASSERT_OK(fs_->CreateDir(P("d")));
  ASSERT_OK(fs_->CreateDir(P("d/sub")));
  ASSERT_OK(fs_->CreateDir(P("e")));
  Put("e/x", "");
  EXPECT_ERRNO(fs_->Rename(P("no"), P("f")), ENOENT);
  EXPECT_ERRNO(fs_->Rename(P("f"), P("no/f")), ENOENT);
  EXPECT_ERRNO(fs_->Rename(P("f"), P("g/f")), ENOTDIR);
  EXPECT_ERRNO(fs_->Rename(P("f"), P("d")), EISDIR);
  EXPECT_ERRNO(fs_->Rename(P("d"), P("f")), ENOTDIR);
  EXPECT_ERRNO(fs_->Rename(P("d"), P("e")), ENOTEMPTY);
  EXPECT_ERRNO(fs_->Rename(P("d"), P("d/sub/x")), EINVAL);
  EXPECT_ERRNO(fs_->Rename(P("d/sub"), P("d")), ENOTEMPTY);
  EXPECT_THAT(Names(), ElementsAre("d", "e", "f", "g"));
  EXPECT_EQ(Get("f"), "F");
  EXPECT_EQ(Get("g"), "G");
}

TEST_P(FileSystemSuite, LinkGivesAFileASecondName) {
  Put("a", "one");
  ASSERT_OK(fs_->Link(P("a"), P("b")));
  Put("a", "two");
  EXPECT_EQ(Get("b"), "two");
  ASSERT_OK(fs_->Rename(P("a"), P("b")));  // two names of one file: nothing happens
  EXPECT_THAT(Names(), ElementsAre("a", "b"));
  ASSERT_OK(fs_->RemoveFile(P("a")));
  EXPECT_EQ(Get("b"), "two");
}

TEST_P(FileSystemSuite, LinkRefusals) {
  Put("a", "");
  Put("b", "");
  ASSERT_OK(fs_->CreateDir(P("d")));
  EXPECT_ERRNO(fs_->Link(P("no"), P("c")), ENOENT);
  EXPECT_ERRNO(fs_->Link(P("a"), P("b")), EEXIST);
  EXPECT_ERRNO(fs_->Link(P("a"), P("no/c")), ENOENT);
  EXPECT_ERRNO(fs_->Link(P("d"), P("c")), EPERM);
}

TEST_P(FileSystemSuite, StatTellsSizeKindAndTime) {
  int64_t before = std::time(nullptr) - 1;  // a kernel stamps files with a slightly older time
  Put("a", "12345");
  ASSERT_OK_AND_ASSIGN(FileInfo file, fs_->Stat(P("a")));
  EXPECT_EQ(file.size_bytes, 5u);
  EXPECT_FALSE(file.is_directory);
  EXPECT_GE(file.mtime_seconds, before);
  EXPECT_LE(file.mtime_seconds, std::time(nullptr));
  ASSERT_OK_AND_ASSIGN(FileInfo dir, fs_->Stat(dir_));
  EXPECT_TRUE(dir.is_directory);
  EXPECT_ERRNO(fs_->Stat(P("no")), ENOENT);
  EXPECT_ERRNO(fs_->Stat(P("a/b")), ENOTDIR);
}

TEST_P(FileSystemSuite, DirectReadsGiveTheSameBytesWhereTheyAreKnown) {
  std::string contents(8192, 'a');
  contents[5000] = 'b';
  Put("f", contents);
  EXPECT_EQ(ErrnoOf(fs_->Open(P("nowhere"), OpenMode::kReadDirect).status()), ENOENT);
  auto file = fs_->Open(P("f"), OpenMode::kReadDirect);
  if (!file.ok()) {
    EXPECT_EQ(ErrnoOf(file.status()), EINVAL);
    return;
  }
  alignas(4096) static char bytes[4096];
  ASSERT_OK_AND_ASSIGN(size_t got, (*file)->ReadAt(4096, bytes));
  EXPECT_EQ(got, sizeof(bytes));
  EXPECT_EQ(std::string_view(bytes, sizeof(bytes)), std::string_view(contents).substr(4096));
  EXPECT_FALSE((*file)->WriteAt(0, "x").ok());
}

TEST_P(FileSystemSuite, SpaceIsPlausible) {
  ASSERT_OK_AND_ASSIGN(SpaceInfo space, fs_->Space(dir_));
  EXPECT_GT(space.total_bytes, 0u);
  EXPECT_LE(space.available_bytes, space.total_bytes);
  EXPECT_ERRNO(fs_->Space(P("no")), ENOENT);
}

TEST_P(FileSystemSuite, ErrorsNameThePath) {
  for (const absl::Status& status :
       {fs_->Open(P("missing"), OpenMode::kRead).status(), fs_->RemoveFile(P("missing")),
        fs_->Stat(P("missing")).status(), fs_->Rename(P("missing"), P("x")),
        fs_->SyncDir(P("missing")), fs_->Lock(P("missing/lock")).status()}) {
    EXPECT_THAT(std::string(MessageOf(status)), testing::HasSubstr(P("missing")));
  }
}

TEST_P(FileSystemSuite, LockExcludesASecondHolderUntilItIsGone) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<FileLock> lock, fs_->Lock(P("lock")));
  EXPECT_THAT(Names(), ElementsAre("lock"));
  EXPECT_ERRNO(fs_->Lock(P("lock")), EAGAIN);
  EXPECT_OK(fs_->Lock(P("other")));
  lock.reset();
  EXPECT_OK(fs_->Lock(P("lock")));
}

TEST_P(FileSystemSuite, LockKeepsTheContents) {
  Put("lock", "pid 7");
  EXPECT_OK(fs_->Lock(P("lock")));
  EXPECT_EQ(Get("lock"), "pid 7");
}

TEST_P(FileSystemSuite, LockIsOnTheFileNotOnTheName) {
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<FileLock> lock, fs_->Lock(P("lock")));
  ASSERT_OK(fs_->Rename(P("lock"), P("moved")));
  EXPECT_ERRNO(fs_->Lock(P("moved")), EAGAIN);
  ASSERT_OK_AND_ASSIGN(std::unique_ptr<FileLock> second, fs_->Lock(P("lock")));
  EXPECT_ERRNO(fs_->Lock(P("lock")), EAGAIN);
}

TEST_P(FileSystemSuite, LockRefusals) {
  ASSERT_OK(fs_->CreateDir(P("d")));
  EXPECT_ERRNO(fs_->Lock(P("d")), EISDIR);
  EXPECT_ERRNO(fs_->Lock(P("no/lock")), ENOENT);
}

TEST_P(FileSystemSuite, ReadFileReadsAnySize) {
  for (size_t size : {0, 1, 4'095, 4'096, 4'097, 65'536, 200'000}) {
    std::string data = support::RandomBytes(size, size);
    Put("a", data);
    ASSERT_EQ(Get("a"), data);
  }
  EXPECT_ERRNO(ReadFile(*fs_, P("no")), ENOENT);
  EXPECT_ERRNO(ReadFile(*fs_, dir_), EISDIR);
}

TEST_P(FileSystemSuite, WriteFileAtomicallyReplacesAndLeavesNoTemporary) {
  ASSERT_OK(WriteFileAtomically(*fs_, P("a"), "one"));
  EXPECT_EQ(Get("a"), "one");
  Put("a.tmp", "left by a crash, and longer than the new contents");
  ASSERT_OK(WriteFileAtomically(*fs_, P("a"), "two"));
  EXPECT_EQ(Get("a"), "two");
  EXPECT_THAT(Names(), ElementsAre("a"));
}

TEST_P(FileSystemSuite, WriteFileAtomicallyCleansUpWhenRenameFails) {
  ASSERT_OK(fs_->CreateDir(P("d")));
  EXPECT_ERRNO(WriteFileAtomically(*fs_, P("d"), "x"), EISDIR);
  EXPECT_ERRNO(WriteFileAtomically(*fs_, P("no/a"), "x"), ENOENT);
  EXPECT_THAT(Names(), ElementsAre("d"));
}

TEST_P(FileSystemSuite, CreateDirsMakesWhatIsMissing) {
  ASSERT_OK(CreateDirs(*fs_, P("a/b/c")));
  ASSERT_OK(CreateDirs(*fs_, P("a/b/c")));
  ASSERT_OK(CreateDirs(*fs_, P("a/b/d/")));
  EXPECT_THAT(Names("a/b"), ElementsAre("c", "d"));
  EXPECT_OK(CreateDirs(*fs_, "/"));
  Put("f", "");
  EXPECT_ERRNO(CreateDirs(*fs_, P("f")), ENOTDIR);
  EXPECT_ERRNO(CreateDirs(*fs_, P("f/x")), ENOTDIR);
}

TEST_P(FileSystemSuite, RemoveFileDurablyRemoves) {
  Put("a", "");
  ASSERT_OK(RemoveFileDurably(*fs_, P("a")));
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_ERRNO(RemoveFileDurably(*fs_, P("a")), ENOENT);
}

}  // namespace
}  // namespace oca::io
