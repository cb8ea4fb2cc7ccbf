#include "fs/fuse/open_files.h"

#include <fcntl.h>

#include "gtest/gtest.h"

namespace oca::fuse {
namespace {

// Handles are only carried.
engine::Handle* Carried(uintptr_t value) { return reinterpret_cast<engine::Handle*>(value); }

TEST(OpenFiles, GiveTheHandleBack) {
  OpenFiles files;
  OpenFile* file = files.Add(InodeNo(7), Carried(1), O_WRONLY, true);
  EXPECT_EQ(file->inode->ino, InodeNo(7));
  EXPECT_EQ(files.All(), std::vector<OpenFile*>{file});
  EXPECT_EQ(files.Remove(file), Carried(1));
  EXPECT_TRUE(files.All().empty());
}

TEST(OpenFiles, StreamAloneHasNoPages) {
  OpenFiles files;
  OpenFile* stream = files.Add(InodeNo(7), Carried(1), O_WRONLY, true);
  EXPECT_FALSE(stream->inode->pages);
  OpenFile* second = files.Add(InodeNo(7), Carried(2), O_WRONLY, true);
  EXPECT_FALSE(second->inode->pages);
  files.Remove(stream);
  files.Remove(second);
}

TEST(OpenFiles, PagesBesideACachedFileWhoeverCameFirst) {
  for (bool stream_first : {false, true}) {
    OpenFiles files;
    OpenFile* one = files.Add(InodeNo(7), Carried(1), stream_first ? O_WRONLY : O_RDONLY, true);
    OpenFile* two = files.Add(InodeNo(7), Carried(2), stream_first ? O_RDONLY : O_WRONLY, true);
    EXPECT_TRUE(one->inode->pages);
    EXPECT_EQ(one->inode, two->inode);
    files.Remove(one);
    files.Remove(two);
  }
}

TEST(OpenFiles, PagesStayWhenTheCachedFileIsClosed) {
  OpenFiles files;
  OpenFile* stream = files.Add(InodeNo(7), Carried(1), O_WRONLY, true);
  OpenFile* cached = files.Add(InodeNo(7), Carried(2), O_RDONLY, true);
  files.Remove(cached);
  EXPECT_TRUE(stream->inode->pages);
  OpenFile* second = files.Add(InodeNo(7), Carried(3), O_WRONLY, true);
  EXPECT_TRUE(stream->inode->pages);
  files.Remove(second);
  files.Remove(stream);
  // The next stream's open made the kernel drop them.
  stream = files.Add(InodeNo(7), Carried(4), O_WRONLY, true);
  EXPECT_FALSE(stream->inode->pages);
  files.Remove(stream);
}

TEST(OpenFiles, StreamsAreWriteOnlyFilesThatMayBe) {
  OpenFiles files;
  for (int access : {O_RDONLY, O_WRONLY, O_RDWR}) {
    for (bool may_stream : {false, true}) {
      OpenFile* file = files.Add(InodeNo(7), Carried(1), access | O_APPEND, may_stream);
      EXPECT_EQ(file->direct, access == O_WRONLY && may_stream);
      files.Remove(file);
    }
  }
}

TEST(OpenFiles, NoStreamBesideAFileThatMayBeMappedForWriting) {
  OpenFiles files;
  OpenFile* early = files.Add(InodeNo(7), Carried(1), O_WRONLY, true);
  OpenFile* mappable = files.Add(InodeNo(7), Carried(2), O_RDWR, true);
  OpenFile* late = files.Add(InodeNo(7), Carried(3), O_WRONLY, true);
  EXPECT_TRUE(early->direct);
  EXPECT_FALSE(late->direct);
  files.Remove(mappable);
  files.Remove(late);
  OpenFile* again = files.Add(InodeNo(7), Carried(4), O_WRONLY, true);
  EXPECT_TRUE(again->direct);
  files.Remove(again);
  files.Remove(early);
}

TEST(OpenFiles, InodesAreApart) {
  OpenFiles files;
  OpenFile* stream = files.Add(InodeNo(7), Carried(1), O_WRONLY, true);
  OpenFile* cached = files.Add(InodeNo(8), Carried(2), O_RDONLY, true);
  EXPECT_FALSE(stream->inode->pages);
  files.MarkPrivileged(InodeNo(8));
  EXPECT_FALSE(stream->inode->privileged);
  files.Remove(stream);
  files.Remove(cached);
}

TEST(OpenFiles, OnlyStreamsAreMarkedPrivileged) {
  OpenFiles files;
  files.MarkPrivileged(InodeNo(7));  // not open at all
  OpenFile* cached = files.Add(InodeNo(7), Carried(1), O_RDONLY, true);
  files.MarkPrivileged(InodeNo(7));
  EXPECT_FALSE(cached->inode->privileged);
  OpenFile* stream = files.Add(InodeNo(7), Carried(2), O_WRONLY, true);
  EXPECT_FALSE(stream->inode->privileged);
  files.MarkPrivileged(InodeNo(7));
  EXPECT_TRUE(stream->inode->privileged);
  files.Remove(stream);
  EXPECT_FALSE(cached->inode->privileged);
  files.Remove(cached);
}

}  // namespace
}  // namespace oca::fuse
