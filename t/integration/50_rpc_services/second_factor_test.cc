// Codes by time and recovery codes at the login with a password, through ocaconfigsvc's socket.
#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "lib/api/problem.h"
#include "lib/api/second_factor.grpc.pb.h"
#include "lib/api/tokens.grpc.pb.h"
#include "lib/crypto/totp.h"
#include "t/integration/50_rpc_services/users_fixture.h"
#include "t/support/totp.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using support::FromBase32;
using support::StatusIs;
using support::TotpCode;
using support::WrongTotpCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using FactorStub = mgmt::SecondFactor::Stub;

class SecondFactorService : public UsersService {
 protected:
  void SetUp() override {
    UsersService::SetUp();
    if (HasFatalFailure()) return;
    ASSERT_OK(AddUser("boss", {mgmt::ROLE_ADMINISTRATOR}));
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::ManagementSocket(home_.path())));
    factor_ = mgmt::SecondFactor::NewStub(channel);
    tokens_ = mgmt::Tokens::NewStub(channel);
  }

  template <typename Request, typename Response>
  absl::Status Ask(const Metadata& metadata,
                   grpc::Status (FactorStub::*method)(grpc::ClientContext*, const Request&,
                                                      Response*),
                   const Request& request, Response* response) {
    return CallOn(*factor_, metadata, method, request, response);
  }
  absl::StatusOr<mgmt::TotpSecret> Begin(const Metadata& metadata,
                                         const std::string& password = kPassword) {
    mgmt::BeginTotpRequest request;
    request.set_password(password);
    mgmt::TotpSecret secret;
    absl::Status status = Ask(metadata, &FactorStub::BeginTotp, request, &secret);
    if (!status.ok()) return status;
    return secret;
  }
  absl::StatusOr<mgmt::RecoveryCodes> Confirm(const Metadata& metadata, const std::string& code) {
    mgmt::ConfirmTotpRequest request;
    request.set_one_time_code(code);
    mgmt::RecoveryCodes codes;
    absl::Status status = Ask(metadata, &FactorStub::ConfirmTotp, request, &codes);
    if (!status.ok()) return status;
    return codes;
  }
  absl::Status Disable(const Metadata& metadata, const std::string& password = kPassword) {
    mgmt::DisableTotpRequest request;
    request.set_password(password);
    mgmt::User user;
    return Ask(metadata, &FactorStub::DisableTotp, request, &user);
  }
  absl::StatusOr<mgmt::User> Reset(const Metadata& metadata, const std::string& name,
                                   uint64_t revision = 0) {
    mgmt::ResetTotpRequest request;
    request.set_name(name);
    request.set_revision(revision);
    mgmt::User user;
    absl::Status status = Ask(metadata, &FactorStub::ResetTotp, request, &user);
    if (!status.ok()) return status;
    return user;
  }
  struct Enrolled {
    std::string secret;
    std::vector<std::string> codes;  // for recovery
  };
  Enrolled Enroll(const std::string& name) {
    absl::StatusOr<mgmt::TotpSecret> secret = Begin(As(name));
    EXPECT_OK(secret);
    if (!secret.ok()) return {"", std::vector<std::string>(10)};
    absl::StatusOr<mgmt::RecoveryCodes> codes = Confirm(As(name), TotpCode(secret->secret()));
    EXPECT_OK(codes);
    if (!codes.ok()) return {"", std::vector<std::string>(10)};
    Forget();
    return {secret->secret(), {codes->one_time_codes().begin(), codes->one_time_codes().end()}};
  }
  // As when time has passed since the last code.
  void Forget() { Sql("UPDATE oca_config.user_totp SET last_step = 1"); }
  absl::Status SignInBy(const std::string& code, const std::string& from = "https 192.0.2.1") {
    return SignIn("boss", kPassword, from, code).status();
  }
  mgmt::User Boss() {
    mgmt::ListUsersRequest request;
    request.set_name("boss");
    mgmt::ListUsersResponse list;
    EXPECT_OK(CallAs({}, &mgmt::Users::Stub::ListUsers, request, &list));
    return list.users_size() == 1 ? list.users(0) : mgmt::User();
  }

  std::unique_ptr<FactorStub> factor_;
  std::unique_ptr<mgmt::Tokens::Stub> tokens_;
};

TEST_F(SecondFactorService, CountsOnceACodeHasConfirmedIt) {
  ASSERT_OK_AND_ASSIGN(mgmt::LoginResponse mine, SignIn("boss", kPassword));
  ASSERT_OK_AND_ASSIGN(mgmt::LoginResponse other, SignIn("boss", kPassword));
  const Metadata me = With(mine.token());
  EXPECT_THAT(Confirm(me, "123456").status(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Begin(me, "wrong password").status(), StatusIs(StatusCode::kPermissionDenied));
  ASSERT_OK_AND_ASSIGN(mgmt::TotpSecret old, Begin(me));
  ASSERT_OK_AND_ASSIGN(mgmt::TotpSecret secret, Begin(me));
  EXPECT_NE(old.secret(), secret.secret());
  EXPECT_EQ(secret.secret().size(), 32u);
  EXPECT_THAT(secret.secret_uri(),
              AllOf(testing::StartsWith("otpauth://totp/Oca:boss"), HasSubstr(secret.secret())));
  EXPECT_OK(SignInBy(""));
  EXPECT_THAT(Confirm(me, WrongTotpCode(secret.secret())).status(),
              StatusIs(StatusCode::kPermissionDenied));
  EXPECT_FALSE(Boss().has_totp());
  EXPECT_OK(SignInBy(""));
  ASSERT_OK_AND_ASSIGN(mgmt::RecoveryCodes codes, Confirm(me, TotpCode(secret.secret())));
  EXPECT_EQ(
      std::set<std::string>(codes.one_time_codes().begin(), codes.one_time_codes().end()).size(),
      10u);
  EXPECT_TRUE(Boss().has_totp());
  EXPECT_EQ(Boss().recovery_codes_left(), 10u);
  // The login that did it goes on, others do not.
  EXPECT_OK(Look(me));
  EXPECT_THAT(Look(With(other.token())), StatusIs(StatusCode::kUnauthenticated));
  absl::Status needed = SignInBy("");
  EXPECT_THAT(needed, StatusIs(StatusCode::kUnauthenticated));
  EXPECT_EQ(api::TypeOf(needed), api::kCodeNeeded);
  // Nothing is told to who does not know the password.
  EXPECT_EQ(api::TypeOf(SignIn("boss", "wrong password").status()), "");
  Forget();
  EXPECT_OK(SignInBy(TotpCode(secret.secret())));
  EXPECT_THAT(Begin(me).status(), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(SecondFactorService, NoCodeIsTakenTwice) {
  const Enrolled boss = Enroll("boss");
  const std::string code = TotpCode(boss.secret);
  EXPECT_OK(SignInBy(code));
  absl::Status again = SignInBy(code);
  EXPECT_THAT(again, StatusIs(StatusCode::kUnauthenticated));
  EXPECT_EQ(api::TypeOf(again), api::kCodeWrong);
  // Nor by whom the first one has not told yet.
  Forget();
  const std::string contested = TotpCode(boss.secret);
  std::atomic<int> in = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&, i] {
      if (SignInBy(contested, fmt::format("https 192.0.2.{}", 10 + i)).ok()) ++in;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(in.load(), 1);
}

TEST_F(SecondFactorService, CodesOfOtherTimesAndOthersAreWrong) {
  ASSERT_OK(AddUser("other", {mgmt::ROLE_ADMINISTRATOR}));
  const Enrolled boss = Enroll("boss");
  const Enrolled other = Enroll("other");
  EXPECT_THAT(SignInBy(support::TotpCodeAt(boss.secret, support::TotpStepNow() - 10)),
              StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(SignInBy(other.codes[0]), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_OK(SignInBy(" " + TotpCode(boss.secret).insert(3, " ")));
}

TEST_F(SecondFactorService, RecoveryCodesLetInOnceEach) {
  const Enrolled boss = Enroll("boss");
  ASSERT_EQ(boss.codes.size(), 10u);
  ASSERT_OK_AND_ASSIGN(mgmt::LoginResponse login,
                       SignIn("boss", kPassword, "https 192.0.2.1", boss.codes[0]));
  EXPECT_EQ(login.user().recovery_codes_left(), 9u);
  EXPECT_THAT(SignInBy(boss.codes[0]), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_OK(SignInBy(absl::AsciiStrToUpper(absl::StrReplaceAll(boss.codes[1], {{"-", ""}}))));
  mgmt::RenewRecoveryCodesRequest renew;
  mgmt::RecoveryCodes renewed;
  EXPECT_THAT(Ask(As("boss"), &FactorStub::RenewRecoveryCodes, renew, &renewed),
              StatusIs(StatusCode::kPermissionDenied));
  renew.set_password(kPassword);
  ASSERT_OK(Ask(As("boss"), &FactorStub::RenewRecoveryCodes, renew, &renewed));
  EXPECT_THAT(SignInBy(boss.codes[2]), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_OK(SignInBy(renewed.one_time_codes(0)));
  EXPECT_EQ(Boss().recovery_codes_left(), 9u);
}

TEST_F(SecondFactorService, GuessingCodesIsSlowedDownWhereverItComesFrom) {
  const Enrolled boss = Enroll("boss");
  const std::string wrong = WrongTotpCode(boss.secret);
  EXPECT_THAT(SignInBy(wrong, "https 192.0.2.1"), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(SignInBy(wrong, "https 192.0.2.2"), StatusIs(StatusCode::kUnauthenticated));
  // To leave the code out is no way to begin anew.
  EXPECT_EQ(api::TypeOf(SignInBy("", "https 192.0.2.3")), api::kCodeNeeded);
  absl::Status status = SignInBy(wrong, "https 192.0.2.4");
  EXPECT_THAT(status, StatusIs(StatusCode::kUnauthenticated));
  // The waits grow: a slow machine may find the first ones over.
  for (int i = 5; i < 15 && !absl::IsResourceExhausted(status); ++i) {
    status = SignInBy(wrong, fmt::format("https 192.0.2.{}", i));
  }
  EXPECT_THAT(status, StatusIs(StatusCode::kResourceExhausted));
}

TEST_F(SecondFactorService, AnotherAdministratorResetsIt) {
  ASSERT_OK(AddUser("other", {mgmt::ROLE_ADMINISTRATOR}));
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  EXPECT_THAT(Reset(As("other"), "boss").status(), StatusIs(StatusCode::kFailedPrecondition));
  const Enrolled boss = Enroll("boss");
  ASSERT_OK_AND_ASSIGN(mgmt::LoginResponse login,
                       SignIn("boss", kPassword, "https 192.0.2.1", TotpCode(boss.secret)));
  EXPECT_THAT(Reset(As("mon"), "boss").status(), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Reset(With(login.token()), "boss").status(),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Reset(As("other"), "nobody").status(), StatusIs(StatusCode::kNotFound));
  const uint64_t seen = Boss().revision();
  mgmt::UpdateUserRequest update;
  update.set_name("boss");
  update.set_phone("1");
  update.set_revision(seen);
  ASSERT_OK(Update(update));
  EXPECT_THAT(Reset(As("other"), "boss", seen).status(), StatusIs(StatusCode::kAborted));
  ASSERT_OK_AND_ASSIGN(mgmt::User reset, Reset(As("other"), "boss", seen + 1));
  EXPECT_FALSE(reset.has_totp());
  EXPECT_EQ(reset.revision(), seen + 2);
  EXPECT_THAT(Look(With(login.token())), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_OK(SignInBy(""));
  std::vector<mgmt::AuditEntry> entries = Audit("ResetTotp");
  ASSERT_FALSE(entries.empty());
  EXPECT_EQ(entries[0].user(), "other");
  EXPECT_EQ(entries[0].target(), "boss");
  EXPECT_EQ(entries[0].outcome(), mgmt::OUTCOME_DONE);
  EXPECT_THAT(entries[0].before(), HasSubstr("\"has_totp\":true"));
  EXPECT_EQ(std::count_if(entries.begin(), entries.end(),
                          [](const auto& e) { return e.outcome() == mgmt::OUTCOME_DENIED; }),
            1);
  // The account that runs the appliance can always do it.
  Enroll("boss");
  EXPECT_OK(Reset({}, "boss"));
}

TEST_F(SecondFactorService, OnesOwnIsDisabledWithThePassword) {
  EXPECT_THAT(Disable(As("boss")), StatusIs(StatusCode::kFailedPrecondition));
  Enroll("boss");
  EXPECT_THAT(Disable(As("boss"), "wrong password"), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(SignInBy(""), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_OK(Disable(As("boss")));
  EXPECT_OK(SignInBy(""));
  EXPECT_EQ(Boss().recovery_codes_left(), 0u);
}

TEST_F(SecondFactorService, KeysAndTokensOfProgramsNeedNoCode) {
  mgmt::AddTokenRequest request;
  request.set_name("t");
  request.set_user("boss");
  request.set_role(mgmt::ROLE_ADMINISTRATOR);
  mgmt::TokenWithSecret token;
  grpc::ClientContext context;
  rpc::SetTimeout(&context, absl::Seconds(60));
  context.set_wait_for_ready(true);
  ASSERT_OK(rpc::FromGrpc(tokens_->AddToken(&context, request, &token)));
  Enroll("boss");
  EXPECT_OK(Look(As("boss")));
  EXPECT_OK(Look(With(token.secret())));
  // But they have no say about second factors of their own.
  EXPECT_THAT(Disable(With(token.secret())), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Disable({}), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(SecondFactorService, WhoHasNoPasswordHasNoUseForOne) {
  mgmt::AddUserRequest request;
  request.set_name("keys");
  request.add_roles(mgmt::ROLE_ADMINISTRATOR);
  mgmt::UserWithPassword made;
  ASSERT_OK(CallAs({}, &mgmt::Users::Stub::AddUser, request, &made));
  EXPECT_THAT(Begin(As("keys")).status(), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(SecondFactorService, AnotherKeyForSecretsLeavesTheRecoveryCodes) {
  const Enrolled boss = Enroll("boss");
  ASSERT_EQ(::unlink(home_.Path("config/secrets.key").c_str()), 0);
  absl::Status status = SignInBy(TotpCode(boss.secret));
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Text(status), HasSubstr("a recovery code does"));
  EXPECT_OK(SignInBy(boss.codes[0]));
}

TEST_F(SecondFactorService, NothingOfItIsInADumpOfTheDatabase) {
  ASSERT_OK_AND_ASSIGN(mgmt::TotpSecret begun, Begin(As("boss")));
  const Enrolled boss = Enroll("boss");
  EXPECT_OK(SignInBy(TotpCode(boss.secret)));
  EXPECT_OK(SignInBy(boss.codes[0]));
  const std::string dump = database_server_->Dump(dsn_);
  const std::string log = support::ReadText(home_.Path("log/ocaconfigsvc.log"));
  EXPECT_THAT(dump, AllOf(HasSubstr("user_totp"), HasSubstr("BeginTotp"), HasSubstr("ConfirmTotp"),
                          HasSubstr(Sql("SELECT secret_sealed FROM oca_config.user_totp"))));
  for (const std::string& secret : {boss.secret, begun.secret()}) {
    const std::string bytes = FromBase32(secret);
    ASSERT_EQ(crypto::Base32(bytes), secret);
    for (const std::string& form :
         {secret, absl::AsciiStrToLower(secret), bytes, std::string(absl::BytesToHexString(bytes)),
          std::string(absl::Base64Escape(bytes))}) {
      EXPECT_THAT(dump, Not(HasSubstr(form)));
      EXPECT_THAT(log, Not(HasSubstr(form)));
    }
  }
  for (const std::string& code : boss.codes) {
    const std::string plain = absl::StrReplaceAll(code, {{"-", ""}});
    for (const std::string& form : {code, plain, std::string(absl::BytesToHexString(plain))}) {
      EXPECT_THAT(dump, Not(HasSubstr(form)));
      EXPECT_THAT(log, Not(HasSubstr(form)));
    }
  }
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.user_recovery_code"), "9");
}

TEST_F(SecondFactorService, GoesWithTheUser) {
  ASSERT_OK(AddUser("other", {mgmt::ROLE_ADMINISTRATOR}));
  Enroll("boss");
  mgmt::DeleteUserRequest remove;
  remove.set_name("boss");
  mgmt::DeleteUserResponse removed;
  ASSERT_OK(CallAs({}, &mgmt::Users::Stub::DeleteUser, remove, &removed));
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.user_totp"), "0");
  EXPECT_EQ(Sql("SELECT count(*) FROM oca_config.user_recovery_code"), "0");
}

}  // namespace
}  // namespace oca::config
