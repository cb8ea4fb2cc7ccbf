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

}  // namespace
}  // namespace oca::daemon
