// Making and removing names.
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <set>

#include "t/integration/40_fuse/mounted.h"

namespace oca::fuse_test {
namespace {

using Names = Mounted;

TEST_F(Names, FileIsThereWithWhatWasWritten) {
  WriteFile(Path("f"), "hello");
  EXPECT_EQ(ReadFile(Path("f")), "hello");
  EXPECT_TRUE(S_ISREG(Stat(Path("f")).st_mode));
}

TEST_F(Names, CreateExclusiveFailsWhenThere) {
  WriteFile(Path("f"), "");
  EXPECT_FAILS(open(Path("f").c_str(), O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
  ASSERT_SYS(symlink("nowhere", Path("l").c_str()));
  EXPECT_FAILS(open(Path("l").c_str(), O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
}

TEST_F(Names, MissingNamesStayMissingUntilMade) {
  EXPECT_FAILS(access(Path("f").c_str(), F_OK), ENOENT);
  EXPECT_FAILS(access(Path("f").c_str(), F_OK), ENOENT);  // the kernel remembers
  WriteFile(Path("f"), "x");
  EXPECT_SYS(access(Path("f").c_str(), F_OK));
  ASSERT_SYS(unlink(Path("f").c_str()));
  EXPECT_FAILS(access(Path("f").c_str(), F_OK), ENOENT);
  ASSERT_SYS(mkdir(Path("f").c_str(), 0755));
  EXPECT_TRUE(S_ISDIR(Stat(Path("f")).st_mode));
}

TEST_F(Names, PathThroughWhatIsNoDirectoryFails) {
  WriteFile(Path("f"), "");
  EXPECT_FAILS(open(Path("f/x").c_str(), O_RDONLY), ENOTDIR);
  EXPECT_FAILS(mkdir(Path("f/x").c_str(), 0755), ENOTDIR);
  EXPECT_FAILS(mkdir(Path("none/x").c_str(), 0755), ENOENT);
  EXPECT_FAILS(open(Path("f").c_str(), O_RDONLY | O_DIRECTORY), ENOTDIR);
}

TEST_F(Names, NameOf255BytesWorksAndOf256Fails) {
  std::string longest(255, 'n');
  std::string too_long(256, 'n');
  WriteFile(Path(longest), "x");
  EXPECT_EQ(ReadFile(Path(longest)), "x");
  EXPECT_FAILS(open(Path(too_long).c_str(), O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
  EXPECT_FAILS(mkdir(Path(too_long).c_str(), 0755), ENAMETOOLONG);
  EXPECT_FAILS(symlink("x", Path(too_long).c_str()), ENAMETOOLONG);
  EXPECT_FAILS(link(Path(longest).c_str(), Path(too_long).c_str()), ENAMETOOLONG);
  EXPECT_FAILS(Move(Path(longest), Path(too_long)), ENAMETOOLONG);
}

TEST_F(Names, NamesAreBytes) {
  for (const char* name : {"\xff\xfe", "new\nline", " ", "...", "\x01", "a\\b", "\xc3\xa9"}) {
    WriteFile(Path(name), name);
    EXPECT_EQ(ReadFile(Path(name)), name);
  }
}

TEST_F(Names, PathOf4095BytesWorksAndOf4096Fails) {
  std::string path = dir();
  while (path.size() + 201 < 4095 - 1) {
    path += "/" + std::string(200, 'd');
    ASSERT_SYS(mkdir(path.c_str(), 0755)) << path.size();
  }
  std::string file = path + "/" + std::string(4095 - path.size() - 1, 'f');
  ASSERT_EQ(file.size(), 4095u);
  WriteFile(file, "deep");
  EXPECT_EQ(ReadFile(file), "deep");
  EXPECT_FAILS(access((file + "f").c_str(), F_OK), ENAMETOOLONG);
}

TEST_F(Names, MkdirMakesAnEmptyDirectory) {
  nlink_t before = Stat(dir()).st_nlink;
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  EXPECT_EQ(Stat(Path("d")).st_nlink, 2u);
  EXPECT_EQ(Stat(dir()).st_nlink, before + 1);
  EXPECT_FAILS(mkdir(Path("d").c_str(), 0755), EEXIST);
  WriteFile(Path("f"), "");
  EXPECT_FAILS(mkdir(Path("f").c_str(), 0755), EEXIST);
  ASSERT_SYS(rmdir(Path("d").c_str()));
  EXPECT_EQ(Stat(dir()).st_nlink, before);
}

TEST_F(Names, RmdirRefusesWhatIsNotAnEmptyDirectory) {
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  WriteFile(Path("d/f"), "");
  EXPECT_FAILS(rmdir(Path("d").c_str()), ENOTEMPTY);
  EXPECT_FAILS(rmdir(Path("d/f").c_str()), ENOTDIR);
  EXPECT_FAILS(rmdir(Path("none").c_str()), ENOENT);
  EXPECT_FAILS(rmdir(Path("d/.").c_str()), EINVAL);
  EXPECT_FAILS(rmdir(Path("d/..").c_str()), ENOTEMPTY);
}

TEST_F(Names, UnlinkRefusesDirectories) {
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  EXPECT_FAILS(unlink(Path("d").c_str()), EISDIR);
  EXPECT_FAILS(unlink(Path("none").c_str()), ENOENT);
}

TEST_F(Names, SymlinkHoldsItsTarget) {
  std::string target(4095, 't');
  ASSERT_SYS(symlink(target.c_str(), Path("long").c_str()));
  ASSERT_SYS(symlink("f", Path("short").c_str()));
  WriteFile(Path("f"), "through");
  char buffer[5000];
  ASSERT_EQ(readlink(Path("long").c_str(), buffer, sizeof buffer), 4095);
  EXPECT_EQ(std::string(buffer, 4095), target);
  EXPECT_EQ(LStat(Path("short")).st_size, 1);
  EXPECT_EQ(LStat(Path("short")).st_mode, S_IFLNK | 0777u);
  EXPECT_EQ(ReadFile(Path("short")), "through");
  EXPECT_FAILS(symlink("x", Path("short").c_str()), EEXIST);
  EXPECT_FAILS(readlink(Path("f").c_str(), buffer, sizeof buffer), EINVAL);
  ASSERT_SYS(symlink("loop", Path("loop").c_str()));
  EXPECT_FAILS(open(Path("loop").c_str(), O_RDONLY), ELOOP);
  EXPECT_FAILS(open(Path("short").c_str(), O_RDONLY | O_NOFOLLOW), ELOOP);
}

TEST_F(Names, LinkSharesTheInodeAndItsCountIsNeverStale) {
  WriteFile(Path("a"), "one");
  ASSERT_SYS(link(Path("a").c_str(), Path("b").c_str()));
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  ASSERT_SYS(link(Path("b").c_str(), Path("d/c").c_str()));
  for (const char* name : {"a", "b", "d/c"}) EXPECT_EQ(Stat(Path(name)).st_nlink, 3u) << name;
  EXPECT_EQ(Stat(Path("a")).st_ino, Stat(Path("d/c")).st_ino);
  WriteFile(Path("b"), "other");
  EXPECT_EQ(ReadFile(Path("a")), "other");
  ASSERT_SYS(unlink(Path("b").c_str()));
  EXPECT_EQ(Stat(Path("a")).st_nlink, 2u);
  EXPECT_EQ(Stat(Path("d/c")).st_nlink, 2u);
  WriteFile(Path("e"), "");
  ASSERT_SYS(Move(Path("e"), Path("a")));  // takes a name away
  EXPECT_EQ(Stat(Path("d/c")).st_nlink, 1u);
  EXPECT_EQ(ReadFile(Path("d/c")), "other");
}

TEST_F(Names, LinkCountsStayRightInAnyOrder) {
  WriteFile(Path("f0"), "");
  for (int i = 1; i < 200; ++i) {
    ASSERT_SYS(link(Path("f0").c_str(), Path("f" + std::to_string(i)).c_str()));
    ASSERT_EQ(Stat(Path("f" + std::to_string(i / 2))).st_nlink, static_cast<nlink_t>(i + 1));
  }
  for (int i = 0; i < 199; ++i) {
    ASSERT_SYS(unlink(Path("f" + std::to_string(i)).c_str()));
    ASSERT_EQ(Stat(Path("f199")).st_nlink, static_cast<nlink_t>(199 - i));
  }
}

TEST_F(Names, LinkRefusesDirectoriesOthersNamesAndOtherContainers) {
  WriteFile(Path("f"), "");
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  EXPECT_FAILS(link(Path("d").c_str(), Path("x").c_str()), EPERM);
  EXPECT_FAILS(link(Path("f").c_str(), Path("d").c_str()), EEXIST);
  EXPECT_FAILS(link(Path("none").c_str(), Path("x").c_str()), ENOENT);
  EXPECT_FAILS(link(Path("f").c_str(), (other() + "/x").c_str()), EXDEV);
}

TEST_F(Names, LinkToSymlinkItself) {
  ASSERT_SYS(symlink("t", Path("l").c_str()));
  ASSERT_SYS(link(Path("l").c_str(), Path("m").c_str()));
  EXPECT_EQ(LStat(Path("m")).st_nlink, 2u);
  EXPECT_TRUE(S_ISLNK(LStat(Path("m")).st_mode));
}

TEST_F(Names, FifoCarriesBytes) {
  ASSERT_SYS(mkfifo(Path("p").c_str(), 0644));
  EXPECT_TRUE(S_ISFIFO(Stat(Path("p")).st_mode));
  Fd both = Open(Path("p"), O_RDWR);
  ASSERT_EQ(write(both, "xyz", 3), 3);
  char text[3];
  ASSERT_EQ(read(both, text, 3), 3);
  EXPECT_EQ(std::string(text, 3), "xyz");
}

TEST_F(Names, SocketCanBeBoundAndReached) {
  // The address holds 107 bytes: bind from inside.
  ASSERT_SYS(chdir(dir().c_str()));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  address.sun_path[0] = 's';
  Fd server(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_SYS(bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address));
  ASSERT_SYS(listen(server, 1));
  Fd client(socket(AF_UNIX, SOCK_STREAM, 0));
  EXPECT_SYS(connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address));
  ASSERT_SYS(chdir("/"));
  EXPECT_TRUE(S_ISSOCK(Stat(Path("s")).st_mode));
}

TEST_F(Names, DeviceNodesAreKeptButCannotBeOpened) {
  ASSERT_SYS(mknod(Path("null").c_str(), S_IFCHR | 0666, makedev(1, 3)));
  struct stat st = Stat(Path("null"));
  EXPECT_TRUE(S_ISCHR(st.st_mode));
  EXPECT_EQ(st.st_rdev, makedev(1, 3));
  EXPECT_FAILS(open(Path("null").c_str(), O_RDONLY), EACCES);
  ASSERT_SYS(mknod(Path("disk").c_str(), S_IFBLK | 0600, makedev(259, 70000)));
  EXPECT_EQ(Stat(Path("disk")).st_rdev, makedev(259, 70000));
  ASSERT_SYS(mknod(Path("plain").c_str(), S_IFREG | 0600, 0));
  EXPECT_EQ(Stat(Path("plain")).st_mode, S_IFREG | 0600u);
}

TEST_F(Names, NothingIsMadeOrRemovedBesideContainers) {
  EXPECT_FAILS(mkdir((Root() + "/new").c_str(), 0755), EPERM);
  EXPECT_FAILS(open((Root() + "/file").c_str(), O_CREAT | O_WRONLY, 0644), EPERM);
  EXPECT_FAILS(symlink("x", (Root() + "/l").c_str()), EPERM);
  EXPECT_EQ(rmdir((Root() + "/c2").c_str()), -1);
  EXPECT_EQ(Move(Root() + "/c2", Root() + "/c3"), -1);
  EXPECT_TRUE(S_ISDIR(Stat(Root() + "/c2").st_mode));
}

TEST_F(Names, InodeNumbersAreNotUsedAgain) {
  std::set<ino_t> seen;
  for (int i = 0; i < 100; ++i) {
    WriteFile(Path("f"), "");
    EXPECT_TRUE(seen.insert(Stat(Path("f")).st_ino).second);
    ASSERT_SYS(unlink(Path("f").c_str()));
  }
}

TEST_F(Names, UnnamedFilesAreNotSupported) {
  EXPECT_FAILS(open(dir().c_str(), O_TMPFILE | O_RDWR, 0600), EOPNOTSUPP);
}

}  // namespace
}  // namespace oca::fuse_test
