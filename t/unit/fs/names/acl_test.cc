// POSIX ACLs: the pure functions, and ACLs kept in step with modes.
#include "fs/names/acl.h"

#include <sys/xattr.h>

#include <cerrno>

#include "lib/base/coding.h"
#include "t/unit/fs/names/fixture.h"

namespace oca::names {

void PrintTo(const AclEntry& entry, std::ostream* out) {
  *out << static_cast<int>(entry.tag) << ":" << entry.id << ":" << entry.perm;
}

namespace {

constexpr AclTag kU = AclTag::kUserObj, kNamedU = AclTag::kUser, kG = AclTag::kGroupObj,
                 kNamedG = AclTag::kGroup, kM = AclTag::kMask, kO = AclTag::kOther;

// u::rw- u:5:rwx g::r-x m::rwx o::r--
Acl Extended() { return {{kU, 6}, {kNamedU, 7, 5}, {kG, 5}, {kM, 7}, {kO, 4}}; }
Acl Minimal() { return {{kU, 6}, {kG, 4}, {kO, 0}}; }

std::string Raw(const Acl& acl) {
  std::string out;
  PutLe<uint32_t>(&out, 2);
  for (const AclEntry& entry : acl) {
    PutLe<uint16_t>(&out, static_cast<uint16_t>(entry.tag));
    PutLe<uint16_t>(&out, entry.perm);
    PutLe<uint32_t>(&out, entry.id);
  }
  return out;
}

TEST(Acl, ParsesAndFormatsLinuxsFormat) {
  const std::string bytes = FormatAcl(Extended());
  EXPECT_EQ(bytes.size(), 4u + 5 * 8);
  EXPECT_EQ(bytes.substr(0, 4), std::string("\2\0\0\0", 4));
  EXPECT_EQ(bytes.substr(4, 8), "\x01" + std::string("\0\6\0\xff\xff\xff\xff", 7));
  EXPECT_EQ(bytes.substr(12, 8), std::string("\2\0\7\0\5\0\0\0", 8));
  ASSERT_OK_AND_ASSIGN(const Acl parsed, ParseAcl(bytes));
  EXPECT_EQ(FormatAcl(parsed), bytes);
  ASSERT_EQ(parsed.size(), 5u);
  EXPECT_EQ(parsed[1].id, 5u);
  EXPECT_EQ(parsed[1].perm, 7u);
}

TEST(Acl, WithoutEntriesStandsForRemoval) {
  ASSERT_OK_AND_ASSIGN(const Acl acl, ParseAcl(std::string("\2\0\0\0", 4)));
  EXPECT_TRUE(acl.empty());
}

TEST(Acl, RefusesMalformedValues) {
  const std::string good = Raw(Extended());
  for (size_t length = 0; length < good.size(); ++length) {
    if (length == 4) continue;  // a header alone is valid
    EXPECT_ERRNO(ParseAcl(good.substr(0, length)), EINVAL) << length;
  }
  EXPECT_ERRNO(ParseAcl(good + "x"), EINVAL);
  std::string other_version = good;
  other_version[0] = 1;
  EXPECT_ERRNO(ParseAcl(other_version), EOPNOTSUPP);
}

TEST(Acl, RefusesInvalidLists) {
  const std::vector<Acl> invalid = {
      {{kU, 6}, {kG, 4}},                                              // no other
      {{kG, 4}, {kO, 4}},                                              // no user
      {{kU, 6}, {kO, 4}},                                              // no group
      {{kG, 4}, {kU, 6}, {kO, 4}},                                     // order
      {{kU, 6}, {kU, 6}, {kG, 4}, {kO, 4}},                            // twice
      {{kU, 6}, {kG, 4}, {kO, 4}, {kO, 4}},                            // twice
      {{kU, 6}, {kG, 4}, {kM, 4}, {kM, 4}, {kO, 4}},                   // twice
      {{kU, 6}, {kNamedU, 7, 5}, {kG, 4}, {kO, 4}},                    // no mask
      {{kU, 6}, {kG, 4}, {kNamedG, 7, 5}, {kO, 4}},                    // no mask
      {{kU, 6}, {kG, 4}, {kO, 8}},                                     // unknown permission
      {{kU, 6}, {kNamedU, 7, 0xffffffff}, {kG, 4}, {kM, 7}, {kO, 4}},  // no id
      {{kU, 6}, {kG, 4}, {kO, 4}, {static_cast<AclTag>(0x40), 4}},     // unknown tag
      {{static_cast<AclTag>(3), 6}, {kG, 4}, {kO, 4}},                 // two tags in one
  };
  for (size_t i = 0; i < invalid.size(); ++i) EXPECT_ERRNO(ParseAcl(Raw(invalid[i])), EINVAL) << i;
  EXPECT_OK(ParseAcl(Raw({{kU, 6}, {kG, 4}, {kM, 4}, {kO, 4}})));  // a mask alone is no harm
}

TEST(Acl, ModeShowsTheMaskAsGroupBits) {
  EXPECT_EQ(ModeOfAcl(Minimal()), 0640u);
  EXPECT_EQ(ModeOfAcl(Extended()), 0674u);
  EXPECT_TRUE(IsMinimal(Minimal()));
  EXPECT_FALSE(IsMinimal(Extended()));
  EXPECT_FALSE(IsMinimal({{kU, 6}, {kG, 4}, {kM, 4}, {kO, 0}}));
}

TEST(Acl, ModeChangesTheMaskNotTheGroup) {
  Acl acl = Extended();
  ApplyModeToAcl(0123, &acl);
  EXPECT_EQ(Raw(acl), Raw({{kU, 1}, {kNamedU, 7, 5}, {kG, 5}, {kM, 2}, {kO, 3}}));
  acl = Minimal();
  ApplyModeToAcl(07123, &acl);
  EXPECT_EQ(Raw(acl), Raw({{kU, 1}, {kG, 2}, {kO, 3}}));
}

TEST(Acl, InheritedOneIsCutDownByTheCreatorsMode) {
  Acl acl = Extended();
  EXPECT_EQ(InheritAcl(S_IFREG | 04640, &acl), uint32_t{S_IFREG | 04640});
  EXPECT_EQ(Raw(acl), Raw({{kU, 6}, {kNamedU, 7, 5}, {kG, 5}, {kM, 4}, {kO, 0}}));
  acl = Minimal();
  EXPECT_EQ(InheritAcl(0777, &acl), 0640u);
  EXPECT_EQ(Raw(acl), Raw(Minimal()));
  acl = Minimal();
  EXPECT_EQ(InheritAcl(0222, &acl), 0200u);
}

class AclTest : public NamesTest {
 protected:
  absl::Status Set(InodeNo ino, std::string_view name, const Acl& acl) {
    return names_->SetXattr(ino, name, FormatAcl(acl), 0);
  }
  std::string GetAcl(InodeNo ino, std::string_view name) {
    auto value = names_->GetXattr(ino, name);
    return value.ok() ? *value : "";
  }
};

TEST_F(AclTest, AccessAclSetsTheMode) {
  const Inode file = MustCreate(root_, "f", FileOf(04600));
  const int64_t now = Tick();
  ASSERT_OK(Set(file.ino, kAccessAclName, Extended()));
  EXPECT_EQ(Get(file.ino).mode, uint32_t{S_IFREG | 04674});
  EXPECT_EQ(Get(file.ino).flags, kInodeHasXattrs | kInodeHasAccessAcl);
  EXPECT_EQ(GetAcl(file.ino, kAccessAclName), FormatAcl(Extended()));
  ExpectMoved(file, kCtime, now);
  ExpectSound();
}

TEST_F(AclTest, MinimalAccessAclIsOnlyAMode) {
  const Inode file = MustCreate(root_, "f");
  ASSERT_OK(Set(file.ino, kAccessAclName, Extended()));
  ASSERT_OK(Set(file.ino, kAccessAclName, Minimal()));
  EXPECT_EQ(Get(file.ino).mode, uint32_t{S_IFREG | 0640});
  EXPECT_EQ(Get(file.ino).flags, 0u);
  EXPECT_ERRNO(names_->GetXattr(file.ino, kAccessAclName), ENODATA);
  ExpectSound();
}

TEST_F(AclTest, ChmodFollowsIntoTheAclAndItsMask) {
  const Inode file = MustCreate(root_, "f");
  ASSERT_OK(Set(file.ino, kAccessAclName, Extended()));
  ASSERT_OK(names_->SetAttr(file.ino, {.mode = 0710}));
  EXPECT_EQ(GetAcl(file.ino, kAccessAclName),
            FormatAcl({{kU, 7}, {kNamedU, 7, 5}, {kG, 5}, {kM, 1}, {kO, 0}}));
  EXPECT_EQ(Get(file.ino).mode, uint32_t{S_IFREG | 0710});
  ASSERT_OK(names_->SetAttr(file.ino, {.uid = 3}));  // no other change touches it
  EXPECT_EQ(ModeOfAcl(*ParseAcl(GetAcl(file.ino, kAccessAclName))), 0710u);
}

TEST_F(AclTest, RemovalKeepsTheMode) {
  const Inode file = MustCreate(root_, "f");
  for (bool by_empty_value : {true, false}) {
    ASSERT_OK(Set(file.ino, kAccessAclName, Extended()));
    ASSERT_OK(by_empty_value ? Set(file.ino, kAccessAclName, {})
                             : names_->RemoveXattr(file.ino, kAccessAclName));
    EXPECT_EQ(Get(file.ino).mode, uint32_t{S_IFREG | 0674});
    EXPECT_EQ(Get(file.ino).flags, 0u);
    EXPECT_ERRNO(names_->GetXattr(file.ino, kAccessAclName), ENODATA);
    EXPECT_OK(names_->RemoveXattr(file.ino, kAccessAclName));  // not there: as good
  }
  ExpectSound();
}

TEST_F(AclTest, OtherXattrsKeepTheirFlagWhenTheAclGoes) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_OK(names_->SetXattr(dir.ino, "user.a", "1", 0));
  ASSERT_OK(Set(dir.ino, kAccessAclName, Extended()));
  ASSERT_OK(Set(dir.ino, kDefaultAclName, Extended()));
  EXPECT_EQ(Get(dir.ino).flags, kInodeHasXattrs | kInodeHasAccessAcl | kInodeHasDefaultAcl);
  ASSERT_OK(names_->RemoveXattr(dir.ino, kDefaultAclName));
  EXPECT_EQ(Get(dir.ino).flags, kInodeHasXattrs | kInodeHasAccessAcl);
  ASSERT_OK(names_->RemoveXattr(dir.ino, "user.a"));
  EXPECT_EQ(Get(dir.ino).flags, kInodeHasXattrs | kInodeHasAccessAcl);
  ASSERT_OK(names_->RemoveXattr(dir.ino, kAccessAclName));
  EXPECT_EQ(Get(dir.ino).flags, 0u);
  ExpectSound();
}

TEST_F(AclTest, WhoCanHaveWhich) {
  const Inode file = MustCreate(root_, "f");
  const Inode symlink = MustCreate(root_, "s", SymlinkTo("f"));
  const Inode fifo = MustCreate(root_, "p", {.mode = S_IFIFO | 0600});
  EXPECT_ERRNO(Set(file.ino, kDefaultAclName, Extended()), EACCES);
  EXPECT_OK(Set(file.ino, kDefaultAclName, {}));  // to remove what cannot be there is no error
  EXPECT_EQ(Get(file.ino).flags, 0u);
  EXPECT_ERRNO(Set(symlink.ino, kAccessAclName, Extended()), EOPNOTSUPP);
  EXPECT_ERRNO(names_->RemoveXattr(symlink.ino, kAccessAclName), EOPNOTSUPP);
  EXPECT_OK(Set(fifo.ino, kAccessAclName, Extended()));
  EXPECT_ERRNO(names_->SetXattr(file.ino, kAccessAclName, "junk", 0), EOPNOTSUPP);
  EXPECT_ERRNO(names_->SetXattr(file.ino, kAccessAclName, "", 0), EINVAL);
  EXPECT_ERRNO(names_->SetXattr(file.ino, "system.posix_acl_other", "", 0), EOPNOTSUPP);
  EXPECT_EQ(Get(file.ino).mode, file.mode);
  ExpectSound();
}

TEST_F(AclTest, DefaultAclLeavesTheModeAlone) {
  const Inode dir = MustCreate(root_, "d", DirOf(0700));
  ASSERT_OK(Set(dir.ino, kDefaultAclName, Minimal()));  // kept although minimal
  EXPECT_EQ(Get(dir.ino).mode, uint32_t{S_IFDIR | 0700});
  EXPECT_EQ(GetAcl(dir.ino, kDefaultAclName), FormatAcl(Minimal()));
  ExpectSound();
}

TEST_F(AclTest, NewFileInheritsTheDefaultAclInPlaceOfTheUmask) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_OK(Set(dir.ino, kDefaultAclName, Extended()));
  const Inode file = MustCreate(dir.ino, "f", {.mode = S_IFREG | 0666, .umask = 0777});
  EXPECT_EQ(file.mode, uint32_t{S_IFREG | 0664});
  EXPECT_EQ(file.flags, kInodeHasXattrs | kInodeHasAccessAcl);
  EXPECT_EQ(GetAcl(file.ino, kAccessAclName),
            FormatAcl({{kU, 6}, {kNamedU, 7, 5}, {kG, 5}, {kM, 6}, {kO, 4}}));
  EXPECT_EQ(GetAcl(file.ino, kDefaultAclName), "");
  ExpectSound();
}

TEST_F(AclTest, NewDirectoryInheritsBothAcls) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_OK(Set(dir.ino, kDefaultAclName, Extended()));
  const Inode below = MustCreate(dir.ino, "below", {.mode = S_IFDIR | 0750, .umask = 0777});
  EXPECT_EQ(below.mode, uint32_t{S_IFDIR | 0650});
  EXPECT_EQ(below.flags, kInodeHasXattrs | kInodeHasAccessAcl | kInodeHasDefaultAcl);
  EXPECT_EQ(GetAcl(below.ino, kDefaultAclName), FormatAcl(Extended()));
  EXPECT_EQ(MustCreate(below.ino, "f", FileOf(0666)).mode, uint32_t{S_IFREG | 0664});
  ExpectSound();
}

TEST_F(AclTest, MinimalDefaultAclLeavesOnlyAMode) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_OK(Set(dir.ino, kDefaultAclName, Minimal()));
  const Inode file = MustCreate(dir.ino, "f", {.mode = S_IFREG | 0666, .umask = 0});
  EXPECT_EQ(file.mode, uint32_t{S_IFREG | 0640});
  EXPECT_EQ(file.flags, 0u);
  EXPECT_EQ(MustCreate(dir.ino, "e", DirOf(0777)).flags, kInodeHasXattrs | kInodeHasDefaultAcl);
  ExpectSound();
}

TEST_F(AclTest, SymlinksInheritNothing) {
  const Inode dir = MustCreate(root_, "d", DirOf());
  ASSERT_OK(Set(dir.ino, kDefaultAclName, Extended()));
  const Inode symlink = MustCreate(dir.ino, "s", SymlinkTo("t"));
  EXPECT_EQ(symlink.mode, uint32_t{S_IFLNK | 0777});
  EXPECT_EQ(symlink.flags, 0u);
  ExpectSound();
}

}  // namespace
}  // namespace oca::names
