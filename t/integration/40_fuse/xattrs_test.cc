// Extended attributes.
#include <sys/xattr.h>

#include <algorithm>
#include <vector>

#include "t/integration/40_fuse/mounted.h"

namespace oca::fuse_test {
namespace {

class Xattrs : public Mounted {
 protected:
  void SetUp() override {
    Mounted::SetUp();
    WriteFile(Path("f"), "x");
    file_ = Path("f");
  }
  int Set(const std::string& name, const std::string& value, int flags = 0) {
    return setxattr(file_.c_str(), name.c_str(), value.data(), value.size(), flags);
  }
  std::string Get(const std::string& path, const std::string& name) {
    std::string value(70'000, '\0');
    ssize_t n = getxattr(path.c_str(), name.c_str(), value.data(), value.size());
    EXPECT_GE(n, 0) << name << ": " << std::strerror(errno);
    value.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return value;
  }
  static std::vector<std::string> Split(const char* list, ssize_t size) {
    std::vector<std::string> names;
    for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(names.back().size()) + 1) {
      names.emplace_back(list + at);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::string file_;
};

TEST_F(Xattrs, SetGetListRemove) {
  ASSERT_SYS(Set("user.a", "1"));
  ASSERT_SYS(Set("trusted.b", "2"));
  ASSERT_SYS(Set("security.c", "3"));
  ASSERT_SYS(Set("user.empty", ""));
  EXPECT_EQ(Get(file_, "user.a"), "1");
  EXPECT_EQ(Get(file_, "trusted.b"), "2");
  EXPECT_EQ(Get(file_, "security.c"), "3");
  EXPECT_EQ(Get(file_, "user.empty"), "");
  char list[200];
  ssize_t size = listxattr(file_.c_str(), list, sizeof list);
  EXPECT_EQ(Split(list, size),
            (std::vector<std::string>{"security.c", "trusted.b", "user.a", "user.empty"}));
  ASSERT_SYS(removexattr(file_.c_str(), "user.a"));
  EXPECT_FAILS(removexattr(file_.c_str(), "user.a"), ENODATA);
  EXPECT_FAILS(getxattr(file_.c_str(), "user.a", list, sizeof list), ENODATA);
}

TEST_F(Xattrs, CreateAndReplaceFlags) {
  EXPECT_FAILS(Set("user.a", "1", XATTR_REPLACE), ENODATA);
  ASSERT_SYS(Set("user.a", "1", XATTR_CREATE));
  EXPECT_FAILS(Set("user.a", "2", XATTR_CREATE), EEXIST);
  ASSERT_SYS(Set("user.a", "2", XATTR_REPLACE));
  EXPECT_EQ(Get(file_, "user.a"), "2");
}

TEST_F(Xattrs, SizesAreProbedAndChecked) {
  ASSERT_SYS(Set("user.a", "12345"));
  EXPECT_EQ(getxattr(file_.c_str(), "user.a", nullptr, 0), 5);
  char small[4], exact[5];
  EXPECT_FAILS(getxattr(file_.c_str(), "user.a", small, sizeof small), ERANGE);
  EXPECT_EQ(getxattr(file_.c_str(), "user.a", exact, sizeof exact), 5);
  EXPECT_EQ(listxattr(file_.c_str(), nullptr, 0), 7);
  EXPECT_FAILS(listxattr(file_.c_str(), small, sizeof small), ERANGE);
}

TEST_F(Xattrs, LimitsAreThoseOfLinux) {
  std::string name = "user." + std::string(250, 'n');
  std::string value = RandomBytes(65536, 3);
  ASSERT_SYS(Set(name, value));
  EXPECT_TRUE(Get(file_, name) == value);
  EXPECT_FAILS(Set(name + "n", "x"), ERANGE);
  EXPECT_FAILS(Set("user.big", std::string(65537, 'x')), E2BIG);
}

TEST_F(Xattrs, UnknownNamespacesAreNotSupported) {
  EXPECT_FAILS(Set("system.other", "x"), EOPNOTSUPP);
  EXPECT_FAILS(Set("nonsense", "x"), EOPNOTSUPP);
  char value[10];
  EXPECT_FAILS(getxattr(file_.c_str(), "system.nfs4_acl", value, sizeof value), EOPNOTSUPP);
}

TEST_F(Xattrs, StayWithTheInode) {
  ASSERT_SYS(Set("user.a", "kept"));
  ASSERT_SYS(link(file_.c_str(), Path("g").c_str()));
  ASSERT_SYS(Move(file_, Path("h")));
  EXPECT_EQ(Get(Path("g"), "user.a"), "kept");
  DropCaches();
  EXPECT_EQ(Get(Path("h"), "user.a"), "kept");
  WriteFile(Path("h"), "rewritten");
  EXPECT_EQ(Get(Path("h"), "user.a"), "kept");
}

TEST_F(Xattrs, DirectoriesAndSymlinksHaveThemToo) {
  ASSERT_SYS(setxattr(dir().c_str(), "user.d", "1", 1, 0));
  EXPECT_EQ(Get(dir(), "user.d"), "1");
  ASSERT_SYS(symlink("f", Path("l").c_str()));
  ASSERT_SYS(lsetxattr(Path("l").c_str(), "trusted.l", "1", 1, 0));
  char value[4];
  EXPECT_EQ(lgetxattr(Path("l").c_str(), "trusted.l", value, sizeof value), 1);
  EXPECT_FAILS(lsetxattr(Path("l").c_str(), "user.l", "1", 1, 0), EPERM);
}

TEST_F(Xattrs, TrustedOnesAreRootsAlone) {
  ASSERT_SYS(Set("trusted.t", "1"));
  ASSERT_SYS(Set("user.u", "1"));
  EXPECT_EQ(ErrnoAs(kNobody, kNobody,
                    [&] {
                      char list[100];
                      ssize_t size = listxattr(file_.c_str(), list, sizeof list);
                      return Split(list, size) == std::vector<std::string>{"user.u"} ? 0 : -1;
                    }),
            0);
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return setxattr(file_.c_str(), "user.u", "2", 1, 0); }),
            EACCES);
}

}  // namespace
}  // namespace oca::fuse_test
