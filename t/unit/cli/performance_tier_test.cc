// oca performance_tier, in-process.
#include <string>

#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using TierCli = Cli;

TEST_F(TierCli, ShowsSettingsPathsAndStatistics) {
  ASSERT_EQ(Oca("performance_tier --show"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Compression Mode"), HasSubstr("Encryption"),
                                HasSubstr("Path"), Not(HasSubstr("/two"))));
  ASSERT_EQ(Oca("performance_tier --show --verbose"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Post Dedupe Bytes"));
  ASSERT_EQ(Oca("performance_tier --show --json"), 0);
  EXPECT_TRUE(Json()["paths"].is_array());
  ASSERT_EQ(Oca("stats --performance_tier"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Capacity Used"));
  Fail(absl::NotFoundError("no storage group has this name"));
  EXPECT_EQ(Oca("performance_tier --show"), kNotFound);
  EXPECT_THAT(err_.str(), HasSubstr("oca performance_tier --add --path DIR"));
}

TEST_F(TierCli, IsMadeOfAFolderAndUpdated) {
  ASSERT_EQ(Oca("performance_tier --add --path /fast --compression_mode best --quota 2TiB"), 0);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("/fast is a path of the performance tier"),
                    HasSubstr("PerformanceTier"), HasSubstr("best"), HasSubstr("2048.00 GiB")));
  EXPECT_EQ(Oca("performance_tier --add --path /slow"), kConflict);
  EXPECT_THAT(err_.str(), HasSubstr("too slow"));
  EXPECT_EQ(Oca("performance_tier --add"), kUsage);
  EXPECT_EQ(Oca("performance_tier --add --path /fast --compression_mode zip"), kUsage);
  EXPECT_EQ(Oca("performance_tier --add --path /fast --quota much"), kUsage);
  ASSERT_EQ(Oca("performance_tier --update --quota none"), 0);
  EXPECT_EQ(LastCall(), "UpdateStorageGroup: name: \"PerformanceTier\" quota_bytes: 0");
  EXPECT_EQ(Oca("performance_tier --update"), kUsage);
}

TEST_F(TierCli, EncryptionIsThatOfItsGroup) {
  in_.str("open sesame\n");
  ASSERT_EQ(Oca("performance_tier --setpassphrase"), 0);
  EXPECT_EQ(LastCall(), "SetPassphrase: name: \"PerformanceTier\" passphrase: \"open sesame\"");
  ASSERT_EQ(Oca("performance_tier --encryption --set ON --yes"), 0);
  EXPECT_THAT(LastCall(), HasSubstr("Encrypt: name: \"PerformanceTier\""));
  EXPECT_EQ(Oca("performance_tier --encryption --name g"), kUsage);
}

TEST_F(TierCli, SpeedIsTested) {
  ASSERT_EQ(Oca("performance_tier --test-iops --path /fast"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("2000"), HasSubstr("4321"), HasSubstr("850"),
                                HasSubstr("9876"), HasSubstr("fast enough")));
  EXPECT_EQ(Oca("performance_tier --test_iops --path /slow"), kConflict);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("77"), HasSubstr("too slow")));
  EXPECT_EQ(Oca("performance_tier --test_iops --path /slow --json"), kConflict);
  EXPECT_EQ(Json()["random_iops"], 77);
  EXPECT_EQ(Oca("performance_tier --test-iops"), kUsage);
}

TEST_F(TierCli, ContainersArePutIntoIt) {
  ASSERT_EQ(Oca("container --add --name c --performance_tier"), 0);
  EXPECT_THAT(LastCall(), HasSubstr("group: \"PerformanceTier\""));
  EXPECT_EQ(Oca("container --add --name c --performance_tier --group_name g"), kUsage);
}

}  // namespace
}  // namespace oca::cli
