// A recycle bin as processes on the mount see it: not at all, until something comes back.
#include <fcntl.h>

#include <filesystem>

#include "fmt/format.h"
#include "t/integration/40_fuse/mounted.h"
#include "t/support/status_matchers.h"

namespace oca::fuse_test {
namespace {

class RecycleBin : public Mounted {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Mounted::SetUp());
    static int number = 0;
    engine::Container container;
    container.name = fmt::format("bin{}", ++number);
    container.group = Engine().ListGroups()[0].id;
    ASSERT_OK_AND_ASSIGN(container, Engine().AddContainer(container));
    id_ = container.id;
    top_ = Root() + "/" + container.name;
    Engine().SetAttributesListener([](InodeNo ino) { Session().InvalidateAttributes(ino); });
    Engine().SetNamesListener(
        [](InodeNo parent, const std::string& name) { Session().InvalidateEntry(parent, name); });
    ASSERT_OK(Engine().SetRecycleBin(id_, {.on = true, .days = 7}));
  }
  void TearDown() override {
    Engine().SetAttributesListener(nullptr);
    Engine().SetNamesListener(nullptr);
    Mounted::TearDown();
  }
  std::string In(std::string_view name) { return top_ + "/" + std::string(name); }
  InodeNo VersionOf(std::string_view path) {
    auto bin = Engine().ListRecycled(id_, {}, 1000);
    EXPECT_OK(bin);
    for (const engine::RecycledVersion& version : *bin) {
      if (version.path == path) return version.place.ino;
    }
    return InodeNo();
  }

  ContainerId id_;
  std::string top_;
};

TEST_F(RecycleBin, WhatComesBackIsSeenAtOnceWhereItWasMissed) {
  ASSERT_SYS(mkdir(In("d").c_str(), 0711));
  WriteFile(In("d/f"), "contents");
  ASSERT_SYS(unlink(In("d/f").c_str()));
  EXPECT_FAILS(access(In("d/f").c_str(), F_OK), ENOENT);  // which the kernel remembers
  ASSERT_SYS(rmdir(In("d").c_str()));
  EXPECT_FAILS(access(In("d").c_str(), F_OK), ENOENT);
  EXPECT_TRUE(std::filesystem::is_empty(top_));
  const InodeNo version = VersionOf("d/f");
  ASSERT_NE(version.value, 0u);
  ASSERT_OK(Engine().RestoreRecycled(id_, {.version = version}));
  EXPECT_EQ(ReadFile(In("d/f")), "contents");
  EXPECT_EQ(Stat(In("d")).st_mode & 07777, 0711u);
  EXPECT_EQ(Stat(In("d/f")).st_nlink, 1u);
}

TEST_F(RecycleBin, OpenFileIsOutOfReachAndComesBackWithAName) {
  WriteFile(In("f"), "one");
  Fd fd = Open(In("f"), O_RDWR);
  ASSERT_SYS(unlink(In("f").c_str()));
  struct stat st;
  ASSERT_SYS(fstat(fd, &st));
  EXPECT_EQ(st.st_nlink, 0u);
  // Not even a process that has it open can name it again.
  EXPECT_FAILS(linkat(AT_FDCWD, fmt::format("/proc/self/fd/{}", int{fd}).c_str(), AT_FDCWD,
                      In("again").c_str(), AT_SYMLINK_FOLLOW),
               ENOENT);
  ASSERT_EQ(pwrite(fd, "two", 3, 0), 3);
  ASSERT_SYS(fsync(fd));
  ASSERT_OK(Engine().RestoreRecycled(id_, {.version = VersionOf("f")}));
  EXPECT_EQ(ReadFile(In("f")), "two");
  ASSERT_SYS(fstat(fd, &st));
  EXPECT_EQ(st.st_nlink, 1u);
}

TEST_F(RecycleBin, RenameOverAFileKeepsTheOldOne) {
  WriteFile(In("f"), "old");
  WriteFile(In("f.tmp"), "new");
  std::filesystem::rename(In("f.tmp"), In("f"));
  EXPECT_EQ(ReadFile(In("f")), "new");
  ASSERT_OK(Engine().RestoreRecycled(id_, {.version = VersionOf("f"), .to = "f.old"}));
  EXPECT_EQ(ReadFile(In("f.old")), "old");
}

}  // namespace
}  // namespace oca::fuse_test
