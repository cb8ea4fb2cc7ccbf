#include "absl/time/clock.h"
#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

TEST_F(Cli, TheMachineAsRecordsAndTables) {
  ASSERT_EQ(Oca("stats --cpu"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Processors  : 4\n"), HasSubstr("Used        : -\n"),
                                HasSubstr("Load 1 min  : 0.25\n")));
  ASSERT_EQ(Oca("stats --memory"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Total      : 4294967296 (4.00 GiB)"));
  ASSERT_EQ(Oca("stats --network"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("1.50 MiB/s"));
  ASSERT_EQ(Oca("stats --disk"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("/home"));
  ASSERT_EQ(Oca("stats --monitor"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Samples Dropped : 2"),
                                HasSubstr("Problem         : PostgreSQL is away")));
}

TEST_F(Cli, TheMachineAsJson) {
  ASSERT_EQ(Oca("stats --cpu --json"), 0);
  EXPECT_EQ(Json()["time"], "2023-11-14T22:13:30Z");
  EXPECT_EQ(Json()["load_1"], 0.25);
  EXPECT_TRUE(Json()["used_percent"].is_null());
  ASSERT_EQ(Oca("stats --memory --json"), 0);
  EXPECT_EQ(Json()["total_bytes"], 4294967296u);
  ASSERT_EQ(Oca("stats --network --json"), 0);
  EXPECT_EQ(Json()["networks"][0]["send_mib_per_s"], 1.5);
  ASSERT_EQ(Oca("stats --disk --json"), 0);
  EXPECT_EQ(Json()["disks"][0]["path"], "/home");
  EXPECT_TRUE(Json().contains("time"));
  ASSERT_EQ(Oca("stats --monitor --json"), 0);
  EXPECT_EQ(Json()["interval_seconds"], 15);
}

TEST_F(Cli, HistoryOfSamplesAndOfRollups) {
  ASSERT_EQ(Oca("stats --history --name disk.used_bytes"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Value"), HasSubstr("2.00 KiB"), Not(HasSubstr("Low"))));
  EXPECT_EQ(LastStatisticsCall(), "name: \"disk.used_bytes\"");
  ASSERT_EQ(Oca("stats --history --name disk.used_bytes --subject /home --since "
                "2023-11-14T22:00:00Z --until 2023-11-15T22:00:00Z --resolution 5m"),
            0);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("1.00 KiB"), HasSubstr("4.00 KiB"), HasSubstr("Samples")));
  EXPECT_EQ(LastStatisticsCall(),
            "name: \"disk.used_bytes\" subject: \"/home\" since { seconds: 1699999200 } until { "
            "seconds: 1700085600 } resolution: RESOLUTION_5M");
  ASSERT_EQ(Oca("stats history --name disk.used_bytes --resolution 1d --json"), 0);
  EXPECT_EQ(Json()["resolution"], "1d");
  EXPECT_EQ(Json()["series"][0]["subject"], "s1");
  EXPECT_EQ(Json()["series"][0]["points"][1]["time"], "2023-11-14T22:13:45Z");
  EXPECT_EQ(Json()["series"][0]["points"][1]["high"], 4096);
}

TEST_F(Cli, SinceMayBeSoLongAgo) {
  const int64_t before = absl::ToUnixSeconds(absl::Now()) - 6 * 3600;
  ASSERT_EQ(Oca("stats --history --name cpu.load_1 --since 6h"), 0);
  const int64_t after = absl::ToUnixSeconds(absl::Now()) - 6 * 3600;
  int64_t since = 0;
  ASSERT_EQ(
      sscanf(LastStatisticsCall().c_str(), "name: \"cpu.load_1\" since { seconds: %ld }", &since),
      1);
  EXPECT_GE(since, before);
  EXPECT_LE(since, after);
}

TEST_F(Cli, WrongWordsOfHistorySayWhatIsRight) {
  EXPECT_EQ(Oca("stats --history --name cpu.load_1 --since yesterday"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--since 'yesterday' is neither a period"));
  EXPECT_EQ(Oca("stats --history --name cpu.load_1 --resolution 10m"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("15s, 5m, 1h or 1d"));
  EXPECT_EQ(Oca("stats --history"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--name"));
}

TEST_F(Cli, SeriesAsTableJsonAndNames) {
  ASSERT_EQ(Oca("stats --series"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("cpu.load_1"), HasSubstr("what it is")));
  ASSERT_EQ(Oca("stats --series --names_only"), 0);
  EXPECT_EQ(out_.str(), "cpu.load_1\ndisk.used_bytes\n");
  ASSERT_EQ(Oca("stats --series --name cpu.load_1 --json"), 0);
  EXPECT_EQ(Json()["series"].size(), 3u);
}

}  // namespace
}  // namespace oca::cli
