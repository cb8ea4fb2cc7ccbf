// One file through streams (direct I/O), the page cache and mappings at the same time.
#include <sys/mman.h>
#include <sys/wait.h>

#include <atomic>
#include <new>
#include <thread>

#include "t/integration/40_fuse/mounted.h"
#include "t/support/process.h"

namespace oca::fuse_test {
namespace {

constexpr size_t kPage = 4096;

class Coherence : public Mounted {
 protected:
  char* Map(int fd, size_t size, int protection, int flags = MAP_SHARED) {
    void* at = mmap(nullptr, size, protection, flags, fd, 0);
    EXPECT_NE(at, MAP_FAILED) << std::strerror(errno);
    return static_cast<char*>(at);
  }
};

TEST_F(Coherence, MappedWriteShowsToReadAfterMsync) {
  InAnotherProcess([&] {
    WriteFile(Path("f"), std::string(3 * kPage, 'a'));
    Fd fd = Open(Path("f"), O_RDWR);
    char* map = Map(fd, 3 * kPage, PROT_READ | PROT_WRITE);
    struct stat before = Stat(Path("f"));
    std::memcpy(map + 5000, "mapped", 6);
    ASSERT_SYS(msync(map, 3 * kPage, MS_SYNC));
    EXPECT_EQ(ReadFile(Path("f")).substr(5000, 6), "mapped");
    EXPECT_TRUE(Later(Stat(Path("f")).st_mtim, before.st_mtim));
    ASSERT_SYS(munmap(map, 3 * kPage));
    fd.Close();
    DropCaches();
    EXPECT_EQ(ReadFile(Path("f")).substr(5000, 6), "mapped");
  });
}

TEST_F(Coherence, MappedWriteIsKeptWithoutMsync) {
  InAnotherProcess([&] {
    WriteFile(Path("f"), std::string(kPage, 'a'));
    {
      Fd fd = Open(Path("f"), O_RDWR);
      char* map = Map(fd, kPage, PROT_READ | PROT_WRITE);
      std::memcpy(map, "kept", 4);
      ASSERT_SYS(munmap(map, kPage));
    }
    DropCaches();
    EXPECT_EQ(ReadFile(Path("f")).substr(0, 4), "kept");
  });
}

TEST_F(Coherence, MappingSeesWritesOfCachedFiles) {
  InAnotherProcess([&] {
    WriteFile(Path("f"), std::string(kPage, 'a'));
    Fd fd = Open(Path("f"), O_RDWR);
    char* map = Map(fd, kPage, PROT_READ);
    EXPECT_EQ(map[100], 'a');
    ASSERT_EQ(pwrite(fd, "b", 1, 100), 1);
    EXPECT_EQ(map[100], 'b');
    munmap(map, kPage);
  });
}

TEST_F(Coherence, ReaderAndMappingSeeEachWriteOfAStream) {
  InAnotherProcess([&] {
    WriteFile(Path("f"), std::string(4 * kPage, 'a'));
    Fd reader = Open(Path("f"), O_RDONLY);
    Fd stream = Open(Path("f"), O_WRONLY);
    char* map = Map(reader, 4 * kPage, PROT_READ);
    char* copy = Map(reader, 4 * kPage, PROT_READ, MAP_PRIVATE);
    for (int i = 0; i < 200; ++i) {
      char value = static_cast<char>('A' + i % 26);
      off_t offset = (i * 1237) % (4 * kPage);
      ASSERT_EQ(pwrite(stream, &value, 1, offset), 1);
      char got = 0;
      ASSERT_EQ(pread(reader, &got, 1, offset), 1);
      ASSERT_EQ(got, value) << i;
      ASSERT_EQ(map[offset], value) << i;
      ASSERT_EQ(copy[offset], value) << i;
    }
    munmap(map, 4 * kPage);
    munmap(copy, 4 * kPage);
  });
}

TEST_F(Coherence, CachedPagesOfAClosedFileAreNotServedAfterAStreamWrote) {
  WriteFile(Path("f"), std::string(10 * kPage, 'a'));
  for (int i = 0; i < 20; ++i) {
    ReadFile(Path("f"));
    char value = static_cast<char>('A' + i);
    {
      Fd stream = Open(Path("f"), O_WRONLY);
      ASSERT_EQ(pwrite(stream, &value, 1, 5 * kPage), 1);
    }
    ASSERT_EQ(ReadFile(Path("f"))[5 * kPage], value);
  }
}

TEST_F(Coherence, ReaderThatComesAndGoesBesideAStreamSeesItsWrites) {
  WriteFile(Path("f"), std::string(2 * kPage, 'a'));
  Fd stream = Open(Path("f"), O_WRONLY);
  for (int i = 0; i < 50; ++i) {
    char value = static_cast<char>('A' + i % 26);
    ASSERT_EQ(pwrite(stream, &value, 1, 17), 1);
    ASSERT_EQ(ReadFile(Path("f"))[17], value) << i;
  }
}

// A dirty page must not bring old bytes over those that a stream wrote beside them.
TEST_F(Coherence, DirtyMappingAndStreamKeepBothTheirBytes) {
  InAnotherProcess([&] {
    for (bool stream_first : {false, true}) {
      SCOPED_TRACE(stream_first);
      WriteFile(Path("f"), std::string(2 * kPage, 'a'));
      Fd fd, stream;
      if (stream_first) stream = Open(Path("f"), O_WRONLY);
      fd = Open(Path("f"), O_RDWR);
      if (!stream_first) stream = Open(Path("f"), O_WRONLY);
      char* map = Map(fd, 2 * kPage, PROT_READ | PROT_WRITE);
      for (int i = 0; i < 50; ++i) {
        map[i] = 'm';  // dirty
        ASSERT_EQ(pwrite(stream, "s", 1, 100 + i), 1);
        ASSERT_EQ(pwrite(stream, "s", 1, kPage + i), 1);
        ASSERT_EQ(map[i], 'm');
        ASSERT_EQ(map[100 + i], 's');
      }
      ASSERT_SYS(msync(map, 2 * kPage, MS_SYNC));
      munmap(map, 2 * kPage);
      fd.Close();
      stream.Close();
      DropCaches();
      std::string expected(2 * kPage, 'a');
      expected.replace(0, 50, 50, 'm').replace(100, 50, 50, 's').replace(kPage, 50, 50, 's');
      EXPECT_EQ(ReadFile(Path("f")), expected);
    }
  });
}

// A stream counts up in one place of each page; readers, each through a way of their own, must
// never see a value older than one that was written before their read began.
TEST_F(Coherence, ConcurrentReadersNeverSeeOldBytes) {
  constexpr int kPages = 256;
  constexpr uint64_t kRounds = 150;
  WriteFile(Path("f"), std::string(kPages * kPage, '\0'));
  Fd stream = Open(Path("f"), O_WRONLY);
  struct State {
    std::atomic<uint64_t> written{0};  // all pages hold at least this
    std::atomic<bool> done{false};
    std::atomic<int> faults{0};
  };
  void* memory =
      mmap(nullptr, sizeof(State), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto& [written, done, faults] = *new (memory) State;
  auto check = [&written = written, &done = done,
                &faults = faults](const std::function<uint64_t(int page)>& get) {
    for (int page = 0; !done; page = (page + 1) % kPages) {
      uint64_t least = written;
      if (get(page) < least) ++faults;
    }
  };
  // Another process, as in InAnotherProcess; it takes no memory.
  const std::string path = Path("f");
  const pid_t mapped = fork();
  ASSERT_GE(mapped, 0);
  if (mapped == 0) {
    int fd = open(path.c_str(), O_RDONLY);
    void* map = mmap(nullptr, kPages * kPage, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) _exit(1);
    check([&](int page) {
      uint64_t value = 0;
      std::memcpy(&value, static_cast<const char*>(map) + page * kPage, sizeof value);
      return value;
    });
    _exit(0);
  }
  std::thread cached([&] {
    Fd fd = Open(Path("f"), O_RDONLY);
    check([&](int page) {
      uint64_t value = 0;
      EXPECT_EQ(pread(fd, &value, sizeof value, page * kPage), 8);
      return value;
    });
  });
  std::thread reopening([&] {
    check([&](int page) {
      Fd fd = Open(Path("f"), O_RDONLY);
      uint64_t value = 0;
      EXPECT_EQ(pread(fd, &value, sizeof value, page * kPage), 8);
      return value;
    });
  });
  std::string all(kPages * kPage, '\0');
  for (uint64_t round = 1; round <= kRounds; ++round) {
    for (int page = 0; page < kPages; ++page) {
      std::memcpy(all.data() + page * kPage, &round, sizeof round);
      if (round % 8 == 0) {
        EXPECT_EQ(pwrite(stream, &round, sizeof round, page * kPage), 8);
      }
    }
    // A large write takes long enough for reads to overtake it.
    EXPECT_EQ(pwrite(stream, all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
    written = round;
  }
  done = true;
  cached.join();
  reopening.join();
  int status = -1;
  ASSERT_EQ(waitpid(mapped, &status, 0), mapped);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(faults, 0);
  ASSERT_SYS(munmap(memory, sizeof(State)));
}

TEST_F(Coherence, ProgramRunsFromTheMount) {
  std::string program = ReadFile("/bin/true");
  WriteFile(Path("true"), program);
  ASSERT_SYS(chmod(Path("true").c_str(), 0755));
  EXPECT_EQ(support::RunCommand({Path("true")}, "/dev/null"), 0);
}

}  // namespace
}  // namespace oca::fuse_test
