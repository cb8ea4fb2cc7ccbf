// Contents: reading, writing, sizes, holes, copies.
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <random>

#include "t/integration/40_fuse/mounted.h"
#include "t/support/status_matchers.h"

namespace oca::fuse_test {
namespace {

class Data : public Mounted {
 protected:
  std::string ReadAt(int fd, size_t size, off_t offset) {
    std::string bytes(size, '?');
    size_t done = 0;
    while (done < size) {
      ssize_t n = pread(fd, bytes.data() + done, size - done, offset + static_cast<off_t>(done));
      EXPECT_GE(n, 0) << std::strerror(errno);
      if (n <= 0) break;
      done += static_cast<size_t>(n);
    }
    bytes.resize(done);
    return bytes;
  }
  void WriteAt(int fd, std::string_view bytes, off_t offset) {
    ASSERT_EQ(pwrite(fd, bytes.data(), bytes.size(), offset), static_cast<ssize_t>(bytes.size()))
        << std::strerror(errno);
  }
};

struct FreeDeleter {
  void operator()(char* p) const { std::free(p); }
};
using Aligned = std::unique_ptr<char, FreeDeleter>;
Aligned AlignedBuffer(size_t size) {
  return Aligned(static_cast<char*>(std::aligned_alloc(4096, size)));
}

TEST_F(Data, LargeFileComesBackWhole) {
  std::string bytes = RandomBytes((9u << 20) + 777, 1);
  WriteFile(Path("f"), bytes);
  EXPECT_EQ(Stat(Path("f")).st_size, static_cast<off_t>(bytes.size()));
  EXPECT_EQ(ReadFile(Path("f")), bytes);
  DropCaches();
  EXPECT_EQ(ReadFile(Path("f")), bytes);
}

// A random sequence of writes, truncates, punches and reads through one open file against a string.
TEST_F(Data, RandomOperationsMatchAModel) {
  const uint64_t seed = 20240607;
  for (int flags : {O_RDWR, O_RDWR | O_SYNC}) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << " flags " << flags);
    std::mt19937_64 random(seed);
    std::string model;
    Fd fd = Open(Path("f"), flags | O_CREAT | O_TRUNC);
    Fd stream = Open(Path("f"), O_WRONLY);
    for (int step = 0; step < 400; ++step) {
      size_t offset = random() % 300'000;
      size_t size = 1 + random() % (step % 10 == 0 ? 200'000 : 5'000);
      switch (random() % 6) {
        case 0:
        case 1: {
          std::string bytes = RandomBytes(size, random());
          WriteAt(random() % 2 == 0 ? fd : stream, bytes, static_cast<off_t>(offset));
          if (model.size() < offset + size) model.resize(offset + size, '\0');
          model.replace(offset, size, bytes);
          break;
        }
        case 2:
          ASSERT_SYS(ftruncate(fd, static_cast<off_t>(offset)));
          model.resize(offset, '\0');
          break;
        case 3:
          ASSERT_SYS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                               static_cast<off_t>(offset), static_cast<off_t>(size)));
          if (offset < model.size()) {
            size_t n = std::min(size, model.size() - offset);
            model.replace(offset, n, n, '\0');
          }
          break;
        default: {
          std::string expected = offset < model.size() ? model.substr(offset, size) : "";
          ASSERT_EQ(ReadAt(fd, size, static_cast<off_t>(offset)), expected) << "step " << step;
        }
      }
      struct stat st;
      ASSERT_SYS(fstat(fd, &st));
      ASSERT_EQ(st.st_size, static_cast<off_t>(model.size())) << "step " << step;
    }
    EXPECT_EQ(ReadFile(Path("f")), model);
    ASSERT_SYS(fsync(fd));
    DropCaches();
    EXPECT_EQ(ReadFile(Path("f")), model);
  }
}

TEST_F(Data, AppendsOfManyProcessesDoNotOverwriteEachOther) {
  constexpr int kProcesses = 6, kRecords = 150, kSize = 77;
  for (int access : {O_WRONLY, O_RDWR}) {
    WriteFile(Path("log"), "");
    std::vector<pid_t> children;
    for (int p = 0; p < kProcesses; ++p) {
      const std::string path = Path("log");
      std::string record(kSize, static_cast<char>('a' + p));
      record.back() = '\n';
      pid_t child = fork();  // it takes no memory: see ErrnoAs
      if (child == 0) {
        int fd = open(path.c_str(), access | O_APPEND);
        for (int i = 0; i < kRecords; ++i) {
          if (write(fd, record.data(), record.size()) != kSize) _exit(1);
        }
        _exit(0);
      }
      children.push_back(child);
    }
    for (pid_t child : children) {
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      EXPECT_EQ(status, 0);
    }
    std::string all = ReadFile(Path("log"));
    ASSERT_EQ(all.size(), size_t{kProcesses * kRecords * kSize});
    int counts[kProcesses] = {};
    for (size_t at = 0; at < all.size(); at += kSize) {
      std::string record = all.substr(at, kSize);
      std::string expected(kSize, record[0]);
      expected.back() = '\n';
      ASSERT_EQ(record, expected) << at;
      ++counts[record[0] - 'a'];
    }
    for (int count : counts) EXPECT_EQ(count, kRecords);
  }
}

TEST_F(Data, LargeDirectAppendsKeepTheOrderOfTheirParts) {
  constexpr size_t kSize = 4u << 20;  // several requests each
  WriteFile(Path("f"), "");
  std::string expected;
  Aligned buffer = AlignedBuffer(kSize);
  for (int access : {O_RDWR, O_WRONLY}) {
    Fd fd = Open(Path("f"), access | O_APPEND | O_DIRECT);
    for (int i = 0; i < 3; ++i) {
      std::string bytes = RandomBytes(kSize, 100 + i);
      std::memcpy(buffer.get(), bytes.data(), kSize);
      ASSERT_EQ(write(fd, buffer.get(), kSize), static_cast<ssize_t>(kSize));
      expected += bytes;
    }
  }
  EXPECT_TRUE(ReadFile(Path("f")) == expected);
}

TEST_F(Data, AppendWritesAtTheEndWhateverTheOffset) {
  WriteFile(Path("f"), "12345");
  Fd fd = Open(Path("f"), O_RDWR | O_APPEND);
  ASSERT_SYS(lseek(fd, 0, SEEK_SET));
  ASSERT_EQ(write(fd, "67", 2), 2);
  EXPECT_EQ(lseek(fd, 0, SEEK_CUR), 7);
  EXPECT_EQ(ReadFile(Path("f")), "1234567");
}

TEST_F(Data, DirectIoReadsAndWrites) {
  constexpr size_t kSize = 3u << 20;
  std::string bytes = RandomBytes(kSize, 7);
  Aligned buffer = AlignedBuffer(kSize);
  std::memcpy(buffer.get(), bytes.data(), kSize);
  Fd fd = Open(Path("f"), O_RDWR | O_CREAT | O_DIRECT);
  ASSERT_EQ(pwrite(fd, buffer.get(), kSize, 4096), static_cast<ssize_t>(kSize));
  EXPECT_EQ(ReadFile(Path("f")), std::string(4096, '\0') + bytes);
  std::memset(buffer.get(), 0, kSize);
  ASSERT_EQ(pread(fd, buffer.get(), kSize, 4096), static_cast<ssize_t>(kSize));
  EXPECT_TRUE(std::string_view(buffer.get(), kSize) == bytes);
  // A buffered writer and a direct reader see the same.
  Fd buffered = Open(Path("f"), O_RDWR);
  WriteAt(buffered, "changed", 5000);
  ASSERT_EQ(pread(fd, buffer.get(), 4096, 4096), 4096);
  EXPECT_EQ(std::string_view(buffer.get() + 904, 7), "changed");
  // And the other way round.
  EXPECT_EQ(ReadAt(buffered, 7, 5000), "changed");
  std::memcpy(buffer.get() + 904, "DIRECT!", 7);
  ASSERT_EQ(pwrite(fd, buffer.get(), 4096, 4096), 4096);
  EXPECT_EQ(ReadAt(buffered, 7, 5000), "DIRECT!");
}

TEST_F(Data, ReadBeyondTheEndIsShort) {
  WriteFile(Path("f"), "abc");
  Fd fd = Open(Path("f"), O_RDONLY);
  EXPECT_EQ(ReadAt(fd, 100, 1), "bc");
  EXPECT_EQ(ReadAt(fd, 100, 3), "");
  EXPECT_EQ(ReadAt(fd, 100, 1000), "");
}

TEST_F(Data, AccessModesAreKept) {
  WriteFile(Path("f"), "abc");
  char c;
  Fd reader = Open(Path("f"), O_RDONLY);
  EXPECT_FAILS(write(reader, "x", 1), EBADF);
  EXPECT_FAILS(ftruncate(reader, 0), EINVAL);
  Fd writer = Open(Path("f"), O_WRONLY);
  EXPECT_FAILS(read(writer, &c, 1), EBADF);
  EXPECT_FAILS(open(dir().c_str(), O_WRONLY), EISDIR);
  Fd folder = Open(dir(), O_RDONLY);
  EXPECT_FAILS(read(folder, &c, 1), EISDIR);
}

TEST_F(Data, TruncateCutsAndExtendsWithZeros) {
  WriteFile(Path("f"), std::string(100'000, 'x'));
  ASSERT_SYS(truncate(Path("f").c_str(), 10));
  EXPECT_EQ(ReadFile(Path("f")), std::string(10, 'x'));
  ASSERT_SYS(truncate(Path("f").c_str(), 100'000));
  EXPECT_EQ(ReadFile(Path("f")), std::string(10, 'x') + std::string(99'990, '\0'));
  EXPECT_FAILS(truncate(Path("f").c_str(), -1), EINVAL);
  EXPECT_FAILS(truncate(dir().c_str(), 0), EISDIR);
  EXPECT_FAILS(truncate(Path("none").c_str(), 0), ENOENT);
}

TEST_F(Data, TruncateShowsToOtherDescriptors) {
  WriteFile(Path("f"), std::string(50'000, 'x'));
  Fd one = Open(Path("f"), O_RDWR);
  Fd two = Open(Path("f"), O_RDWR);
  EXPECT_EQ(ReadAt(two, 50'000, 0).size(), 50'000u);
  ASSERT_SYS(ftruncate(one, 5));
  EXPECT_EQ(ReadAt(two, 50'000, 0), "xxxxx");
  WriteAt(two, "end", 8'000);
  EXPECT_EQ(ReadAt(one, 10'000, 0), "xxxxx" + std::string(7'995, '\0') + "end");
  Fd stream = Open(Path("f"), O_WRONLY | O_TRUNC);
  EXPECT_EQ(ReadAt(one, 100, 0), "");
  struct stat st;
  ASSERT_SYS(fstat(two, &st));
  EXPECT_EQ(st.st_size, 0);
}

TEST_F(Data, HolesReadAsZerosAndTakeNoBlocks) {
  Fd fd = Open(Path("f"), O_RDWR | O_CREAT);
  WriteAt(fd, std::string(4096, 'a'), 10 << 20);
  WriteAt(fd, std::string(4096, 'b'), 20 << 20);
  ASSERT_SYS(fsync(fd));
  struct stat st = Stat(Path("f"));
  EXPECT_EQ(st.st_size, (20 << 20) + 4096);
  EXPECT_LT(st.st_blocks * 512, 2 << 20);
  EXPECT_GT(st.st_blocks, 0);
  EXPECT_EQ(ReadAt(fd, 4096, 5 << 20), std::string(4096, '\0'));
  EXPECT_EQ(ReadAt(fd, 4096, 10 << 20), std::string(4096, 'a'));
}

TEST_F(Data, SeekFindsDataAndHoles) {
  Fd fd = Open(Path("f"), O_RDWR | O_CREAT);
  ASSERT_SYS(ftruncate(fd, 30 << 20));
  WriteAt(fd, RandomBytes(1 << 20, 3), 10 << 20);
  for (bool synced : {false, true}) {
    if (synced) {
      ASSERT_SYS(fsync(fd));
    }
    SCOPED_TRACE(synced);
    off_t data = lseek(fd, 0, SEEK_DATA);
    EXPECT_LE(data, 10 << 20);  // exact, or before it: a granule may be larger
    EXPECT_GT(data, 8 << 20);
    off_t hole = lseek(fd, 10 << 20, SEEK_HOLE);
    EXPECT_GE(hole, 11 << 20);
    EXPECT_LT(hole, 13 << 20);
    EXPECT_EQ(lseek(fd, 0, SEEK_HOLE), 0);
    EXPECT_FAILS(lseek(fd, 20 << 20, SEEK_DATA), ENXIO);
    EXPECT_EQ(lseek(fd, 20 << 20, SEEK_HOLE), 20 << 20);
    EXPECT_FAILS(lseek(fd, 30 << 20, SEEK_HOLE), ENXIO);
    EXPECT_FAILS(lseek(fd, 31 << 20, SEEK_DATA), ENXIO);
  }
  WriteFile(Path("full"), "data");
  Fd full = Open(Path("full"), O_RDONLY);
  EXPECT_EQ(lseek(full, 1, SEEK_DATA), 1);
  EXPECT_EQ(lseek(full, 1, SEEK_HOLE), 4);  // the end counts as a hole
}

TEST_F(Data, FileOf1TiBIsSparse) {
  constexpr off_t kTiB = off_t{1} << 40;
  Fd fd = Open(Path("f"), O_RDWR | O_CREAT);
  ASSERT_SYS(ftruncate(fd, kTiB));
  EXPECT_EQ(Stat(Path("f")).st_size, kTiB);
  WriteAt(fd, "middle", kTiB / 2);
  WriteAt(fd, "end", kTiB - 3);
  ASSERT_SYS(fsync(fd));
  EXPECT_EQ(Stat(Path("f")).st_size, kTiB);
  EXPECT_LT(Stat(Path("f")).st_blocks, 65536);
  EXPECT_EQ(ReadAt(fd, 6, kTiB / 2), "middle");
  EXPECT_EQ(ReadAt(fd, 10, kTiB - 3), "end");
  EXPECT_EQ(ReadAt(fd, 3, kTiB / 4), std::string(3, '\0'));
}

TEST_F(Data, OffsetsBeyond16TiBWork) {
  constexpr off_t kFar = (off_t{17} << 40) + 12345;
  Fd fd = Open(Path("f"), O_RDWR | O_CREAT);
  WriteAt(fd, "far", kFar);
  EXPECT_EQ(Stat(Path("f")).st_size, kFar + 3);
  EXPECT_EQ(ReadAt(fd, 3, kFar), "far");
}

TEST_F(Data, FallocateExtendsUnlessToldNotTo) {
  Fd fd = Open(Path("f"), O_RDWR | O_CREAT);
  ASSERT_SYS(fallocate(fd, 0, 0, 100'000));
  EXPECT_EQ(Stat(Path("f")).st_size, 100'000);
  EXPECT_EQ(ReadFile(Path("f")), std::string(100'000, '\0'));
  ASSERT_SYS(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 200'000));
  EXPECT_EQ(Stat(Path("f")).st_size, 100'000);
  WriteAt(fd, "kept", 50);
  ASSERT_SYS(fallocate(fd, 0, 0, 100));
  EXPECT_EQ(ReadAt(fd, 4, 50), "kept");
}

TEST_F(Data, PunchAndZeroRangeReadAsZeros) {
  std::string bytes = RandomBytes(1 << 20, 5);
  WriteFile(Path("f"), bytes);
  Fd fd = Open(Path("f"), O_RDWR);
  EXPECT_EQ(ReadAt(fd, bytes.size(), 0), bytes);  // now in the page cache
  ASSERT_SYS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1000, 500'000));
  bytes.replace(1000, 500'000, 500'000, '\0');
  EXPECT_TRUE(ReadAt(fd, bytes.size(), 0) == bytes);
  ASSERT_SYS(fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 600'000, 1 << 20));
  bytes.replace(600'000, bytes.size() - 600'000, bytes.size() - 600'000, '\0');
  EXPECT_TRUE(ReadAt(fd, bytes.size() + 10, 0) == bytes);
  ASSERT_SYS(fsync(fd));
  EXPECT_LT(Stat(Path("f")).st_blocks * 512, 512 << 10);
  DropCaches();
  EXPECT_TRUE(ReadFile(Path("f")) == bytes);
}

TEST_F(Data, OtherFallocateModesAreNotSupported) {
  WriteFile(Path("f"), std::string(100'000, 'x'));
  Fd fd = Open(Path("f"), O_RDWR);
  EXPECT_FAILS(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, 4096), EOPNOTSUPP);
  EXPECT_FAILS(fallocate(fd, FALLOC_FL_INSERT_RANGE, 0, 4096), EOPNOTSUPP);
}

TEST_F(Data, CopyFileRangeCopiesWithoutStoringAgain) {
  std::string bytes = RandomBytes(16u << 20, 11);
  WriteFile(Path("from"), bytes);
  Fd from = Open(Path("from"), O_RDONLY);
  ASSERT_SYS(fsync(from));
  std::string target = other() + "/to";  // another container of the same storage group
  Fd to = Open(target, O_RDWR | O_CREAT);
  uint64_t before = Engine().StatsOfGroup(Engine().ListGroups().at(0).id)->bytes.post_dedupe_bytes;
  off_t in = 0, out = 0;
  while (in < static_cast<off_t>(bytes.size())) {
    ssize_t n = copy_file_range(from, &in, to, &out, bytes.size() - static_cast<size_t>(in), 0);
    ASSERT_GT(n, 0) << std::strerror(errno);
  }
  ASSERT_SYS(fsync(to));
  EXPECT_TRUE(ReadFile(target) == bytes);
  uint64_t after = Engine().StatsOfGroup(Engine().ListGroups().at(0).id)->bytes.post_dedupe_bytes;
  EXPECT_LT(after - before, bytes.size() / 50);
  EXPECT_EQ(copy_file_range(from, &in, to, &out, 100, 0), 0);  // at the end
}

TEST_F(Data, CopyFileRangeIntoTheMiddleShowsAtOnce) {
  std::string bytes = RandomBytes(500'000, 12), target = RandomBytes(800'000, 13);
  WriteFile(Path("from"), bytes);
  WriteFile(Path("to"), target);
  Fd from = Open(Path("from"), O_RDONLY), to = Open(Path("to"), O_RDWR);
  EXPECT_TRUE(ReadAt(to, target.size(), 0) == target);  // now in the page cache
  off_t in = 12'345, out = 54'321;
  size_t left = 300'000;
  while (left > 0) {
    ssize_t n = copy_file_range(from, &in, to, &out, left, 0);
    ASSERT_GT(n, 0) << std::strerror(errno);
    left -= static_cast<size_t>(n);
  }
  target.replace(54'321, 300'000, bytes, 12'345, 300'000);
  EXPECT_TRUE(ReadAt(to, target.size(), 0) == target);
  // Growing a file shows in its size at once.
  off_t start = 0, end = 800'000;
  ASSERT_GT(copy_file_range(from, &start, to, &end, 1000, 0), 0);
  EXPECT_EQ(Stat(Path("to")).st_size, end);
}

TEST_F(Data, CloneIoctlsAreAnsweredByTheKernel) {
  WriteFile(Path("from"), "x");
  Fd from = Open(Path("from"), O_RDONLY), to = Open(Path("to"), O_RDWR | O_CREAT);
  EXPECT_FAILS(ioctl(to, FICLONE, static_cast<int>(from)), EOPNOTSUPP);
  file_clone_range range{from, 0, 0, 0};
  EXPECT_FAILS(ioctl(to, FICLONERANGE, &range), EOPNOTSUPP);
}

TEST_F(Data, UnlinkedFileLivesUntilItsLastClose) {
  WriteFile(Path("f"), "before");
  Fd fd = Open(Path("f"), O_RDWR);
  ASSERT_SYS(unlink(Path("f").c_str()));
  struct stat st;
  ASSERT_SYS(fstat(fd, &st));
  EXPECT_EQ(st.st_nlink, 0u);
  std::string bytes = RandomBytes(3u << 20, 14);
  WriteAt(fd, bytes, 0);
  DropCaches();
  EXPECT_TRUE(ReadAt(fd, bytes.size(), 0) == bytes);
  ASSERT_SYS(ftruncate(fd, 3));
  ASSERT_SYS(fchmod(fd, 0600));
  ASSERT_SYS(fsync(fd));
  ASSERT_SYS(fstat(fd, &st));
  EXPECT_EQ(st.st_size, 3);
  EXPECT_EQ(st.st_mode & 07777, 0600u);
  std::string proc = "/proc/self/fd/" + std::to_string(fd);
  EXPECT_FAILS(linkat(AT_FDCWD, proc.c_str(), AT_FDCWD, Path("g").c_str(), AT_SYMLINK_FOLLOW),
               ENOENT);
}

TEST_F(Data, SyncCallsSucceed) {
  WriteFile(Path("f"), "x");
  Fd fd = Open(Path("f"), O_RDWR);
  EXPECT_SYS(fsync(fd));
  EXPECT_SYS(fdatasync(fd));
  EXPECT_SYS(syncfs(fd));
  Fd folder = Open(dir(), O_RDONLY | O_DIRECTORY);
  EXPECT_SYS(fsync(folder));
  Fd reader = Open(Path("f"), O_RDONLY);
  EXPECT_SYS(fsync(reader));
}

}  // namespace
}  // namespace oca::fuse_test
