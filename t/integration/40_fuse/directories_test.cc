// Reading directories.
#include <dirent.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "t/integration/40_fuse/mounted.h"

namespace oca::fuse_test {
namespace {

class Directories : public Mounted {
 protected:
  struct Close {
    void operator()(DIR* stream) const { closedir(stream); }
  };
  using Stream = std::unique_ptr<DIR, Close>;
  Stream OpenDir(const std::string& path) {
    Stream stream(opendir(path.c_str()));
    EXPECT_NE(stream, nullptr) << std::strerror(errno);
    return stream;
  }
  std::multiset<std::string> Names(DIR* stream) {
    std::multiset<std::string> names;
    while (const dirent* entry = readdir(stream)) names.insert(entry->d_name);
    return names;
  }
  void MakeFiles(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_SYS(mknod(Path("f" + std::to_string(i)).c_str(), S_IFREG | 0644, 0));
    }
  }
};

TEST_F(Directories, EmptyOneHasTheTwoDots) {
  EXPECT_EQ(Names(OpenDir(dir()).get()), (std::multiset<std::string>{".", ".."}));
}

TEST_F(Directories, EntriesTellInodeAndType) {
  WriteFile(Path("file"), "");
  ASSERT_SYS(mkdir(Path("dir").c_str(), 0755));
  ASSERT_SYS(symlink("x", Path("link").c_str()));
  ASSERT_SYS(mkfifo(Path("fifo").c_str(), 0644));
  std::map<std::string, unsigned char> expected = {{".", DT_DIR},    {"..", DT_DIR},
                                                   {"file", DT_REG}, {"dir", DT_DIR},
                                                   {"link", DT_LNK}, {"fifo", DT_FIFO}};
  Stream stream = OpenDir(dir());
  size_t count = 0;
  while (const dirent* entry = readdir(stream.get())) {
    ++count;
    ASSERT_TRUE(expected.count(entry->d_name)) << entry->d_name;
    EXPECT_EQ(entry->d_type, expected[entry->d_name]) << entry->d_name;
    EXPECT_EQ(entry->d_ino, LStat(Path(entry->d_name)).st_ino) << entry->d_name;
  }
  EXPECT_EQ(count, expected.size());
}

TEST_F(Directories, RootListsContainers) {
  std::multiset<std::string> names = Names(OpenDir(Root()).get());
  EXPECT_EQ(names.count("c1"), 1u);
  EXPECT_EQ(names.count("c2"), 1u);
  EXPECT_EQ(names.count("."), 1u);
  EXPECT_EQ(names.count(".."), 1u);
}

TEST_F(Directories, TellAndSeekReturnToTheSameEntry) {
  MakeFiles(1000);
  Stream stream = OpenDir(dir());
  std::vector<std::pair<long, std::string>> places;
  for (;;) {
    long place = telldir(stream.get());
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    places.emplace_back(place, entry->d_name);
  }
  ASSERT_EQ(places.size(), 1002u);
  for (size_t i = 0; i < places.size(); i += 37) {
    seekdir(stream.get(), places[i].first);
    const dirent* entry = readdir(stream.get());
    ASSERT_NE(entry, nullptr);
    EXPECT_EQ(entry->d_name, places[i].second);
  }
  rewinddir(stream.get());
  EXPECT_EQ(Names(stream.get()).size(), 1002u);
}

TEST_F(Directories, RewindSeesNewEntries) {
  Stream stream = OpenDir(dir());
  EXPECT_EQ(Names(stream.get()).size(), 2u);
  WriteFile(Path("new"), "");
  rewinddir(stream.get());
  EXPECT_EQ(Names(stream.get()).count("new"), 1u);
}

TEST_F(Directories, ListedAttributesAreRight) {
  MakeFiles(50);
  for (int i = 0; i < 50; ++i) WriteFile(Path("f" + std::to_string(i)), std::string(i, 'x'));
  ASSERT_SYS(link(Path("f7").c_str(), Path("second").c_str()));
  DropCaches();
  Names(OpenDir(dir()).get());  // brings the attributes along
  for (int i = 0; i < 50; ++i) {
    struct stat st = Stat(Path("f" + std::to_string(i)));
    EXPECT_EQ(st.st_size, i);
    EXPECT_EQ(st.st_nlink, i == 7 ? 2u : 1u);
  }
}

// While files come and go, those that stay are listed exactly once.
TEST_F(Directories, ReadingWhileOthersChangeMissesNothingThatStays) {
  MakeFiles(2000);
  std::atomic<bool> done{false};
  std::thread changer([&] {
    for (int i = 0; !done; i = (i + 2) % 2000) {
      std::string path = Path("f" + std::to_string(i));  // even ones go and come back
      unlink(path.c_str());
      close(open(path.c_str(), O_CREAT | O_WRONLY, 0644));
      Move(path, Path("renamed"));
      Move(Path("renamed"), path);
    }
  });
  for (int turn = 0; turn < 15; ++turn) {
    std::multiset<std::string> names = Names(OpenDir(dir()).get());
    for (int i = 1; i < 2000; i += 2) {
      EXPECT_EQ(names.count("f" + std::to_string(i)), 1u) << i;
    }
    EXPECT_EQ(names.count("."), 1u);
  }
  done = true;
  changer.join();
}

TEST_F(Directories, HundredThousandEntriesListedWhileBeingDeleted) {
  constexpr int kFiles = 100'000;
  MakeFiles(kFiles);
  EXPECT_EQ(Names(OpenDir(dir()).get()).size(), size_t{kFiles} + 2);
  std::thread deleter([&] {
    for (int i = 0; i < kFiles; i += 2) EXPECT_SYS(unlink(Path("f" + std::to_string(i)).c_str()));
  });
  for (int turn = 0; turn < 3; ++turn) {
    std::multiset<std::string> names = Names(OpenDir(dir()).get());
    int missing = 0;
    for (int i = 1; i < kFiles; i += 2) missing += names.count("f" + std::to_string(i)) != 1;
    EXPECT_EQ(missing, 0);
  }
  deleter.join();
  EXPECT_EQ(Names(OpenDir(dir()).get()).size(), size_t{kFiles} / 2 + 2);
  // As rm -r does it: delete while reading.
  Stream stream = OpenDir(dir());
  while (const dirent* entry = readdir(stream.get())) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") {
      EXPECT_SYS(unlink(Path(name).c_str()));
    }
  }
  EXPECT_EQ(Names(OpenDir(dir()).get()).size(), 2u);
}

TEST_F(Directories, RemovedWorkingDirectoryIsEmptyAndClosed) {
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  ASSERT_SYS(chdir(Path("d").c_str()));
  Fd here = Open(".", O_RDONLY | O_DIRECTORY);
  ASSERT_SYS(rmdir(Path("d").c_str()));
  char name[4096];
  EXPECT_EQ(getcwd(name, sizeof name), nullptr);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_FAILS(open("new", O_CREAT | O_WRONLY, 0644), ENOENT);
  EXPECT_FAILS(mkdir("sub", 0755), ENOENT);
  struct stat st;
  ASSERT_SYS(fstat(here, &st));
  EXPECT_EQ(st.st_nlink, 0u);
  ASSERT_SYS(chdir("/"));
}

}  // namespace
}  // namespace oca::fuse_test
