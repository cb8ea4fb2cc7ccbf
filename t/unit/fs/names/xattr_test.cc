// Extended attributes but ACLs.
#include <sys/xattr.h>

#include <cerrno>

#include "fmt/format.h"
#include "t/unit/fs/names/fixture.h"

namespace oca::names {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class XattrTest : public NamesTest {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(NamesTest::SetUp());
    file_ = MustCreate(root_, "f").ino;
  }
  absl::Status Set(std::string_view name, std::string_view value = "v", int flags = 0) {
    return names_->SetXattr(file_, name, value, flags);
  }
  std::vector<std::string> All(InodeNo ino) {
    auto names = names_->ListXattrs(ino);
    EXPECT_OK(names);
    return names.ok() ? *names : std::vector<std::string>();
  }

  InodeNo file_;
};

TEST_F(XattrTest, SetGetListRemove) {
  const Inode before = Get(file_);
  int64_t now = Tick();
  ASSERT_OK(Set("user.b", std::string("\0\xff", 2)));
  ExpectMoved(before, kCtime, now);
  ASSERT_OK(Set("trusted.a", ""));
  ASSERT_OK(Set("security.capability"));
  EXPECT_THAT(All(file_), ElementsAre("security.capability", "trusted.a", "user.b"));
  EXPECT_EQ(*names_->GetXattr(file_, "user.b"), std::string("\0\xff", 2));
  EXPECT_EQ(*names_->GetXattr(file_, "trusted.a"), "");
  EXPECT_EQ(Get(file_).flags, kInodeHasXattrs);
  ExpectSound();
  now = Tick();
  ASSERT_OK(names_->RemoveXattr(file_, "trusted.a"));
  ExpectMoved(before, kCtime, now);
  EXPECT_ERRNO(names_->GetXattr(file_, "trusted.a"), ENODATA);
  EXPECT_EQ(Get(file_).flags, kInodeHasXattrs);
  ASSERT_OK(names_->RemoveXattr(file_, "user.b"));
  ASSERT_OK(names_->RemoveXattr(file_, "security.capability"));
  EXPECT_EQ(Get(file_).flags, 0u);
  EXPECT_THAT(All(file_), IsEmpty());
  ExpectSound();
}

TEST_F(XattrTest, CreateAndReplaceFlags) {
  EXPECT_ERRNO(Set("user.a", "1", XATTR_REPLACE), ENODATA);
  EXPECT_ERRNO(Set("user.a", "1", XATTR_CREATE | XATTR_REPLACE), ENODATA);
  EXPECT_OK(Set("user.a", "1", XATTR_CREATE));
  EXPECT_ERRNO(Set("user.a", "2", XATTR_CREATE), EEXIST);
  EXPECT_ERRNO(Set("user.a", "2", XATTR_CREATE | XATTR_REPLACE), EEXIST);
  EXPECT_EQ(*names_->GetXattr(file_, "user.a"), "1");
  EXPECT_OK(Set("user.a", "2", XATTR_REPLACE));
  EXPECT_OK(Set("user.a", "3"));
  EXPECT_EQ(*names_->GetXattr(file_, "user.a"), "3");
  EXPECT_ERRNO(Set("user.a", "4", 4), EINVAL);
}

TEST_F(XattrTest, NamesAndValuesHaveLimits) {
  const std::string longest = "user." + std::string(250, 'n');
  EXPECT_OK(Set(longest));
  EXPECT_ERRNO(Set(longest + "n"), ERANGE);
  EXPECT_ERRNO(Set(""), ERANGE);
  EXPECT_ERRNO(Set("user."), EINVAL);
  EXPECT_ERRNO(Set("trusted."), EINVAL);
  EXPECT_ERRNO(Set("other.a"), EOPNOTSUPP);
  EXPECT_ERRNO(Set("user"), EOPNOTSUPP);
  EXPECT_ERRNO(Set("system.a"), EOPNOTSUPP);
  const std::string value(kMaxXattrValueBytes, 'v');
  EXPECT_OK(Set("user.v", value));
  EXPECT_EQ(*names_->GetXattr(file_, "user.v"), value);
  EXPECT_ERRNO(Set("user.v", value + "v"), E2BIG);
  for (std::string_view bad : {std::string_view("user.\0a", 7), std::string_view("")}) {
    EXPECT_ERRNO(names_->GetXattr(file_, bad), ERANGE);
    EXPECT_ERRNO(names_->RemoveXattr(file_, bad), ERANGE);
  }
  EXPECT_ERRNO(names_->GetXattr(file_, "other.a"), EOPNOTSUPP);
  EXPECT_ERRNO(names_->RemoveXattr(file_, "other.a"), EOPNOTSUPP);
  ExpectSound();
}

TEST_F(XattrTest, UserAttributesBelongToFilesAndDirectories) {
  EXPECT_OK(names_->SetXattr(root_, "user.a", "1", 0));
  const std::vector<NewInode> others = {SymlinkTo("t"),
                                        {.mode = S_IFIFO | 0600},
                                        {.mode = S_IFSOCK | 0600},
                                        {.mode = S_IFCHR | 0600}};
  for (const NewInode& what : others) {
    const Inode made = MustCreate(root_, std::to_string(what.mode), what);
    EXPECT_ERRNO(names_->SetXattr(made.ino, "user.a", "1", 0), EPERM);
    EXPECT_ERRNO(names_->RemoveXattr(made.ino, "user.a"), EPERM);
    EXPECT_ERRNO(names_->GetXattr(made.ino, "user.a"), ENODATA);
    EXPECT_OK(names_->SetXattr(made.ino, "trusted.a", "1", 0));
    EXPECT_OK(names_->SetXattr(made.ino, "security.a", "1", 0));
  }
  ExpectSound();
}

TEST_F(XattrTest, FailsWithTheErrnoOfWhatIsMissing) {
  EXPECT_ERRNO(names_->GetXattr(file_, "user.a"), ENODATA);
  EXPECT_ERRNO(names_->RemoveXattr(file_, "user.a"), ENODATA);
  EXPECT_ERRNO(names_->GetXattr(InodeNo(99999), "user.a"), ENOENT);
  EXPECT_ERRNO(names_->SetXattr(InodeNo(99999), "user.a", "1", 0), ENOENT);
  EXPECT_ERRNO(names_->RemoveXattr(InodeNo(99999), "user.a"), ENOENT);
  EXPECT_ERRNO(names_->ListXattrs(InodeNo(99999)), ENOENT);
}

// listxattr(2) hands out 64 KiB at most: what it could not list cannot be set, ACLs neither.
TEST_F(XattrTest, AllNamesFitOneList) {
  size_t bytes = 0;
  for (int i = 0;; ++i) {
    const std::string name = fmt::format("user.{:0>240}", i);
    if (bytes + name.size() + 1 > XATTR_LIST_MAX) break;
    ASSERT_OK(Set(name));
    bytes += name.size() + 1;
  }
  const size_t room = XATTR_LIST_MAX - bytes;
  ASSERT_GT(room, 8u);
  EXPECT_ERRNO(Set("user." + std::string(room - 5, 'x')), ENOSPC);
  EXPECT_OK(Set("user." + std::string(room - 6, 'x')));
  EXPECT_ERRNO(Set("user.y"), ENOSPC);
  EXPECT_OK(Set(fmt::format("user.{:0>240}", 0), "changed"));  // what is there can change
  const std::string acl(
      "\2\0\0\0"
      "\1\0\6\0\xff\xff\xff\xff"
      "\4\0\6\0\xff\xff\xff\xff"
      "\x10\0\6\0\xff\xff\xff\xff"
      "\x20\0\6\0\xff\xff\xff\xff",
      36);
  EXPECT_ERRNO(names_->SetXattr(file_, "system.posix_acl_access", acl, 0), ENOSPC);
  ASSERT_OK(names_->RemoveXattr(file_, fmt::format("user.{:0>240}", 0)));
  EXPECT_OK(names_->SetXattr(file_, "system.posix_acl_access", acl, 0));
  EXPECT_OK(names_->SetXattr(file_, "system.posix_acl_access", acl, 0));
  size_t listed = 0;
  for (const std::string& name : All(file_)) listed += name.size() + 1;
  EXPECT_LE(listed, size_t{XATTR_LIST_MAX});
  ExpectSound();
}

TEST_F(XattrTest, GoWithTheirInodeAndNoOther) {
  const Inode next = MustCreate(root_, "g");
  ASSERT_EQ(next.ino.value, file_.value + 1);
  ASSERT_OK(Set("user.a"));
  ASSERT_OK(names_->SetXattr(next.ino, "user.a", "kept", 0));
  ASSERT_OK(names_->Unlink(root_, "f"));
  ASSERT_OK(names_->DeleteOrphan(file_));
  EXPECT_ERRNO(names_->ListXattrs(file_), ENOENT);
  EXPECT_EQ(*names_->GetXattr(next.ino, "user.a"), "kept");
  ExpectSound();
}

}  // namespace
}  // namespace oca::names
