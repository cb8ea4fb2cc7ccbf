#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

TEST_F(Cli, CleanerWindowsAreShownSetAndRemoved) {
  ASSERT_EQ(Oca("schedule --show --cleaner"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("sunday  02:05  24:00\n"));
  ASSERT_EQ(Oca("schedule --show --json"), 0);
  EXPECT_EQ(Json()["cleaner"][0]["day"], "sunday");
  EXPECT_EQ(Json()["cleaner"][0]["start_time"], "02:05");
  EXPECT_EQ(Json()["cleaner"][0]["stop_time"], "24:00");
  ASSERT_EQ(Oca("schedule --add --cleaner --day Tue --start_time 01:30 --stop_time 05:00"), 0);
  EXPECT_EQ(LastCall(),
            "SetCleanerWindow: window { day: WEEKDAY_TUESDAY start_minute: 90 stop_minute: 300 }");
  EXPECT_THAT(out_.str(), HasSubstr("tuesday  01:30  05:00\n"));
  ASSERT_EQ(Oca("schedule --add --cleaner --day all"), 0);
  EXPECT_EQ(LastCall(), "SetCleanerWindow: window { stop_minute: 1440 }");
  ASSERT_EQ(Oca("schedule --delete --cleaner --day friday"), 0);
  EXPECT_EQ(LastCall(), "SetCleanerWindow: window { day: WEEKDAY_FRIDAY }");
  EXPECT_THAT(out_.str(), HasSubstr("no windows"));
}

TEST_F(Cli, WhatIsNoWindowIsAUsageError) {
  for (const char* words :
       {"--add --day mon", "--add --cleaner", "--delete --cleaner", "--add --cleaner --day moon",
        "--add --cleaner --day mon --start_time 5:00",
        "--add --cleaner --day mon --stop_time 24:01",
        "--add --cleaner --day mon --start_time 05:00 --stop_time 05:00",
        "--add --cleaner --day mon --start_time 22:00 --stop_time 04:00",
        "--add --cleaner --day mon --start_time 01:60"}) {
    EXPECT_EQ(Oca(std::string("schedule ") + words), kUsage) << words;
  }
}

}  // namespace
}  // namespace oca::cli
