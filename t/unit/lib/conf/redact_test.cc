#include "lib/conf/redact.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace oca::conf {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Redact, HidesSecretsWhereverTheyStand) {
  const std::string shown = Redact(R"(
# dsn = "host=old password=hidden1"
[database]
dsn = "host=db password=hidden2"
[mail]
smtp_password = """
hidden3
"""
api.token = 'hidden4'
list = [ { key = "hidden5" } ]
)");
  EXPECT_THAT(shown, Not(HasSubstr("hidden")));
  EXPECT_THAT(shown, HasSubstr("(secret)"));
}

TEST(Redact, ShowsTheRest) {
  const std::string shown =
      Redact("[fs]\nmemory_budget = \"1GiB\"\nworkers = 3\n[database]\ndsn = \"\"\n");
  EXPECT_THAT(shown, HasSubstr("1GiB"));
  EXPECT_THAT(shown, HasSubstr("3"));
  EXPECT_THAT(shown, Not(HasSubstr("(secret)")));
}

TEST(Redact, GivesNothingOfWhatItCannotRead) {
  EXPECT_THAT(Redact("[database\ndsn = \"hidden\""), Not(HasSubstr("hidden")));
  EXPECT_EQ(Redact("").find("secret"), std::string::npos);
}

}  // namespace
}  // namespace oca::conf
