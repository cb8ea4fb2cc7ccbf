#include "lib/daemon/secret_seal.h"

#include <fstream>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::daemon {
namespace {

using support::StatusIs;

TEST(SecretSeal, OpensWhatItSealedForThatUser) {
  support::TempDir dir;
  SecretSeal seal(dir.Path("k/key"), "user");
  ASSERT_OK_AND_ASSIGN(std::string sealed, seal.Seal("eve", "open sesame"));
  ASSERT_OK_AND_ASSIGN(std::string again, seal.Seal("eve", "open sesame"));
  EXPECT_NE(sealed, again);
  ASSERT_OK_AND_ASSIGN(crypto::Secret secret,
                       SecretSeal(dir.Path("k/key"), "user").Open("eve", sealed));
  EXPECT_EQ(secret.view(), "open sesame");
  EXPECT_THAT(seal.Open("adam", sealed), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(SecretSeal(dir.Path("k/key"), "channel").Open("eve", sealed),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(SecretSeal, SaysWhatToDoWithAnotherKeyOrDamage) {
  support::TempDir dir;
  SecretSeal seal(dir.Path("k/key"), "user");
  ASSERT_OK_AND_ASSIGN(std::string sealed, seal.Seal("eve", "open sesame"));
  const std::string other_byte = absl::StartsWith(sealed, "ff") ? "00" : "ff";
  for (const std::string& broken :
       {std::string(), std::string("00"), sealed + "00", sealed.substr(0, sealed.size() - 2),
        other_byte + sealed.substr(2)}) {
    EXPECT_THAT(seal.Open("eve", broken), StatusIs(absl::StatusCode::kFailedPrecondition))
        << broken;
  }
  std::ofstream(dir.Path("k/key")) << std::string(64, 'a');
  absl::Status other = seal.Open("eve", sealed).status();
  EXPECT_THAT(other, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(other.ToString(), testing::HasSubstr("set the password again"));
}

}  // namespace
}  // namespace oca::daemon
