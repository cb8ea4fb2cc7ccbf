#include "lib/daemon/secret_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::daemon {
namespace {

using support::StatusIs;

class SecretFileTest : public testing::Test {
 protected:
  std::string Make(const std::string& contents, mode_t mode = 0600) {
    const std::string path = temp_.Path("secret");
    std::ofstream(path, std::ios::trunc | std::ios::binary) << contents;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  support::TempDir temp_;
};

TEST_F(SecretFileTest, GivesItsOnlyLine) {
  for (const char* contents : {"open sesame", "open sesame\n", "open sesame\r\n"}) {
    ASSERT_OK_AND_ASSIGN(crypto::Secret secret, ReadSecretFile(Make(contents)));
    EXPECT_EQ(secret.view(), "open sesame");
  }
  EXPECT_OK(ReadSecretFile(Make("open sesame", 0400)));
}

TEST_F(SecretFileTest, RefusesWhatOthersMayReadOrWrite) {
  for (mode_t mode : {0644, 0640, 0620, 0602, 0604, 0700}) {
    EXPECT_THAT(ReadSecretFile(Make("open sesame", mode)),
                StatusIs(absl::StatusCode::kFailedPrecondition))
        << mode;
  }
}

TEST_F(SecretFileTest, RefusesMoreThanALineAndWhatIsNoFile) {
  EXPECT_THAT(ReadSecretFile(Make("two\nlines\n")), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadSecretFile(Make(std::string(5000, 'x'))),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ReadSecretFile(temp_.Path("none")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(ReadSecretFile(temp_.Path(".")), StatusIs(absl::StatusCode::kFailedPrecondition));
  const std::string link = temp_.Path("link");
  ASSERT_EQ(symlink(Make("open sesame").c_str(), link.c_str()), 0);
  EXPECT_FALSE(ReadSecretFile(link).ok());
}

TEST_F(SecretFileTest, KeyIsMadeOnceAndKept) {
  const std::string path = temp_.Path("private/key");
  ASSERT_OK_AND_ASSIGN(crypto::Secret made, ReadOrMakeKeyFile(path));
  EXPECT_EQ(made.size(), 32u);
  ASSERT_OK_AND_ASSIGN(crypto::Secret again, ReadOrMakeKeyFile(path));
  EXPECT_EQ(made.view(), again.view());
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  ASSERT_EQ(stat(temp_.Path("private").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
}

TEST_F(SecretFileTest, WhatIsNoKeyIsNotReplaced) {
  for (const std::string& contents :
       {std::string(), std::string(63, 'a'), std::string(64, 'g'), std::string(66, '0')}) {
    const std::string path = Make(contents);
    EXPECT_THAT(ReadOrMakeKeyFile(path), StatusIs(absl::StatusCode::kInvalidArgument)) << contents;
  }
  EXPECT_THAT(ReadOrMakeKeyFile(Make(std::string(64, 'a'), 0644)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace oca::daemon
