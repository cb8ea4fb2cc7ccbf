#include "services/config/roles.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "t/support/status_matchers.h"

namespace oca::config {
namespace {

using support::StatusIs;

TEST(Roles, EveryRoleHasAWordAndBack) {
  for (int number = 1; management::v1::Role_IsValid(number); ++number) {
    const Role role = static_cast<Role>(number);
    ASSERT_OK_AND_ASSIGN(Role back, RoleOf(RoleWord(role)));
    EXPECT_EQ(back, role);
  }
  EXPECT_EQ(RoleWord(management::v1::ROLE_SECURE_CONNECT), "secure_connect");
  EXPECT_THAT(RoleOf("root"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(Roles, OnlyTwoRolesHaveASayInTheAppliance) {
  for (int number = 1; management::v1::Role_IsValid(number); ++number) {
    const Role role = static_cast<Role>(number);
    const bool administers = role == management::v1::ROLE_ADMINISTRATOR;
    const bool views = administers || role == management::v1::ROLE_MONITOR;
    const std::vector<Role> roles = {role};
    EXPECT_EQ(Allows(roles, PERMISSION_VIEW), views) << RoleWord(role);
    EXPECT_EQ(Allows(roles, PERMISSION_OPERATE), administers) << RoleWord(role);
    EXPECT_EQ(Allows(roles, PERMISSION_ADMINISTER), administers) << RoleWord(role);
    EXPECT_FALSE(Allows(roles, PERMISSION_INTERNAL)) << RoleWord(role);
    EXPECT_FALSE(Allows(roles, PERMISSION_UNSPECIFIED)) << RoleWord(role);
    EXPECT_TRUE(Allows(roles, PERMISSION_SIGNED_IN)) << RoleWord(role);
  }
  EXPECT_FALSE(Allows({}, PERMISSION_VIEW));
}

TEST(Roles, AreSortedAndChecked) {
  ASSERT_OK_AND_ASSIGN(auto roles,
                       CheckedRoles({management::v1::ROLE_OST, management::v1::ROLE_CIFS,
                                     management::v1::ROLE_OST}));
  EXPECT_THAT(roles, testing::ElementsAre(management::v1::ROLE_CIFS, management::v1::ROLE_OST));
  EXPECT_EQ(RolesText(roles), "cifs, ost");
  EXPECT_EQ(RolesText({}), "none");
  EXPECT_THAT(CheckedRoles({management::v1::ROLE_UNSPECIFIED}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace oca::config
