#include "fs/fuse/open_files.h"

#include "gtest/gtest.h"

namespace oca::fuse {
namespace {

// Handles are only carried.
engine::Handle* Carried(uintptr_t value) { return reinterpret_cast<engine::Handle*>(value); }

TEST(OpenFiles, GiveTheHandleBack) {
  OpenFiles files;
  OpenFile* file = files.Add(InodeNo(7), Carried(1), /*direct=*/true);
  EXPECT_EQ(file->inode->ino, InodeNo(7));
  EXPECT_EQ(files.All(), std::vector<OpenFile*>{file});
  EXPECT_EQ(files.Remove(file), Carried(1));
  EXPECT_TRUE(files.All().empty());
}

TEST(OpenFiles, StreamAloneHasNoPages) {
  OpenFiles files;
  OpenFile* stream = files.Add(InodeNo(7), Carried(1), true);
  EXPECT_FALSE(stream->inode->pages);
  OpenFile* second = files.Add(InodeNo(7), Carried(2), true);
  EXPECT_FALSE(second->inode->pages);
  files.Remove(stream);
  files.Remove(second);
}

TEST(OpenFiles, PagesBesideACachedFileWhoeverCameFirst) {
  for (bool stream_first : {false, true}) {
    OpenFiles files;
    OpenFile* one = files.Add(InodeNo(7), Carried(1), stream_first);
    OpenFile* two = files.Add(InodeNo(7), Carried(2), !stream_first);
    EXPECT_TRUE(one->inode->pages);
    EXPECT_EQ(one->inode, two->inode);
    files.Remove(one);
    files.Remove(two);
  }
}

TEST(OpenFiles, PagesStayWhenTheCachedFileIsClosed) {
  OpenFiles files;
  OpenFile* stream = files.Add(InodeNo(7), Carried(1), true);
  OpenFile* cached = files.Add(InodeNo(7), Carried(2), false);
  files.Remove(cached);
  EXPECT_TRUE(stream->inode->pages);
  OpenFile* second = files.Add(InodeNo(7), Carried(3), true);
  EXPECT_TRUE(stream->inode->pages);
  files.Remove(second);
  files.Remove(stream);
  // The next stream's open made the kernel drop them.
  stream = files.Add(InodeNo(7), Carried(4), true);
  EXPECT_FALSE(stream->inode->pages);
  files.Remove(stream);
}

TEST(OpenFiles, InodesAreApart) {
  OpenFiles files;
  OpenFile* stream = files.Add(InodeNo(7), Carried(1), true);
  OpenFile* cached = files.Add(InodeNo(8), Carried(2), false);
  EXPECT_FALSE(stream->inode->pages);
  files.MarkPrivileged(InodeNo(8));
  EXPECT_FALSE(stream->inode->privileged);
  files.Remove(stream);
  files.Remove(cached);
}

TEST(OpenFiles, OnlyStreamsAreMarkedPrivileged) {
  OpenFiles files;
  files.MarkPrivileged(InodeNo(7));  // not open at all
  OpenFile* cached = files.Add(InodeNo(7), Carried(1), false);
  files.MarkPrivileged(InodeNo(7));
  EXPECT_FALSE(cached->inode->privileged);
  OpenFile* stream = files.Add(InodeNo(7), Carried(2), true);
  EXPECT_FALSE(stream->inode->privileged);
  files.MarkPrivileged(InodeNo(7));
  EXPECT_TRUE(stream->inode->privileged);
  files.Remove(stream);
  EXPECT_FALSE(cached->inode->privileged);
  files.Remove(cached);
}

}  // namespace
}  // namespace oca::fuse
