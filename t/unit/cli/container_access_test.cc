#include "t/unit/cli/cli_test.h"

namespace oca::cli {
namespace {

using testing::ElementsAre;

TEST_F(Cli, AccessIsAddedChangedAndDeleted) {
  ASSERT_EQ(Oca("container --add_uac --name backups --user eve --mode rwd"), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("User      : eve\n"), HasSubstr("Access    : RWD\n")));
  ASSERT_EQ(Oca("container --add_uac --name backups --role CIFS --mode RW --json"), 0);
  EXPECT_EQ(Json()["role"], "cifs");
  EXPECT_EQ(Json()["mode"], "rw");
  ASSERT_EQ(Oca("container --update_uac --name backups --user eve --mode RW --revision 3"), 0);
  ASSERT_EQ(Oca("container delete_uac --name backups --role cifs --json"), 0);
  EXPECT_EQ(Json()["deleted"], true);
  EXPECT_THAT(AccessCalls(),
              ElementsAre("AddAccess: name: \"backups\" user: \"eve\" mode: ACCESS_MODE_RWD",
                          "AddAccess: name: \"backups\" role: ROLE_CIFS mode: ACCESS_MODE_RW",
                          "UpdateAccess: name: \"backups\" user: \"eve\" mode: ACCESS_MODE_RW "
                          "revision: 3",
                          "DeleteAccess: name: \"backups\" role: ROLE_CIFS"));
}

TEST_F(Cli, AccessIsShown) {
  ASSERT_EQ(Oca("container --show_uac"), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Container  User  User ID  Role  Access"),
                                HasSubstr("backups    eve         2  -     RWD"),
                                HasSubstr("backups    -           -  cifs  RW")));
  ASSERT_EQ(Oca("container --show_uac --name backups --user eve --json"), 0);
  EXPECT_EQ(Json()["entries"][0]["user_id"], 2);
  EXPECT_EQ(AccessCalls().back(), "ListAccess: name: \"backups\" user: \"eve\"");
}

TEST_F(Cli, AccessIsOfOneUserOrRole) {
  EXPECT_EQ(Oca("container --add_uac --name backups --mode RW"), kUsage);
  EXPECT_EQ(Oca("container --add_uac --name backups --user eve --role cifs --mode RW"), kUsage);
  EXPECT_EQ(Oca("container --add_uac --name backups --user eve --mode R"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("RWD"));
  EXPECT_EQ(Oca("container --add_uac --name backups --user eve"), kUsage);
  EXPECT_EQ(Oca("container --add_uac --user eve --mode RW"), kUsage);
  EXPECT_EQ(Oca("container --add_uac --name backups --role cfis --mode RW"), kUsage);
  EXPECT_THAT(err_.str(), HasSubstr("did you mean 'cifs'?"));
  EXPECT_THAT(AccessCalls(), ElementsAre());
}

}  // namespace
}  // namespace oca::cli
