#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/management.pb.h"
#include "lib/api/users.pb.h"
#include "services/config/audit.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using testing::HasSubstr;
using testing::Not;

TEST(AuditJson, IsOneLineWithTheNamesOfTheApi) {
  mgmt::AddUserRequest request;
  request.set_name("a\nb");
  request.set_full_name("Eve");
  EXPECT_EQ(AuditJson(request), R"({"name":"a\nb","full_name":"Eve"})");
  EXPECT_EQ(AuditJson(mgmt::StartReclaimRequest()), "");
}

TEST(AuditJson, SecretsAreGoneAtEveryDepth) {
  mgmt::LoginResponse login;
  login.set_token("abc");
  login.mutable_user()->set_name("eve");
  EXPECT_THAT(AuditJson(login), HasSubstr(R"json("token":"(secret)")json"));
  mgmt::SetStorageGroupPassphraseRequest passphrase;
  passphrase.set_passphrase("xyzzy plugh");
  EXPECT_THAT(AuditJson(passphrase), Not(HasSubstr("xyzzy")));
  mgmt::UserWithPassword made;
  made.set_generated_password("qqq");
  EXPECT_THAT(AuditJson(made), Not(HasSubstr("qqq")));
}

}  // namespace
}  // namespace oca::config
