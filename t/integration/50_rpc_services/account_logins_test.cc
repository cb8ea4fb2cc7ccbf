// Users who come in by an account of the machine, whom the kernel names: here the one that runs the
// test.
#include <grp.h>
#include <unistd.h>

#include <fstream>

#include "lib/api/problem.h"
#include "lib/api/second_factor.grpc.pb.h"
#include "lib/rpc/account_door.h"
#include "services/config/gate.h"
#include "t/integration/50_rpc_services/users_fixture.h"
#include "t/support/totp.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::HasSubstr;

class AccountLoginsService : public UsersService {
 protected:
  void SetUp() override {
    UsersService::SetUp();
    if (HasFatalFailure()) return;
    StopService();
    const group* own = ::getgrgid(::getegid());
    ASSERT_NE(own, nullptr);
    std::ofstream(home_.Path("oca.toml"), std::ios::app)
        << "[ssh]\naccount_group = \"" << own->gr_name << "\"\n";
    StartService();
    WaitReady();
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::AccountsSocket(home_.path())));
    entrance_ = Management::NewStub(channel);
    entrance_users_ = mgmt::Users::NewStub(channel);
    entrance_factor_ = mgmt::SecondFactor::NewStub(channel);
  }

  absl::StatusOr<std::string> Enter(const std::string& code = "") {
    return rpc::KnockAt(api::AccountsDoor(home_.path()), "ssh 192.0.2.7", code, absl::Seconds(60));
  }
  absl::Status LookBy(const Metadata& metadata) {
    mgmt::System system;
    return CallOn(*entrance_, metadata, &Management::Stub::GetSystem, mgmt::GetSystemRequest(),
                  &system);
  }
  absl::Status ChangeBy(const Metadata& metadata) {
    mgmt::AddContainerRequest request;
    request.set_name("byaccount");
    mgmt::Container made;
    return CallOn(*entrance_, metadata, &Management::Stub::AddContainer, request, &made);
  }
  mgmt::UpdateUserRequest ForMe() const {
    mgmt::UpdateUserRequest request;
    request.set_name(me_);
    return request;
  }

  const std::string me_ = AccountName();
  std::unique_ptr<Management::Stub> entrance_;
  std::unique_ptr<mgmt::Users::Stub> entrance_users_;
  std::unique_ptr<mgmt::SecondFactor::Stub> entrance_factor_;
};

TEST_F(AccountLoginsService, AnAccountIsTheUserOfItsNameWithThatOnesRoles) {
  EXPECT_THAT(Enter(), StatusIs(StatusCode::kUnauthenticated));
  ASSERT_OK(AddUser(me_, {mgmt::ROLE_MONITOR}, ""));
  ASSERT_OK_AND_ASSIGN(std::string token, Enter());
  EXPECT_OK(LookBy(With(token)));
  EXPECT_THAT(ChangeBy(With(token)), StatusIs(StatusCode::kPermissionDenied));
  // A name counts for nothing, nor does none.
  EXPECT_THAT(LookBy(As(me_)), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(LookBy({}), StatusIs(StatusCode::kUnauthenticated));

  mgmt::LogoutResponse out;
  EXPECT_OK(CallOn(*entrance_users_, With(token), &mgmt::Users::Stub::Logout, mgmt::LogoutRequest(),
                   &out));
  EXPECT_THAT(LookBy(With(token)), StatusIs(StatusCode::kUnauthenticated));
}

TEST_F(AccountLoginsService, OnlyUsersWithASayComeInAndTheyGoWhenTheyAreDisabled) {
  ASSERT_OK(AddUser(me_, {mgmt::ROLE_NDMP, mgmt::ROLE_ISCSI}, ""));
  absl::Status refused = Enter().status();
  EXPECT_THAT(refused, StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Text(refused), HasSubstr("neither the role administrator nor monitor"));

  mgmt::UpdateUserRequest update = ForMe();
  update.mutable_roles()->add_roles(mgmt::ROLE_ADMINISTRATOR);
  ASSERT_OK(Update(update));
  ASSERT_OK_AND_ASSIGN(std::string token, Enter());
  EXPECT_OK(ChangeBy(With(token)));
  ASSERT_OK(AddUser("other", {mgmt::ROLE_ADMINISTRATOR}));
  update = ForMe();
  update.set_enabled(false);
  ASSERT_OK(Update(update));
  EXPECT_THAT(LookBy(With(token)), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(Enter(), StatusIs(StatusCode::kUnauthenticated));
}

TEST_F(AccountLoginsService, LoginsAreOnRecordWithTheirPlace) {
  EXPECT_THAT(Enter(), StatusIs(StatusCode::kUnauthenticated));
  ASSERT_OK(AddUser(me_, {mgmt::ROLE_MONITOR}, ""));
  ASSERT_OK_AND_ASSIGN(std::string token, Enter());
  std::vector<mgmt::AuditEntry> entries = Audit("Login");
  ASSERT_EQ(entries.size(), 2u);
  for (const mgmt::AuditEntry& entry : entries) {
    EXPECT_EQ(entry.user(), me_);
    EXPECT_EQ(entry.origin(), "ssh 192.0.2.7");
    EXPECT_THAT(entry.DebugString(), testing::Not(HasSubstr(token)));
  }
  EXPECT_EQ(entries[0].outcome(), mgmt::OUTCOME_DONE);
  EXPECT_EQ(entries[1].outcome(), mgmt::OUTCOME_FAILED);
}

TEST_F(AccountLoginsService, ASecondFactorIsAskedForAndItsCodesAreTakenOnce) {
  ASSERT_OK(AddUser(me_, {mgmt::ROLE_MONITOR}));
  ASSERT_OK_AND_ASSIGN(std::string token, Enter());
  mgmt::BeginTotpRequest begin;
  begin.set_password(kPassword);
  mgmt::TotpSecret secret;
  ASSERT_OK(
      CallOn(*entrance_factor_, With(token), &mgmt::SecondFactor::Stub::BeginTotp, begin, &secret));
  mgmt::ConfirmTotpRequest confirm;
  confirm.set_one_time_code(support::TotpCode(secret.secret()));
  mgmt::RecoveryCodes codes;
  ASSERT_OK(CallOn(*entrance_factor_, With(token), &mgmt::SecondFactor::Stub::ConfirmTotp, confirm,
                   &codes));

  EXPECT_EQ(api::TypeOf(Enter().status()), api::kCodeNeeded);
  EXPECT_EQ(api::TypeOf(Enter("x" + codes.one_time_codes(0)).status()), api::kCodeWrong);
  ASSERT_OK_AND_ASSIGN(token, Enter(codes.one_time_codes(0)));
  EXPECT_OK(LookBy(With(token)));
  EXPECT_EQ(api::TypeOf(Enter(codes.one_time_codes(0)).status()), api::kCodeWrong);
}

TEST_F(ConfigService, AccountsDoNotShareTheGroupThatSpeaksForUsers) {
  StopService();
  std::ofstream(home_.Path("wrong.toml"))
      << "[database]\ndsn = \"" << dsn_
      << "\"\n[ssh]\ngroup = \"nogroup\"\naccount_group = \"nogroup\"\n";
  std::vector<std::string> args = {"--home", home_.path(), "--config", home_.Path("wrong.toml")};
  std::ostringstream err;
  Context context{out_, err, [] {}};
  EXPECT_EQ(config::Run(args, context), 1);
  EXPECT_THAT(err.str(), HasSubstr("must be another group"));
  StartService();
}

}  // namespace
}  // namespace oca::config
