#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::ElementsAre;

TEST_F(Cli, UsersOfCifsAreListed) {
  ASSERT_EQ(Oca("authenticate --show"), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("User  Enabled"), HasSubstr("eve ")));
  ASSERT_EQ(Oca("authenticate --show --users --json"), 0);
  EXPECT_EQ(nlohmann::json::parse(out_.str())["users"].size(), 2u);
}

TEST_F(Cli, CifsIsOpenedToAUserWhoKeepsHisOtherRolesOrToANewOne) {
  ASSERT_EQ(Oca("authenticate --add --user eve"), 0) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("CIFS is open to user 'eve'"));
  in_.str("a long password\n");
  ASSERT_EQ(Oca("authenticate --add --user new"), 0) << err_.str();
  EXPECT_THAT(UserCalls(),
              ElementsAre("UpdateUser: name: \"eve\" roles { roles: ROLE_MONITOR roles: "
                          "ROLE_SECURE_CONNECT roles: ROLE_CIFS } revision: 3",
                          "AddUser: name: \"new\" roles: ROLE_CIFS password: \"a long password\""));
}

TEST_F(Cli, CifsIsClosedOnlyToWhomItIsOpen) {
  EXPECT_EQ(Oca("authenticate --delete --user eve --yes"), kConflict);
  EXPECT_EQ(Oca("authenticate --delete --user nobody --yes"), kNotFound);
  EXPECT_EQ(Oca("authenticate --delete"), kUsage);
  EXPECT_THAT(UserCalls(), ElementsAre());
}

TEST_F(Cli, ThePasswordForCifsIsTheUsers) {
  in_.str("a long password\n");
  ASSERT_EQ(Oca("authenticate --set --user eve"), 0) << err_.str();
  EXPECT_THAT(UserCalls(),
              ElementsAre("SetUserPassword: name: \"eve\" password: \"a long password\""));
}

}  // namespace
}  // namespace oca::cli
