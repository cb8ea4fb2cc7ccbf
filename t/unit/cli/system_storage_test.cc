#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

TEST_F(Cli, StoragePathsAreShownWithWhatIsWrong) {
  ASSERT_EQ(Oca("system --storage --show"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("/two"), HasSubstr("missing"), HasSubstr("17"),
                                HasSubstr("is it mounted?")));
  ASSERT_EQ(Oca("system storage --json"), 0);
  EXPECT_EQ(Json()["paths"][1]["state"], "missing");
  EXPECT_EQ(Json()["paths"][1]["packs"], 17);
  ASSERT_EQ(Oca("system --storage --rescan"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("online"));
}

TEST_F(Cli, StoragePathIsAddedByItsAbsoluteName) {
  ASSERT_EQ(Oca("system --storage --add --path /three/./x/"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Storage path /three/x/ is in use."));
  EXPECT_EQ(Oca("system --storage --add --path /two"), kConflict);
  EXPECT_THAT(err_.str(), HasSubstr("already"));
  EXPECT_EQ(Oca("system --storage --add"), kUsage);
  EXPECT_EQ(Oca("system --storage --path /two"), kUsage);
  EXPECT_EQ(Oca("system --storage --add --rescan"), kUsage);
}

TEST_F(Cli, StoragePathIsRemovedOrGivenUp) {
  ASSERT_EQ(Oca("system --storage --remove --path /two --yes"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("/two is being emptied"), HasSubstr("17 packs")));
  ASSERT_EQ(Oca("system --storage --remove --path /empty --yes"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("/empty is removed"));
  ASSERT_EQ(Oca("system --storage --remove --path /two --force --yes"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("/two is removed"));
  EXPECT_EQ(Oca("system --storage --remove --path /two"), kUsage);  // nobody can be asked
  EXPECT_EQ(Oca("system --storage --remove --yes"), kUsage);
  EXPECT_EQ(Oca("system --storage --remove --add --path /two"), kUsage);
  EXPECT_EQ(Oca("system --storage --force"), kUsage);
}

}  // namespace
}  // namespace oca::cli
