#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

TEST_F(Cli, RetentionIsShownSetAndReleased) {
  ASSERT_EQ(Oca("container --retention --name a1"), 0);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("Mode            : governance\n"),
                    HasSubstr("Default Period  : 30 days\n"), HasSubstr("Locked Files    : 3\n")));
  ASSERT_EQ(Oca("container --retention --name a1 --json"), 0);
  EXPECT_EQ(Json()["name"], "a1");
  EXPECT_EQ(Json()["default_period_seconds"], 2592000);
  ASSERT_EQ(Oca("container --retention --name a1 --mode governance --max_period 7y --auto_lock 2h"),
            0);
  EXPECT_EQ(LastCall(),
            "SetRetention: name: \"a1\" mode: RETENTION_MODE_GOVERNANCE max_period_seconds: "
            "220752000 auto_lock_seconds: 7200");
  ASSERT_EQ(Oca("container --retention --name a1 --default_period none"), 0);
  EXPECT_EQ(LastCall(), "SetRetention: name: \"a1\" default_period_seconds: 0");
  EXPECT_EQ(Oca("container --retention --name a1 --mode compliance"), kUsage);  // it asks
  EXPECT_EQ(Oca("container --retention --name a1 --mode compliance --yes"), 0);
  EXPECT_EQ(Oca("container --retention --name a1 --release d/f"), kUsage);
  ASSERT_EQ(Oca("container --retention --name a1 --release d/f --yes --json"), 0);
  EXPECT_EQ(LastCall(), "ReleaseLock: name: \"a1\" path: \"d/f\"");
  EXPECT_EQ(Json()["released"], true);
  EXPECT_EQ(Oca("container --retention --name a1 --release f --mode none"), kUsage);
  EXPECT_EQ(Oca("container --retention --name a1 --mode hard"), kUsage);
  EXPECT_EQ(Oca("container --retention"), kUsage);
}

}  // namespace
}  // namespace oca::cli
