#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::ElementsAre;

TEST_F(Cli, UsersAsTableRecordAndJson) {
  ASSERT_EQ(Oca("user --show"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("monitor,secure_connect"), HasSubstr("adam")));
  ASSERT_EQ(Oca("user --show --name eve"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Roles           : monitor,secure_connect\n"),
                                Not(HasSubstr("adam"))));
  ASSERT_EQ(Oca("user --show --users --json"), 0);
  EXPECT_EQ(Json()["users"][1]["roles"][0], "monitor");
  EXPECT_EQ(Json()["users"][1]["revision"], 3);
  ASSERT_EQ(Oca("user --show --names_only"), 0);
  EXPECT_EQ(out_.str(), "adam\neve\n");
  ASSERT_EQ(Oca("user --show --logins"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("eve"));
  EXPECT_EQ(Oca("user --show --logins --users"), kUsage);
  EXPECT_EQ(Oca("user --show --roles admin"), kUsage);
}

TEST_F(Cli, TokensAreMadeShownOnceListedAndRevoked) {
  ASSERT_EQ(Oca("user --addtoken --name eve --token prometheus"), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Role      : monitor\n"),
                                HasSubstr("Secret: made-up\nIt is not shown again.")));
  ASSERT_EQ(Oca("user --addtoken --name eve --token t --role administrator --valid_days 1 --json"),
            0);
  EXPECT_EQ(Json()["secret"], "made-up");
  ASSERT_EQ(Oca("user --show --tokens --name eve"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("prometheus"));
  ASSERT_EQ(Oca("user --deletetoken --token t --json"), 0);
  EXPECT_EQ(Json()["deleted"], true);
  EXPECT_THAT(
      TokenCalls(),
      ElementsAre("AddToken: name: \"prometheus\" user: \"eve\" role: ROLE_MONITOR valid_days: 90",
                  "AddToken: name: \"t\" user: \"eve\" role: ROLE_ADMINISTRATOR valid_days: 1",
                  "ListTokens: user: \"eve\"", "RevokeToken: name: \"t\""));
  EXPECT_EQ(Oca("user --addtoken --name eve --token t --role cifs"), kUsage);
  EXPECT_EQ(Oca("user --addtoken --name eve --token t --valid_days 0"), kUsage);
  EXPECT_EQ(Oca("user --addtoken --name eve"), kUsage);
  EXPECT_EQ(Oca("user --deletetoken"), kUsage);
  EXPECT_EQ(Oca("user --show --tokens --logins"), kUsage);
}

TEST_F(Cli, UserAddReadsThePasswordOrHasOneMade) {
  in_.str("a long password\n");
  ASSERT_EQ(Oca("user --add --name eve --roles monitor,CIFS --email_addr e@x --phone 1"), 0);
  ASSERT_EQ(Oca("user --add --name eve --generate_password"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Password: made-up\nIt is not shown again."));
  ASSERT_EQ(Oca("user --add --name eve --generate_password --json"), 0);
  EXPECT_EQ(Json()["generated_password"], "made-up");
  ASSERT_EQ(Oca("user --add --name eve --no_password"), 0);
  EXPECT_THAT(
      UserCalls(),
      ElementsAre("AddUser: name: \"eve\" roles: ROLE_MONITOR roles: ROLE_CIFS email_addr: \"e@x\" "
                  "phone: \"1\" password: \"a long password\"",
                  "AddUser: name: \"eve\" generate_password: true",
                  "AddUser: name: \"eve\" generate_password: true", "AddUser: name: \"eve\""));
  in_.str("");
  EXPECT_EQ(Oca("user --add --name eve"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("no password was given"));
  EXPECT_EQ(Oca("user --add --name eve --roles monitr"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("did you mean 'monitor'?"));
}

TEST_F(Cli, UserUpdateSendsWhatIsGiven) {
  ASSERT_EQ(OcaWords({"user", "--update", "--name", "eve", "--phone", "", "--roles", "none"}), 0);
  ASSERT_EQ(Oca("user --update --name eve --disable --revision 4"), 0);
  EXPECT_THAT(UserCalls(), ElementsAre("UpdateUser: name: \"eve\" roles { } phone: \"\"",
                                       "UpdateUser: name: \"eve\" enabled: false revision: 4"));
  EXPECT_EQ(Oca("user --update --name eve --enable --disable"), kUsage);
  EXPECT_EQ(Oca("user --update --name eve --phone 1 --revision 1"), kConflict);
  EXPECT_THAT(err_.str(), HasSubstr("changed since"));
}

TEST_F(Cli, UserDeleteAsks) {
  EXPECT_EQ(Oca("user --delete --name eve"), kUsage);
  ASSERT_EQ(Oca("user --delete --name eve --yes --json"), 0);
  EXPECT_EQ(Json()["deleted"], true);
  EXPECT_THAT(UserCalls(), ElementsAre("DeleteUser: name: \"eve\""));
}

TEST_F(Cli, LoginActsAsTheUserAndEndsAfterwards) {
  in_.str("right\n");
  ASSERT_EQ(Oca("audit --show --login eve"), 0);
  EXPECT_THAT(UserCalls(), ElementsAre("Login: name: \"eve\" password: \"right\"",
                                       "[t1] ListAudit: limit: 100", "[t1] Logout: "));
  in_.str("wrong\n");
  EXPECT_EQ(Oca("--login eve container --show"), kNotSignedIn);
  EXPECT_EQ(out_.str(), "");
  in_.str("");
  EXPECT_EQ(Oca("container --show --login eve"), kUsage);
}

TEST_F(Cli, SetPasswordIsForOthersByNameAndForOneselfByLogin) {
  in_.str("a long password\n");
  ASSERT_EQ(Oca("user --setpassword --name adam"), 0);
  in_.str("right\na new password\n");
  ASSERT_EQ(Oca("user --setpassword --login eve"), 0);
  EXPECT_EQ(UserCalls()[0], "SetUserPassword: name: \"adam\" password: \"a long password\"");
  EXPECT_EQ(UserCalls()[2],
            "[t1] ChangeOwnPassword: old_password: \"right\" new_password: \"a new password\"");
  EXPECT_EQ(Oca("user --setpassword"), kUsage);
  ASSERT_EQ(Oca("user --setpassword --name adam --generate_password"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Password: made-up"));
}

TEST_F(Cli, TypedPasswordsAreHiddenAndMustAgree) {
  terminal_ = true;
  in_.str("one long password\nanother long one\n");
  EXPECT_EQ(Oca("user --add --name eve"), kUsage);
  EXPECT_EQ(echoes_, "-+-+");
  EXPECT_THAT(UserCalls(), ElementsAre());
}

TEST_F(Cli, AuditShowsWhatWasThereBefore) {
  ASSERT_EQ(Oca("audit --show --user eve --target vms --limit 5 --since 1d"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("AddContainer"));
  EXPECT_THAT(UserCalls().back(),
              AllOf(HasSubstr("user: \"eve\" target: \"vms\" since"), HasSubstr("limit: 5")));
  ASSERT_EQ(Oca("audit --show --verbose"), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Before  : {\"quota\":1}"));
  ASSERT_EQ(Oca("audit --show --json"), 0);
  EXPECT_EQ(Json()["entries"][0]["before"]["quota"], 1);
  EXPECT_TRUE(Json()["entries"][0]["after"].is_null());
  EXPECT_EQ(Oca("audit --show --limit 0"), kUsage);
}

}  // namespace
}  // namespace oca::cli
