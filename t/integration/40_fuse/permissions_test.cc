// What users may do: modes, the sticky bit, POSIX ACLs.
#include <sys/xattr.h>

#include "lib/base/coding.h"
#include "t/integration/40_fuse/mounted.h"

namespace oca::fuse_test {
namespace {

constexpr char kAccess[] = "system.posix_acl_access";
constexpr char kDefault[] = "system.posix_acl_default";
enum Tag : uint16_t { kUserObj = 1, kUser = 2, kGroupObj = 4, kGroup = 8, kMask = 16, kOther = 32 };

struct AclEntry {
  Tag tag;
  uint16_t permissions;
  uint32_t id = 0xffffffff;
};

// acl(5) as an extended attribute: version 2, then tag, permissions and id of each entry.
std::string Acl(std::initializer_list<AclEntry> entries) {
  std::string bytes;
  PutLe<uint32_t>(&bytes, 2);
  for (const AclEntry& entry : entries) {
    PutLe<uint16_t>(&bytes, entry.tag);
    PutLe<uint16_t>(&bytes, entry.permissions);
    PutLe<uint32_t>(&bytes, entry.id);
  }
  return bytes;
}

class Permissions : public Mounted {
 protected:
  int TryOpen(const std::string& name, int flags, uid_t uid = kNobody) {
    std::string path = Path(name);
    return ErrnoAs(uid, uid, [&] { return open(path.c_str(), flags, 0644); });
  }
  int SetAcl(const std::string& path, const char* kind, const std::string& acl) {
    return setxattr(path.c_str(), kind, acl.data(), acl.size(), 0);
  }
  std::string GetAcl(const std::string& path, const char* kind) {
    char value[1024];
    ssize_t n = getxattr(path.c_str(), kind, value, sizeof value);
    return n < 0 ? "" : std::string(value, static_cast<size_t>(n));
  }
};

TEST_F(Permissions, ModesDecideForOtherUsers) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(chmod(Path("f").c_str(), 0600));
  EXPECT_EQ(TryOpen("f", O_RDONLY), EACCES);
  ASSERT_SYS(chmod(Path("f").c_str(), 0604));
  EXPECT_EQ(TryOpen("f", O_RDONLY), 0);
  EXPECT_EQ(TryOpen("f", O_WRONLY), EACCES);
  EXPECT_EQ(TryOpen("new", O_WRONLY | O_CREAT), EACCES);
  ASSERT_SYS(chmod(dir().c_str(), 0700));
  EXPECT_EQ(TryOpen("f", O_RDONLY), EACCES);
  ASSERT_SYS(chmod(dir().c_str(), 0755));
}

TEST_F(Permissions, GroupsCountToo) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(chown(Path("f").c_str(), 0, 4242));
  ASSERT_SYS(chmod(Path("f").c_str(), 0640));
  std::string path = Path("f");
  auto read = [&] { return open(path.c_str(), O_RDONLY); };
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, read), EACCES);
  EXPECT_EQ(ErrnoAs(kNobody, 4242, read), 0);
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, read, {17, 4242}), 0);
}

TEST_F(Permissions, FilesBelongToTheCaller) {
  ASSERT_SYS(chmod(dir().c_str(), 0777));
  EXPECT_EQ(TryOpen("f", O_WRONLY | O_CREAT), 0);
  EXPECT_EQ(Stat(Path("f")).st_uid, kNobody);
  EXPECT_EQ(Stat(Path("f")).st_gid, kNobody);
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return mkdir(Path("d").c_str(), 0750); }), 0);
  EXPECT_EQ(Stat(Path("d")).st_uid, kNobody);
  EXPECT_EQ(Stat(Path("d")).st_mode & 07777, 0750u);
}

TEST_F(Permissions, OnlyOwnersChangeAttributes) {
  WriteFile(Path("f"), "x");
  std::string path = Path("f");
  ASSERT_SYS(chmod(path.c_str(), 0666));
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return chmod(path.c_str(), 0777); }), EPERM);
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return chown(path.c_str(), kNobody, 0); }), EPERM);
  timespec times[2] = {{1, 0}, {2, 0}};
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return utimensat(AT_FDCWD, path.c_str(), times, 0); }),
            EPERM);
  // Who may write may touch.
  EXPECT_EQ(
      ErrnoAs(kNobody, kNobody, [&] { return utimensat(AT_FDCWD, path.c_str(), nullptr, 0); }), 0);
  ASSERT_SYS(chown(path.c_str(), kNobody, kNobody));
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return chmod(path.c_str(), 0700); }), 0);
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return chown(path.c_str(), 0, -1); }), EPERM);
}

TEST_F(Permissions, ChmodByAStrangerToTheGroupDropsSetGid) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(chown(Path("f").c_str(), kNobody, 4242));
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return chmod(Path("f").c_str(), 02755); }), 0);
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 0755u);
}

TEST_F(Permissions, StickyDirectoriesProtectOthersFiles) {
  ASSERT_SYS(chmod(dir().c_str(), 01777));
  WriteFile(Path("mine"), "x");
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return unlink(Path("mine").c_str()); }), EPERM);
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return Move(Path("mine"), Path("x")); }), EPERM);
  EXPECT_EQ(TryOpen("theirs", O_WRONLY | O_CREAT), 0);
  EXPECT_EQ(ErrnoAs(kSomebody, kSomebody, [&] { return unlink(Path("theirs").c_str()); }), EPERM);
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return unlink(Path("theirs").c_str()); }), 0);
}

TEST_F(Permissions, DeletingNeedsTheDirectoryNotTheFile) {
  WriteFile(Path("f"), "x");
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return unlink(Path("f").c_str()); }), EACCES);
  ASSERT_SYS(chmod(dir().c_str(), 0777));
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, [&] { return unlink(Path("f").c_str()); }), 0);
}

TEST_F(Permissions, AclGivesANamedUserMore) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(chmod(Path("f").c_str(), 0600));
  std::string acl =
      Acl({{kUserObj, 6}, {kUser, 6, kNobody}, {kGroupObj, 0}, {kMask, 6}, {kOther, 0}});
  ASSERT_SYS(SetAcl(Path("f"), kAccess, acl));
  EXPECT_EQ(GetAcl(Path("f"), kAccess), acl);
  EXPECT_EQ(TryOpen("f", O_RDWR), 0);
  EXPECT_EQ(TryOpen("f", O_RDONLY, kSomebody), EACCES);
  // The group bits of the mode are the mask.
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 0660u);
  ASSERT_SYS(chmod(Path("f").c_str(), 0640));
  EXPECT_EQ(TryOpen("f", O_RDWR), EACCES);
  EXPECT_EQ(TryOpen("f", O_RDONLY), 0);
  EXPECT_EQ(GetAcl(Path("f"), kAccess),
            Acl({{kUserObj, 6}, {kUser, 6, kNobody}, {kGroupObj, 0}, {kMask, 4}, {kOther, 0}}));
  DropCaches();
  EXPECT_EQ(TryOpen("f", O_RDWR), EACCES);
  ASSERT_SYS(removexattr(Path("f").c_str(), kAccess));
  EXPECT_EQ(TryOpen("f", O_RDONLY), EACCES);
}

TEST_F(Permissions, AclCanDenyAndCountsGroups) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(SetAcl(Path("f"), kAccess,
                    Acl({{kUserObj, 6},
                         {kUser, 0, kNobody},
                         {kGroupObj, 0},
                         {kGroup, 4, kSomebody},
                         {kMask, 4},
                         {kOther, 4}})));
  EXPECT_EQ(TryOpen("f", O_RDONLY), EACCES);
  EXPECT_EQ(TryOpen("f", O_RDONLY, kSomebody), 0);
  EXPECT_EQ(TryOpen("f", O_RDONLY, 999), 0);
}

TEST_F(Permissions, AclThatSaysNoMoreThanTheModeBecomesTheMode) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(SetAcl(Path("f"), kAccess, Acl({{kUserObj, 7}, {kGroupObj, 5}, {kOther, 1}})));
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 0751u);
}

TEST_F(Permissions, DefaultAclIsInherited) {
  std::string acl =
      Acl({{kUserObj, 7}, {kUser, 7, kNobody}, {kGroupObj, 5}, {kMask, 7}, {kOther, 0}});
  ASSERT_SYS(mkdir(Path("d").c_str(), 0755));
  ASSERT_SYS(SetAcl(Path("d"), kDefault, acl));
  mode_t old = umask(077);  // without effect under a default ACL
  WriteFile(Path("d/f"), "x");
  EXPECT_SYS(mkdir(Path("d/e").c_str(), 0777));
  umask(old);
  EXPECT_EQ(GetAcl(Path("d/e"), kDefault), acl);
  EXPECT_EQ(GetAcl(Path("d/e"), kAccess), acl);
  EXPECT_EQ(Stat(Path("d/e")).st_mode & 07777, 0770u);
  // Made with 0644: the mask is cut to rw by the mode's group bits.
  EXPECT_EQ(Stat(Path("d/f")).st_mode & 07777, 0640u);
  EXPECT_EQ(TryOpen("d/f", O_RDONLY), 0);
  EXPECT_EQ(TryOpen("d/f", O_RDWR), EACCES);
  EXPECT_EQ(TryOpen("d/e/new", O_WRONLY | O_CREAT), 0);
  ASSERT_SYS(removexattr(Path("d").c_str(), kDefault));
  WriteFile(Path("d/g"), "x");
  EXPECT_EQ(GetAcl(Path("d/g"), kAccess), "");
  EXPECT_EQ(Stat(Path("d/g")).st_mode & 07777, 0644u);
}

TEST_F(Permissions, BadAclsAreRefused) {
  WriteFile(Path("f"), "x");
  EXPECT_FAILS(SetAcl(Path("f"), kAccess, "junk"), EOPNOTSUPP);  // no version that it knows
  EXPECT_FAILS(SetAcl(Path("f"), kAccess, Acl({{kUserObj, 7}})), EINVAL);
  EXPECT_FAILS(SetAcl(Path("f"), kDefault, Acl({{kUserObj, 7}, {kGroupObj, 5}, {kOther, 1}})),
               EACCES);
  EXPECT_EQ(
      ErrnoAs(
          kNobody, kNobody,
          [&] {
            return SetAcl(Path("f"), kAccess, Acl({{kUserObj, 7}, {kGroupObj, 5}, {kOther, 7}}));
          }),
      EPERM);
}

TEST_F(Permissions, AclByAStrangerToTheGroupDropsSetGid) {
  WriteFile(Path("f"), "x");
  ASSERT_SYS(chown(Path("f").c_str(), kNobody, 4242));
  ASSERT_SYS(chmod(Path("f").c_str(), 02755));
  std::string acl = Acl({{kUserObj, 7}, {kGroupObj, 5}, {kOther, 5}});
  const auto set = [&] { return SetAcl(Path("f"), kAccess, acl); };
  EXPECT_EQ(ErrnoAs(kNobody, 4242, set), 0);
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 02755u);
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, set, {17, 4242}), 0);
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 02755u);
  EXPECT_EQ(ErrnoAs(kNobody, kNobody, set, {17}), 0);
  EXPECT_EQ(Stat(Path("f")).st_mode & 07777, 0755u);
}

}  // namespace
}  // namespace oca::fuse_test
