#include "lib/crypto/password.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::crypto {
namespace {

TEST(Password, HashBelongsToItsPasswordOnly) {
  ASSERT_OK_AND_ASSIGN(std::string hash, HashPassword("correct horse"));
  EXPECT_THAT(hash, testing::StartsWith("$argon2id$v=19$m=65536,t=2,p=1$"));
  EXPECT_TRUE(PasswordMatches("correct horse", hash));
  EXPECT_FALSE(PasswordMatches("correct horsf", hash));
  EXPECT_FALSE(PasswordMatches("", hash));
}

TEST(Password, EachHashHasASaltOfItsOwn) {
  ASSERT_OK_AND_ASSIGN(std::string one, HashPassword("x"));
  ASSERT_OK_AND_ASSIGN(std::string two, HashPassword("x"));
  EXPECT_NE(one, two);
}

TEST(Password, NothingMatchesWhatIsNoHash) {
  for (const char* broken : {"", "x", "$argon2id$", "$argon2id$v=19$m=65536,t=2,p=1$AAAA"}) {
    EXPECT_FALSE(PasswordMatches("", broken)) << broken;
  }
  EXPECT_FALSE(PasswordMatches("x", std::string(1000, 'a')));
}

TEST(Password, GeneratedOnesDifferAndAreTypable) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    ASSERT_OK_AND_ASSIGN(Secret password, GeneratePassword());
    EXPECT_THAT(std::string(password.view()), testing::MatchesRegex("[a-z2-9]{16}"));
    seen.insert(std::string(password.view()));
  }
  EXPECT_EQ(seen.size(), 100u);
}

}  // namespace
}  // namespace oca::crypto
