#include "services/http/fields.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/util/time_util.h"
#include "gtest/gtest.h"
#include "lib/api/management.pb.h"
#include "lib/api/users.pb.h"
#include "t/support/status_matchers.h"

namespace oca::httpd {
namespace {

namespace mgmt = management::v1;
using google::protobuf::Message;
using support::StatusIs;

absl::Status Set(Message* message, const std::string& field, std::string_view text) {
  return SetField(message, *message->GetDescriptor()->FindFieldByName(field), text);
}

TEST(Fields, EachKindFromText) {
  mgmt::UpdateStorageGroupRequest group;
  EXPECT_OK(Set(&group, "name", "caf\xC3\xA9"));
  EXPECT_OK(Set(&group, "quota_bytes", "18446744073709551615"));
  EXPECT_OK(Set(&group, "compression_mode", "COMPRESSION_MODE_BEST"));
  EXPECT_EQ(group.name(), "caf\xC3\xA9");
  EXPECT_EQ(group.quota_bytes(), 18446744073709551615ull);
  EXPECT_EQ(group.compression_mode(), fs::v1::COMPRESSION_MODE_BEST);
  EXPECT_OK(Set(&group, "compression_mode", "fast"));
  EXPECT_EQ(group.compression_mode(), fs::v1::COMPRESSION_MODE_FAST);

  mgmt::DeleteContainerRequest container;
  EXPECT_OK(Set(&container, "delete_files", "true"));
  EXPECT_TRUE(container.delete_files());
  EXPECT_OK(Set(&container, "delete_files", "false"));
  EXPECT_FALSE(container.delete_files());

  mgmt::ListAuditRequest audit;
  EXPECT_OK(Set(&audit, "limit", "10"));
  EXPECT_OK(Set(&audit, "since", "2026-01-31T12:00:00Z"));
  EXPECT_EQ(audit.limit(), 10u);
  EXPECT_EQ(google::protobuf::util::TimeUtil::ToString(audit.since()), "2026-01-31T12:00:00Z");

  mgmt::RoleList roles;
  EXPECT_OK(Set(&roles, "roles", "monitor"));
  EXPECT_OK(Set(&roles, "roles", "ROLE_CIFS"));
  EXPECT_EQ(roles.roles_size(), 2);

  mgmt::SystemStats stats;
  EXPECT_OK(Set(&stats, "read_mib_per_s", "1.5"));
  EXPECT_EQ(stats.read_mib_per_s(), 1.5);
}

TEST(Fields, WhatDoesNotFitSaysSo) {
  mgmt::ListAuditRequest audit;
  for (const char* bad : {"", "-1", "4294967296", "1.5", "ten", "0x10"}) {
    EXPECT_THAT(Set(&audit, "limit", bad), StatusIs(absl::StatusCode::kInvalidArgument)) << bad;
  }
  EXPECT_THAT(Set(&audit, "since", "yesterday"), StatusIs(absl::StatusCode::kInvalidArgument));
  mgmt::DeleteContainerRequest container;
  for (const char* bad : {"", "1", "yes", "True"}) {
    EXPECT_THAT(Set(&container, "delete_files", bad), StatusIs(absl::StatusCode::kInvalidArgument));
  }
  mgmt::ListUsersRequest users;
  EXPECT_THAT(Set(&users, "role", "king"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Set(&users, "role", "3"), StatusIs(absl::StatusCode::kInvalidArgument));
  mgmt::SystemStats stats;
  EXPECT_THAT(Set(&stats, "read_mib_per_s", "inf"), StatusIs(absl::StatusCode::kInvalidArgument));
}

// A URL ends in logs and histories.
TEST(Fields, SecretsAndMessagesDoNotFitInUrls) {
  const auto* login = mgmt::LoginRequest::descriptor();
  EXPECT_TRUE(FitsInUrl(*login->FindFieldByName("name")));
  EXPECT_FALSE(FitsInUrl(*login->FindFieldByName("password")));
  const auto* update = mgmt::UpdateUserRequest::descriptor();
  EXPECT_FALSE(FitsInUrl(*update->FindFieldByName("roles")));
  EXPECT_TRUE(FitsInUrl(*mgmt::ListAuditRequest::descriptor()->FindFieldByName("since")));
}

}  // namespace
}  // namespace oca::httpd
