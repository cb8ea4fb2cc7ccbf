#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::ElementsAre;

TEST_F(Cli, AlertsAsTableRecordAndJson) {
  ASSERT_EQ(Oca("alerts --show"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("critical"), HasSubstr("only 2 % are free"),
                                HasSubstr("1 of 5; --all shows more")));
  ASSERT_EQ(Oca("alerts --show --cleared --all --verbose"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("What To Do : add space"));
  ASSERT_EQ(Oca("alerts --show --json --index 7"), 0);
  EXPECT_EQ(Json()["alerts"][0]["severity"], "critical");
  EXPECT_TRUE(Json()["alerts"][0]["cleared"].is_null());
  EXPECT_THAT(AlertCalls(),
              ElementsAre("ListAlerts: count: 20", "ListAlerts: cleared: true count: 10000",
                          "ListAlerts: first: 7 count: 20"));
}

TEST_F(Cli, EventsFromBothEndsAndTheSummary) {
  ASSERT_EQ(Oca("alerts --show --events --index -50 --count 5"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("it ended"), Not(HasSubstr("shows more"))));
  ASSERT_EQ(Oca("alerts show --events --verbose"), 0);
  ASSERT_EQ(Oca("alerts --show --summary"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Critical     : 1\n"));
  ASSERT_EQ(Oca("alerts --show --summary --json"), 0);
  EXPECT_EQ(Json()["events"], 2);
  EXPECT_THAT(AlertCalls(), ElementsAre("ListEvents: first: -50 count: 5", "ListEvents: count: 20",
                                        "GetAlertSummary: ", "GetAlertSummary: "));
  EXPECT_EQ(Oca("alerts --show --events --summary"), kUsage);
  EXPECT_EQ(Oca("alerts --show --events --cleared"), kUsage);
  EXPECT_EQ(Oca("alerts --show --count 0"), kUsage);
}

TEST_F(Cli, MailIsConfiguredByOptionsOrByQuestions) {
  ASSERT_EQ(OcaWords({"email_alerts", "--configure", "--relay", "mail:25", "--sender", "o@x",
                      "--to", "a@x, b@x", "--bcc", "none", "--security", "starttls"}),
            0);
  EXPECT_THAT(AlertCalls(),
              ElementsAre("GetChannel: name: \"email_alerts\"",
                          "ConfigureChannel: name: \"email_alerts\" relay: \"mail:25\" security: "
                          "MAIL_SECURITY_STARTTLS sender: \"o@x\" to { addresses: \"a@x\" "
                          "addresses: \"b@x\" } bcc { }"));
  EXPECT_EQ(Oca("email_alerts --configure --relay mail"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--sender is missing"));
  EXPECT_EQ(Oca("email_alerts --configure --relay m --sender s@x --to t@x --security tsl"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("none, starttls, tls"));
  AlertCalls();
  terminal_ = true;
  in_.str("mail.example.com\no@x\nt@x\n");
  ASSERT_EQ(Oca("email_stats --configure --interval weekly"), 0);
  EXPECT_THAT(AlertCalls()[1],
              "ConfigureChannel: name: \"email_stats\" relay: \"mail.example.com\" sender: \"o@x\" "
              "to { addresses: \"t@x\" } interval: INTERVAL_WEEKLY");
}

TEST_F(Cli, PasswordsOfRelaysAreReadAndNotShown) {
  const std::vector<std::string> words = {"email_alerts", "--configure", "--relay",    "m",
                                          "--sender",     "s@x",         "--to",       "t@x",
                                          "--user",       "me",          "--security", "tls"};
  in_.str("pass word\n");
  ASSERT_EQ(OcaWords(words), 0);
  EXPECT_THAT(AlertCalls()[1], HasSubstr("user: \"me\" password: \"pass word\""));
  EXPECT_THAT(out_.str() + err_.str(), Not(HasSubstr("pass word")));
  in_.str("");
  EXPECT_EQ(OcaWords(words), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("no password was given"));
  terminal_ = true;
  in_.str("one\nanother\n");
  EXPECT_EQ(OcaWords(words), kUsage);
  EXPECT_EQ(echoes_, "-+-+");
  AlertCalls();
  terminal_ = false;
  ASSERT_EQ(Oca("email_alerts --configure --relay m --sender s@x --to t@x --user none"), 0);
  EXPECT_THAT(AlertCalls()[1], AllOf(HasSubstr("user: \"\""), Not(HasSubstr("password"))));
}

TEST_F(Cli, MailIsEnabledTestedShownAndCleared) {
  ASSERT_EQ(Oca("email_alerts --enable"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Enabled    : yes"));
  ASSERT_EQ(Oca("email_stats --disable --json"), 0);
  EXPECT_EQ(Json()["enabled"], false);
  ASSERT_EQ(Oca("email_stats --status"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Interval   : daily"));
  EXPECT_EQ(Oca("email_alerts --test-email"), kUnreachable);
  EXPECT_THAT(err_.str(), HasSubstr("the mail relay says no"));
  EXPECT_EQ(Oca("email_alerts --clear_config"), kUsage);
  ASSERT_EQ(Oca("email_alerts --clear_config --yes"), 0);
  EXPECT_THAT(AlertCalls(), ElementsAre("ConfigureChannel: name: \"email_alerts\" enabled: true",
                                        "ConfigureChannel: name: \"email_stats\" enabled: false",
                                        "GetChannel: name: \"email_stats\"",
                                        "TestChannel: name: \"email_alerts\"",
                                        "ClearChannel: name: \"email_alerts\""));
}

TEST_F(Cli, WebhookAndSyslog) {
  ASSERT_EQ(Oca("alerts --webhook --url https://x/y --enable"), 0);
  ASSERT_EQ(Oca("alerts --webhook"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("URL        :"));
  EXPECT_EQ(Oca("alerts --syslog --enable --test"), kUnreachable);
  EXPECT_EQ(Oca("alerts --syslog --enable --disable"), kUsage);
  EXPECT_THAT(AlertCalls(), ElementsAre("ConfigureChannel: name: \"webhook\" enabled: true relay: "
                                        "\"https://x/y\"",
                                        "GetChannel: name: \"webhook\"",
                                        "ConfigureChannel: name: \"syslog\" enabled: true",
                                        "TestChannel: name: \"syslog\""));
}

}  // namespace
}  // namespace oca::cli
