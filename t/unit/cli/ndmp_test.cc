#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::ElementsAre;

TEST_F(Cli, NdmpIsShown) {
  ASSERT_EQ(Oca("ndmp --show"), 0) << err_.str();
  EXPECT_THAT(
      out_.str(),
      AllOf(HasSubstr("Running       : yes\n"), HasSubstr("Listens At    : 0.0.0.0:10000\n"),
            HasSubstr("Data Ports    : any\n"), HasSubstr("NDMP Versions : 2, 3, 4\n"),
            HasSubstr("NDMP Users    : backup_user\n")));
  ASSERT_EQ(Oca("ndmp --show --json"), 0);
  EXPECT_EQ(Json()["settings"]["port"], 10000);
  EXPECT_EQ(Json()["versions"], nlohmann::json({2, 3, 4}));
  {
    absl::MutexLock lock(&ndmp_.mu);
    ndmp_.running = false;
  }
  ASSERT_EQ(Oca("ndmp --show"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Running       : no\n"), HasSubstr("Listens At    : -\n"),
                                HasSubstr("Port          : 10000\n")));
}

TEST_F(Cli, NdmpIsSetByOptions) {
  ASSERT_EQ(Oca("ndmp --update --port 10001 --address 192.0.2.7"), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("those that are open go on"));
  ASSERT_EQ(Oca("ndmp --update --data_ports 43000-43040 --data_address as_reached --revision 3"),
            0);
  ASSERT_EQ(Oca("ndmp --update --data_ports any"), 0);
  EXPECT_EQ(Oca("ndmp --update --port 22"), kConflict);
  EXPECT_THAT(NdmpCalls(),
              ElementsAre("address: \"192.0.2.7\" port: 10001",
                          "data_address: \"\" first_data_port: 43000 last_data_port: 43040 "
                          "revision: 3",
                          "first_data_port: 0 last_data_port: 0", "port: 22"));
  EXPECT_EQ(Oca("ndmp --update --port many"), kUsage);
  EXPECT_EQ(Oca("ndmp --update --data_ports 43000"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("43000-43040"));
  EXPECT_THAT(NdmpCalls(), ElementsAre());
}

TEST_F(Cli, NdmpIsAskedForOnATerminal) {
  terminal_ = true;
  in_.str("\n10002\n\n43000-43010\n");
  ASSERT_EQ(Oca("ndmp --update"), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Address to listen at [0.0.0.0]: "),
                                HasSubstr("Port [10000]: "), HasSubstr("[any]: ")));
  EXPECT_THAT(NdmpCalls(),
              ElementsAre("port: 10002 first_data_port: 43000 last_data_port: 43010 revision: 3"));
  // Who says nothing changes nothing.
  for (const char* answers : {"\n\n\n\n", "10002"}) {
    in_.str(answers);
    EXPECT_EQ(Oca("ndmp --update"), kDeclined);
  }
  EXPECT_THAT(NdmpCalls(), ElementsAre());
}

TEST_F(Cli, NdmpSessionsAreShown) {
  ASSERT_EQ(Oca("stats --ndmp"), 0) << err_.str();
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("192.0.2.7:50123"), HasSubstr("signed_in"), HasSubstr("paused"),
                    HasSubstr("/oca/lib1/drive0"), HasSubstr("3.00 MiB"), HasSubstr("1.50 MiB/s")));
  ASSERT_EQ(Oca("stats --ndmp --json"), 0);
  EXPECT_EQ(Json()["sessions"][0]["mover_state"], "paused");
  EXPECT_EQ(Json()["sessions"][0]["bytes_moved"], 3 << 20);
  ASSERT_EQ(Oca("stats --ndmp_completed"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("shut_down"));
  ASSERT_EQ(Oca("stats --ndmp_completed --limit 5 --json"), 0);
  EXPECT_EQ(Json()["sessions"][0]["result"], "shut_down");
  EXPECT_THAT(NdmpCalls(), ElementsAre("", "limit: 5"));
}

TEST_F(Cli, WithoutOcandmpdThereAreNoNdmpSessions) {
  {
    absl::MutexLock lock(&ndmp_.mu);
    ndmp_.running = false;
  }
  EXPECT_EQ(Oca("stats --ndmp"), kConflict);
  EXPECT_THAT(err_.str(), HasSubstr("does not run"));
}

}  // namespace
}  // namespace oca::cli
