#include "services/config/second_factor.h"

#include "gtest/gtest.h"

namespace oca::config {
namespace {

TEST(OtpauthUri, IsWhatAppsRead) {
  EXPECT_EQ(OtpauthUri("eve", "backup.example", "MZXW6YTB"),
            "otpauth://totp/Oca:eve%40backup.example?secret=MZXW6YTB&issuer=Oca&algorithm=SHA1"
            "&digits=6&period=30");
  EXPECT_EQ(OtpauthUri("eve", "", "MZ"),
            "otpauth://totp/Oca:eve?secret=MZ&issuer=Oca&algorithm=SHA1&digits=6&period=30");
  EXPECT_EQ(OtpauthUri("eve", "a b?&#\xc3\xa4", "MZ").substr(0, 50),
            "otpauth://totp/Oca:eve%40a%20b%3F%26%23%C3%A4?secr");
}

}  // namespace
}  // namespace oca::config
