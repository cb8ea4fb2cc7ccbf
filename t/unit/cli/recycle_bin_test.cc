#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

TEST_F(Cli, RecycleBinIsShownAndSet) {
  ASSERT_EQ(Oca("container --recycle_bin --name a1"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Recycle Bin       : on\n"),
                                HasSubstr("Retention Period  : 14 days\n"),
                                HasSubstr("Files             : 3\n")));
  ASSERT_EQ(Oca("container --recycle_bin --name a1 --json"), 0);
  EXPECT_EQ(Json()["name"], "a1");
  EXPECT_EQ(Json()["retention_days"], 14);
  EXPECT_TRUE(Json()["first_expiry"].is_null());
  ASSERT_EQ(Oca("container --recycle_bin --enable --rb_retention_period 9 --name a1"), 0);
  EXPECT_EQ(LastBinCall(), "SetRecycleBin: name: \"a1\" on: true retention_days: 9");
  ASSERT_EQ(Oca("container --recycle_bin --update --rb_retention_period 30 --name a1"), 0);
  EXPECT_EQ(LastBinCall(), "SetRecycleBin: name: \"a1\" retention_days: 30");
  ASSERT_EQ(Oca("container --recycle_bin --disable --name a1"), 0);
  EXPECT_EQ(LastBinCall(), "SetRecycleBin: name: \"a1\" on: false");
  for (const char* wrong :
       {"", "--name a1 --update", "--name a1 --enable --disable", "--name a1 --enable --id 3",
        "--name a1 --rb_retention_period 9", "--name a1 --disable --rb_retention_period 9",
        "--name a1 --enable --rb_retention_period soon", "--name a1 --to x"}) {
    EXPECT_EQ(Oca(std::string("container --recycle_bin ") + wrong), kUsage) << wrong;
  }
}

TEST_F(Cli, RecycleBinListsAllPages) {
  ASSERT_EQ(Oca("container --recycle_bin --name a1 --file_list"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("d/first"), HasSubstr("d/second"), HasSubstr("ID")));
  ASSERT_EQ(Oca("container --recycle_bin --name a1 --file_list --json"), 0);
  ASSERT_EQ(Json()["files"].size(), 2u);
  EXPECT_EQ(Json()["files"][1]["id"], 12);
  EXPECT_EQ(Json()["files"][1]["path"], "d/second");
  ASSERT_EQ(Oca("container --recycle_bin --name empty --file_list"), 0);
  EXPECT_EQ(out_.str(), "The recycle bin is empty.\n");
}

TEST_F(Cli, RecycleBinRestoresAndPurges) {
  ASSERT_EQ(Oca("container --recycle_bin --name a1 --restore --id 12 --to d/third"), 0);
  EXPECT_EQ(LastBinCall(), "RestoreRecycled: name: \"a1\" id: 12 to: \"d/third\"");
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("2 files and folders are back"), HasSubstr("1 versions")));
  ASSERT_EQ(OcaWords({"container", "--recycle_bin", "--name", "a1", "--restore", "--start_time",
                      "2026-11-23T14:30:00Z", "--end_time", "2026-11-23 14:31:00 UTC", "--json"}),
            0);
  EXPECT_EQ(LastBinCall(),
            "RestoreRecycled: name: \"a1\" start_time { seconds: 1795444200 } end_time { seconds: "
            "1795444260 nanos: 999999999 }");
  EXPECT_EQ(Json()["restored"], 2);
  EXPECT_EQ(Oca("container --recycle_bin --name a1 --purge"), kUsage);  // it asks
  ASSERT_EQ(Oca("container --recycle_bin --name a1 --purge --id 12 --yes"), 0);
  EXPECT_EQ(LastBinCall(), "PurgeRecycled: name: \"a1\" id: 12");
  EXPECT_THAT(out_.str(), HasSubstr("5 files and folders are deleted for good (2.00 KiB)"));
  ASSERT_EQ(Oca("container --recycle_bin --name a1 --purge --end_time 2026-11-23T14:30:00Z --yes"),
            0);
  EXPECT_EQ(LastBinCall(),
            "PurgeRecycled: name: \"a1\" end_time { seconds: 1795444200 nanos: 999999999 }");
  for (const char* wrong :
       {"--restore --to x", "--restore --id 1 --end_time 2026-11-23", "--restore --end_time today",
        "--purge --to x --yes", "--purge --start_time 2026-11-23 --yes",
        "--purge --id 1 --end_time 2026-11-23 --yes", "--restore --purge --yes"}) {
    EXPECT_EQ(Oca(std::string("container --recycle_bin --name a1 ") + wrong), kUsage) << wrong;
  }
}

}  // namespace
}  // namespace oca::cli
