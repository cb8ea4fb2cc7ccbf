#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(Cli, ReplicationLinksAreShown) {
  ASSERT_EQ(Oca("replication --show"), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("a1         source  oca2.example  copy"),
                                HasSubstr("not_served"), HasSubstr("Nothing is copied")));
  ASSERT_EQ(Oca("replication --show --name a1 --role source --verbose"), 0);
  EXPECT_THAT(
      out_.str(),
      AllOf(HasSubstr("Replication Traffic : as_peer\n"), HasSubstr("User                : none\n"),
            HasSubstr("State               : not_served: this release has no replication"),
            HasSubstr("Windows             : sunday 01:00-24:00\n")));
  ASSERT_EQ(Oca("replication --show --json"), 0);
  EXPECT_EQ(Json()["links"][0]["role"], "source");
  EXPECT_EQ(Json()["links"][0]["encryption"], "aes256");
  EXPECT_EQ(Json()["links"][0]["state"], "not_served");
  EXPECT_EQ(Json()["links"][0]["windows"][0]["day"], "sunday");
  ASSERT_EQ(Oca("replication --show --role target"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("no such replication link"));
  EXPECT_THAT(
      ReplicationCalls(),
      ElementsAre("ListReplicationLinks: ",
                  "ListReplicationLinks: name: \"a1\" role: REPLICATION_ROLE_SOURCE",
                  "ListReplicationLinks: ", "ListReplicationLinks: role: REPLICATION_ROLE_TARGET"));
  EXPECT_EQ(Oca("replication --show --role both"), kUsage);
}

TEST_F(Cli, ReplicationLinksAreAdded) {
  ASSERT_EQ(Oca("replication --add --name a1 --role source --peer oca2.example"), 0) << err_.str();
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("Replication link added.\n"), HasSubstr("Nothing is copied")));
  ASSERT_EQ(Oca("replication --add --name a1 --role TARGET --peer 192.0.2.7 --peer_name c "
                "--peer_group_name g --replication_traffic 192.0.2.8 --encryption none "
                "--username eve --json"),
            0);
  EXPECT_EQ(Json()["revision"], 7);
  EXPECT_THAT(
      ReplicationCalls(),
      ElementsAre("AddReplicationLink: name: \"a1\" role: REPLICATION_ROLE_SOURCE peer: "
                  "\"oca2.example\"",
                  "AddReplicationLink: name: \"a1\" role: REPLICATION_ROLE_TARGET peer: "
                  "\"192.0.2.7\" peer_name: \"c\" peer_group_name: \"g\" replication_traffic: "
                  "\"192.0.2.8\" encryption: REPLICATION_ENCRYPTION_NONE username: \"eve\""));
  for (const char* words :
       {"", "--name a1", "--name a1 --role source", "--name a1 --peer h",
        "--name a1 --role both --peer h", "--name a1 --role source --peer h --encryption aes128"}) {
    EXPECT_EQ(Oca(std::string("replication --add ") + words), kUsage) << words;
  }
  EXPECT_THAT(ReplicationCalls(), IsEmpty());
  EXPECT_EQ(Oca("replication --add --name a1 --role source --peer localhost"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("this machine"));
}

TEST_F(Cli, WhatIsMissingOfAReplicationLinkIsAskedFor) {
  terminal_ = true;
  in_.str("a1\nsource\noca2\n");
  ASSERT_EQ(Oca("replication --add"), 0) << err_.str();
  EXPECT_THAT(ReplicationCalls(),
              ElementsAre("AddReplicationLink: name: \"a1\" role: REPLICATION_ROLE_SOURCE peer: "
                          "\"oca2\""));
  in_.str("oca3\n\n\nnone\n");
  ASSERT_EQ(Oca("replication --update --name a1 --role source"), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("[oca2.example]: "), HasSubstr("[as_peer]: "),
                                HasSubstr("[aes256]")));
  EXPECT_EQ(ReplicationCalls().back(),
            "UpdateReplicationLink: name: \"a1\" role: REPLICATION_ROLE_SOURCE peer: \"oca3\" "
            "username: \"\" revision: 7");
  in_.str("\n\n\n\n");
  EXPECT_EQ(Oca("replication --update --name a1 --role source"), kDeclined);
  EXPECT_EQ(Oca("replication --update --name a1 --role target"), kNotFound);
}

TEST_F(Cli, ReplicationLinksAreChangedStartedAndStopped) {
  ASSERT_EQ(Oca("replication --update --name a1 --role source --replication_traffic as_peer "
                "--encryption none --revision 7"),
            0);
  ASSERT_EQ(Oca("replication --stop --name a1 --role source"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Replication link stopped.\n"),
                                HasSubstr("State               : stopped\n"),
                                Not(HasSubstr("Nothing is copied"))));
  ASSERT_EQ(Oca("replication --start --name a1 --role source"), 0);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("Replication link started.\n"), HasSubstr("Nothing is copied")));
  EXPECT_THAT(
      ReplicationCalls(),
      ElementsAre(
          "UpdateReplicationLink: name: \"a1\" role: REPLICATION_ROLE_SOURCE "
          "replication_traffic: \"\" encryption: REPLICATION_ENCRYPTION_NONE revision: 7",
          "UpdateReplicationLink: name: \"a1\" role: REPLICATION_ROLE_SOURCE enabled: false",
          "UpdateReplicationLink: name: \"a1\" role: REPLICATION_ROLE_SOURCE enabled: "
          "true"));
  EXPECT_EQ(Oca("replication --update --name a1 --role source --peer x --revision 1"), kConflict);
  EXPECT_EQ(Oca("replication --update --name a1 --role source"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("nothing to change"));
}

TEST_F(Cli, WhoDeletesAReplicationLinkIsAsked) {
  EXPECT_EQ(Oca("replication --delete --name a1 --role source"), kUsage);
  terminal_ = true;
  in_.str("no\n");
  EXPECT_EQ(Oca("replication --delete --name a1 --role source"), kDeclined);
  EXPECT_THAT(ReplicationCalls(), IsEmpty());
  terminal_ = false;
  ASSERT_EQ(Oca("replication --delete --name a1 --role source --yes"), 0);
  EXPECT_EQ(out_.str(), "Replication link deleted.\n");
  ASSERT_EQ(Oca("replication --delete --name a1 --role source --force --json"), 0);
  EXPECT_EQ(Json()["role"], "source");
  EXPECT_EQ(Json()["deleted"], true);
  EXPECT_THAT(ReplicationCalls(),
              testing::Each("DeleteReplicationLink: name: \"a1\" role: REPLICATION_ROLE_SOURCE"));
}

TEST_F(Cli, ReplicationHasLimits) {
  ASSERT_EQ(Oca("replication --show --limits"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("oca2.example  512 KiB/s"));
  ASSERT_EQ(Oca("replication --show --limits --json"), 0);
  EXPECT_EQ(Json()["limits"][0]["kib_per_second"], 512);
  EXPECT_EQ(Oca("replication --show --limits --name a1"), kUsage);
  ReplicationCalls();
  ASSERT_EQ(Oca("replication --limit --target oca2 --speed 512"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("512 KiB/s"));
  ASSERT_EQ(Oca("replication --limit --target oca2 --speed 10MiB --revision 7"), 0);
  ASSERT_EQ(Oca("replication --limit --target oca2 --speed unlimited"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Limit of replication to oca2: unlimited. 0 links lead"));
  EXPECT_THAT(ReplicationCalls(),
              ElementsAre("SetReplicationLimit: name: \"oca2\" kib_per_second: 512",
                          "SetReplicationLimit: name: \"oca2\" kib_per_second: 10240 revision: 7",
                          "SetReplicationLimit: name: \"oca2\""));
  for (const char* words :
       {"--target oca2", "--speed 512", "--target oca2 --speed 0", "--target oca2 --speed fast",
        "--target oca2 --speed 0.5KiB", "--target oca2 --speed -1"}) {
    EXPECT_EQ(Oca(std::string("replication --limit ") + words), kUsage) << words;
  }
  EXPECT_THAT(ReplicationCalls(), IsEmpty());
}

TEST_F(Cli, ReplicationWindowsAreShownSetAndRemoved) {
  ASSERT_EQ(Oca("schedule --show --replication"), 0) << err_.str();
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("a1         sunday  01:00  24:00\n"),
                    HasSubstr("b2         always  -      -\n"), HasSubstr("Nothing is copied")));
  ASSERT_EQ(Oca("schedule --show --replication --name a1 --json"), 0);
  EXPECT_EQ(Json()["replication"][0]["name"], "a1");
  EXPECT_EQ(Json()["replication"][0]["revision"], 7);
  EXPECT_EQ(Json()["replication"][0]["windows"][0]["start_time"], "01:00");
  ReplicationCalls();
  ASSERT_EQ(Oca("schedule --add --replication --name a1 --day Tue --start_time 01:30 --stop_time "
                "05:00 --revision 7"),
            0);
  EXPECT_THAT(out_.str(), HasSubstr("a1         tuesday  01:30  05:00\n"));
  ASSERT_EQ(Oca("schedule --delete --replication --name a1 --day fri"), 0);
  ASSERT_EQ(Oca("schedule --delete --replication --name a1"), 0);
  EXPECT_THAT(ReplicationCalls(),
              ElementsAre("SetReplicationWindow: name: \"a1\" window { day: WEEKDAY_TUESDAY "
                          "start_minute: 90 stop_minute: 300 } revision: 7",
                          "SetReplicationWindow: name: \"a1\" window { day: WEEKDAY_FRIDAY }",
                          "SetReplicationWindow: name: \"a1\" window { }"));
  for (const char* words :
       {"--add --name a1 --day mon", "--add --replication --day mon",
        "--add --replication --name a1", "--add --replication --cleaner --name a1 --day mon",
        "--show --name a1", "--add --cleaner --name a1 --day mon",
        "--delete --cleaner --day mon --revision 7",
        "--add --replication --name a1 --day mon --start_time 05:00 --stop_time 05:00"}) {
    EXPECT_EQ(Oca(std::string("schedule ") + words), kUsage) << words;
  }
  EXPECT_THAT(ReplicationCalls(), IsEmpty());
}

}  // namespace
}  // namespace oca::cli
