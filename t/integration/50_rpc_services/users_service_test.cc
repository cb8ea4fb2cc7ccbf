// Users, roles, logins and the record of changes, through ocaconfigsvc's socket.
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/util/json_util.h"
#include "grpcpp/generic/generic_stub.h"
#include "lib/api/access.pb.h"
#include "lib/api/alerts.pb.h"
#include "lib/api/audit_limits.pb.h"
#include "lib/api/options.pb.h"
#include "lib/api/recycle_bin.pb.h"
#include "lib/api/second_factor.pb.h"
#include "lib/api/tape_libraries.pb.h"
#include "t/integration/50_rpc_services/users_fixture.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using mgmt::Users;
using support::StatusIs;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST_F(UsersService, UserIsAddedShownChangedAndDeleted) {
  ASSERT_OK_AND_ASSIGN(mgmt::User made,
                       AddUser("eve", {mgmt::ROLE_MONITOR, mgmt::ROLE_CIFS, mgmt::ROLE_MONITOR}));
  EXPECT_THAT(made.roles(), ElementsAre(mgmt::ROLE_MONITOR, mgmt::ROLE_CIFS));
  EXPECT_TRUE(made.enabled());
  EXPECT_TRUE(made.has_password());
  EXPECT_FALSE(made.has_secret());
  EXPECT_EQ(made.revision(), 1u);
  EXPECT_THAT(AddUser("eve", {}).status(), StatusIs(StatusCode::kAlreadyExists));
  mgmt::UpdateUserRequest update;
  update.set_name("eve");
  update.set_full_name("Eve Adams");
  ASSERT_OK_AND_ASSIGN(mgmt::User changed, Update(update));
  EXPECT_EQ(changed.full_name(), "Eve Adams");
  EXPECT_EQ(changed.roles_size(), 2);
  EXPECT_EQ(changed.revision(), 2u);
  mgmt::ListUsersRequest list;
  list.set_role(mgmt::ROLE_CIFS);
  mgmt::ListUsersResponse users;
  ASSERT_OK(CallAs({}, &Users::Stub::ListUsers, list, &users));
  ASSERT_EQ(users.users_size(), 1);
  EXPECT_EQ(users.users(0).full_name(), "Eve Adams");
  mgmt::DeleteUserRequest remove;
  remove.set_name("eve");
  mgmt::DeleteUserResponse removed;
  ASSERT_OK(CallAs({}, &Users::Stub::DeleteUser, remove, &removed));
  EXPECT_THAT(CallAs({}, &Users::Stub::DeleteUser, remove, &removed),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(UsersService, BadValuesAreRefused) {
  EXPECT_THAT(AddUser("a b", {}).status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AddUser(std::string(33, 'a'), {}).status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AddUser("a", {}, "short").status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AddUser("a", {}, std::string(257, 'x')).status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(AddUser("a", {static_cast<mgmt::Role>(77)}).status(),
              StatusIs(StatusCode::kInvalidArgument));
  mgmt::UpdateUserRequest update;
  update.set_name("nobody");
  EXPECT_THAT(Update(update).status(), StatusIs(StatusCode::kNotFound));
  update.set_phone("1\n2");
  EXPECT_THAT(Update(update).status(), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(UsersService, SecondOfTwoWhoChangeTheSameIsToldSo) {
  ASSERT_OK_AND_ASSIGN(mgmt::User seen, AddUser("eve", {}));
  mgmt::UpdateUserRequest first;
  first.set_name("eve");
  first.set_phone("1");
  first.set_revision(seen.revision());
  ASSERT_OK(Update(first));
  mgmt::UpdateUserRequest second = first;
  second.set_phone("2");
  absl::Status conflict = Update(second).status();
  EXPECT_THAT(conflict, StatusIs(StatusCode::kAborted));
  EXPECT_THAT(Text(conflict), HasSubstr("revision 2 now, not 1"));
  EXPECT_EQ(Sql("SELECT phone FROM oca_config.user_account"), "1");

  ASSERT_OK_AND_ASSIGN(mgmt::StorageGroup group, AddGroup("g", 1 << 30));
  mgmt::UpdateStorageGroupRequest quota;
  quota.set_name("g");
  quota.set_quota_bytes(2 << 20);
  quota.set_revision(group.revision());
  ASSERT_OK(Call(&Management::Stub::UpdateStorageGroup, quota, &group));
  EXPECT_THAT(Call(&Management::Stub::UpdateStorageGroup, quota, &group),
              StatusIs(StatusCode::kAborted));
}

TEST_F(UsersService, ChangesAtOnceAreAllMade) {
  ASSERT_OK(AddUser("eve", {}));
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      mgmt::UpdateUserRequest update;
      update.set_name("eve");
      update.set_phone(std::to_string(i));
      EXPECT_OK(Update(update));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Sql("SELECT revision FROM oca_config.user_account"), "9");
}

TEST_F(UsersService, LastAdministratorStays) {
  ASSERT_OK(AddUser("a", {mgmt::ROLE_ADMINISTRATOR}));
  mgmt::UpdateUserRequest update;
  update.set_name("a");
  update.set_enabled(false);
  EXPECT_THAT(Update(update).status(), StatusIs(StatusCode::kFailedPrecondition));
  update.clear_enabled();
  update.mutable_roles()->add_roles(mgmt::ROLE_MONITOR);
  EXPECT_THAT(Update(update).status(), StatusIs(StatusCode::kFailedPrecondition));
  mgmt::DeleteUserRequest remove;
  remove.set_name("a");
  mgmt::DeleteUserResponse removed;
  EXPECT_THAT(CallAs({}, &Users::Stub::DeleteUser, remove, &removed),
              StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_OK(AddUser("b", {mgmt::ROLE_ADMINISTRATOR}));
  EXPECT_OK(CallAs({}, &Users::Stub::DeleteUser, remove, &removed));
}

TEST_F(UsersService, RolesDecideWhatAUserMayDo) {
  ASSERT_OK(AddUser("admin", {mgmt::ROLE_ADMINISTRATOR}));
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  ASSERT_OK(AddUser("share", {mgmt::ROLE_CIFS}));
  EXPECT_OK(Look(As("admin")));
  EXPECT_OK(Look(As("mon")));
  absl::Status refused = Look(As("share"));
  EXPECT_THAT(refused, StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Text(refused), AllOf(HasSubstr("'share'"), HasSubstr("roles: cifs")));
  EXPECT_OK(Change(As("admin"), "c1"));
  EXPECT_THAT(Change(As("mon"), "c2"), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Change(As("share"), "c2"), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Look(As("nobody")), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(Names(), ElementsAre("c1"));
  EXPECT_THAT(Secret("share", As("admin")), StatusIs(StatusCode::kPermissionDenied));
}

// Whatever the annotation, no method lets somebody in who has no role, but to sign in and for what
// is one's own.
TEST_F(UsersService, EveryMethodIsBehindTheGate) {
  ASSERT_OK(AddUser("none", {}));
  ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::ManagementSocket(home_.path())));
  int checked = 0;
  for (const auto* file :
       {mgmt::System::descriptor()->file(), mgmt::RecycledFile::descriptor()->file(),
        mgmt::User::descriptor()->file(), mgmt::Alert::descriptor()->file(),
        mgmt::TapeLibrary::descriptor()->file(), mgmt::TotpSecret::descriptor()->file(),
        mgmt::AccessEntry::descriptor()->file(), mgmt::AuditLimitsStatus::descriptor()->file()}) {
    for (int i = 0; i < file->service(0)->method_count(); ++i) {
      const auto* method = file->service(0)->method(i);
      SCOPED_TRACE(method->full_name());
      const Permission wanted = method->options().GetExtension(oca::rule).permission();
      if (wanted == PERMISSION_NONE || wanted == PERMISSION_SIGNED_IN) continue;
      grpc::TemplatedGenericStub<mgmt::GetSystemRequest, mgmt::GetSystemRequest> stub(channel);
      grpc::ClientContext context;
      rpc::SetTimeout(&context, absl::Seconds(60));
      context.AddMetadata("oca-user", "none");
      grpc::CompletionQueue queue;
      // An empty request of any type is an empty one of this.
      auto call = stub.PrepareUnaryCall(
          &context, "/" + file->service(0)->full_name() + "/" + method->name(), {}, &queue);
      call->StartCall();
      mgmt::GetSystemRequest answer;
      grpc::Status status;
      call->Finish(&answer, &status, nullptr);
      void* tag = nullptr;
      bool ok = false;
      ASSERT_TRUE(queue.Next(&tag, &ok));
      EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << status.error_message();
      ++checked;
    }
  }
  EXPECT_GT(checked, 30);
}

TEST_F(UsersService, OnTheSocketOfVisitorsEveryCallIsForAUser) {
  ASSERT_OK(AddUser("admin", {mgmt::ROLE_ADMINISTRATOR}));
  ASSERT_OK(AddUser("chap", {mgmt::ROLE_ISCSI}));
  ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::SshSocket(home_.path())));
  stub_ = Management::NewStub(channel);
  users_ = Users::NewStub(channel);
  EXPECT_THAT(Look({}), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_OK(Look(As("admin")));
  EXPECT_OK(Change(As("admin"), "c1"));
  EXPECT_THAT(Change(As("chap"), "c2"), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Secret("chap", As("admin")), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Secret("chap"), StatusIs(StatusCode::kUnauthenticated));
  struct stat info {};
  ASSERT_EQ(::stat(api::SshSocket(home_.path()).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0660u);
  ASSERT_EQ(::stat(home_.Path("ssh").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 02750u);
}

TEST_F(UsersService, LoginGivesATokenUntilItEnds) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  EXPECT_THAT(SignIn("mon", "wrong password"), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(SignIn("nobody", kPassword), StatusIs(StatusCode::kUnauthenticated));
  ASSERT_OK_AND_ASSIGN(mgmt::LoginResponse login, SignIn("mon", kPassword));
  EXPECT_OK(Look(With(login.token())));
  EXPECT_THAT(Change(With(login.token()), "c"), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Look(With("made up")), StatusIs(StatusCode::kUnauthenticated));
  mgmt::ListLoginsResponse logins;
  ASSERT_OK(CallAs({}, &Users::Stub::ListLogins, mgmt::ListLoginsRequest(), &logins));
  ASSERT_EQ(logins.logins_size(), 1);
  EXPECT_EQ(logins.logins(0).user(), "mon");
  EXPECT_EQ(logins.logins(0).origin(), "https 192.0.2.1");
  EXPECT_EQ(Sql("SELECT last_login_from FROM oca_config.user_account"), "https 192.0.2.1");
  mgmt::LogoutResponse out;
  ASSERT_OK(CallAs(With(login.token()), &Users::Stub::Logout, mgmt::LogoutRequest(), &out));
  EXPECT_THAT(Look(With(login.token())), StatusIs(StatusCode::kUnauthenticated));
}

TEST_F(UsersService, DisabledUserIsOutAtOnce) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  ASSERT_OK_AND_ASSIGN(mgmt::LoginResponse login, SignIn("mon", kPassword));
  mgmt::UpdateUserRequest update;
  update.set_name("mon");
  update.set_enabled(false);
  ASSERT_OK(Update(update));
  EXPECT_THAT(Look(With(login.token())), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(Look(As("mon")), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(SignIn("mon", kPassword), StatusIs(StatusCode::kUnauthenticated));
}

TEST_F(UsersService, GuessingIsSlowedDownAndOnlyForTheGuesser) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(SignIn("mon", "guess", "https 192.0.2.9"), StatusIs(StatusCode::kUnauthenticated));
  }
  absl::Status slowed = SignIn("mon", kPassword, "https 192.0.2.9").status();
  EXPECT_THAT(slowed, StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(Text(slowed), HasSubstr("try again in"));
  EXPECT_OK(SignIn("mon", kPassword, "https 192.0.2.1"));
}

TEST_F(UsersService, OwnPasswordIsChangedWithTheOldOneAndEndsOtherLogins) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  ASSERT_OK_AND_ASSIGN(mgmt::LoginResponse other, SignIn("mon", kPassword));
  ASSERT_OK_AND_ASSIGN(mgmt::LoginResponse mine, SignIn("mon", kPassword));
  mgmt::ChangeOwnPasswordRequest change;
  change.set_old_password("not the old one");
  change.set_new_password("a new long password");
  mgmt::User changed;
  auto method = &Users::Stub::ChangeOwnPassword;
  EXPECT_THAT(CallAs(With(mine.token()), method, change, &changed),
              StatusIs(StatusCode::kPermissionDenied));
  change.set_old_password(kPassword);
  EXPECT_THAT(CallAs({}, method, change, &changed), StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_OK(CallAs(With(mine.token()), method, change, &changed));
  EXPECT_OK(Look(With(mine.token())));
  EXPECT_THAT(Look(With(other.token())), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(SignIn("mon", kPassword), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_OK(SignIn("mon", "a new long password"));
}

TEST_F(UsersService, GeneratedPasswordWorksAndIsNowhereElse) {
  mgmt::AddUserRequest request;
  request.set_name("mon");
  request.add_roles(mgmt::ROLE_MONITOR);
  request.set_generate_password(true);
  mgmt::UserWithPassword made;
  ASSERT_OK(CallAs({}, &Users::Stub::AddUser, request, &made));
  EXPECT_EQ(made.generated_password().size(), 16u);
  EXPECT_OK(SignIn("mon", made.generated_password()));
  EXPECT_THAT(Sql("SELECT password_hash FROM oca_config.user_account"),
              testing::StartsWith("$argon2id$"));
  EXPECT_THAT(Sql("SELECT string_agg(audit::text, '') FROM oca_config.audit"),
              AllOf(HasSubstr("AddUser"), Not(HasSubstr(made.generated_password()))));
  request.set_password("both of them");
  EXPECT_THAT(CallAs({}, &Users::Stub::AddUser, request, &made),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(UsersService, PasswordIsKeptSealedOnlyForProtocolsThatNeedIt) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  ASSERT_OK_AND_ASSIGN(mgmt::User chap, AddUser("chap", {mgmt::ROLE_ISCSI}));
  EXPECT_TRUE(chap.has_secret());
  EXPECT_THAT(Secret("mon"), StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_OK_AND_ASSIGN(std::string secret, Secret("chap"));
  EXPECT_EQ(secret, kPassword);
  EXPECT_THAT(Secret("chap", As("mon")), StatusIs(StatusCode::kPermissionDenied));
  // A sealed password that is copied to another user opens nothing.
  Sql("UPDATE oca_config.user_account SET secret_sealed = (SELECT secret_sealed FROM "
      "oca_config.user_account WHERE name = 'chap') WHERE name = 'mon'");
  EXPECT_THAT(Secret("mon"), StatusIs(StatusCode::kFailedPrecondition));
  struct stat info {};
  ASSERT_EQ(::stat(home_.Path("config/secrets.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  mgmt::UpdateUserRequest update;
  update.set_name("chap");
  update.mutable_roles()->add_roles(mgmt::ROLE_CIFS);
  ASSERT_OK_AND_ASSIGN(chap, Update(update));
  EXPECT_FALSE(chap.has_secret());
}

TEST_F(UsersService, KeysOfUsersWithASayAreInTheFileOfSshd) {
  constexpr char kKey[] =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMssBMlEK1E+Zmyl/8Aor9tl8QWGA/tOwp4Qx4Pf3kOh eve@laptop";
  ASSERT_OK(AddUser("admin", {mgmt::ROLE_ADMINISTRATOR}));
  ASSERT_OK(AddUser("share", {mgmt::ROLE_CIFS}));
  mgmt::AddUserKeyRequest add;
  add.set_name("admin");
  add.set_public_key(kKey);
  mgmt::User user;
  ASSERT_OK(CallAs({}, &Users::Stub::AddUserKey, add, &user));
  ASSERT_EQ(user.ssh_keys_size(), 1);
  EXPECT_EQ(user.ssh_keys(0).comment(), "eve@laptop");
  EXPECT_EQ(user.revision(), 2u);
  auto published = [&] {
    std::stringstream text;
    text << std::ifstream(home_.Path("ssh/authorized_keys")).rdbuf();
    return text.str();
  };
  EXPECT_THAT(published(), HasSubstr("--user admin\""));
  // Other changes keep the keys.
  mgmt::UpdateUserRequest update;
  update.set_name("admin");
  update.set_phone("1");
  ASSERT_OK_AND_ASSIGN(user, Update(update));
  EXPECT_EQ(user.ssh_keys_size(), 1);
  // Each key names one user.
  add.set_name("share");
  EXPECT_THAT(CallAs({}, &Users::Stub::AddUserKey, add, &user),
              StatusIs(StatusCode::kAlreadyExists));
  add.set_name("nobody");
  EXPECT_THAT(CallAs({}, &Users::Stub::AddUserKey, add, &user), StatusIs(StatusCode::kNotFound));
  mgmt::DeleteUserKeyRequest remove;
  remove.set_name("share");
  remove.set_fingerprint("SHA256:nothing");
  EXPECT_THAT(CallAs({}, &Users::Stub::DeleteUserKey, remove, &user),
              StatusIs(StatusCode::kNotFound));
  remove.set_name("admin");
  remove.set_fingerprint("SHA256:f43PMRfzVwT54DOvZcABKZ1KRiGv+o8AiKnOxwPr204");
  ASSERT_OK(CallAs({}, &Users::Stub::DeleteUserKey, remove, &user));
  EXPECT_EQ(user.ssh_keys_size(), 0);
  EXPECT_THAT(published(), Not(HasSubstr("--user")));
  // Who has no say in the appliance has nothing to do there.
  add.set_name("share");
  ASSERT_OK(CallAs({}, &Users::Stub::AddUserKey, add, &user));
  EXPECT_THAT(published(), Not(HasSubstr("--user")));
}

TEST_F(UsersService, ChangesAreOnRecordWithBeforeAndAfter) {
  ASSERT_OK(AddUser("admin", {mgmt::ROLE_ADMINISTRATOR}));
  ASSERT_OK(AddGroup("g", 1 << 30));
  mgmt::UpdateStorageGroupRequest update;
  update.set_name("g");
  update.set_quota_bytes(2 << 20);
  mgmt::StorageGroup group;
  Metadata admin = As("admin");
  admin["oca-from"] = "ssh 192.0.2.7";
  ASSERT_OK(CallAs(admin, &Management::Stub::UpdateStorageGroup, update, &group));
  auto entries = Audit("UpdateStorageGroup");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].user(), "admin");
  EXPECT_EQ(entries[0].origin(), "ssh 192.0.2.7");
  EXPECT_EQ(entries[0].target(), "g");
  EXPECT_EQ(entries[0].outcome(), mgmt::OUTCOME_DONE);
  EXPECT_THAT(entries[0].request(), HasSubstr("2097152"));
  EXPECT_THAT(entries[0].before(), HasSubstr("1073741824"));
  EXPECT_THAT(entries[0].after(), HasSubstr("2097152"));
  EXPECT_THAT(Audit("AddUser")[0].request(),
              AllOf(HasSubstr("(secret)"), Not(HasSubstr(kPassword))));
}

TEST_F(UsersService, RefusedAndFailedChangesAndLoginsAreOnRecord) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  EXPECT_FALSE(Change(As("mon"), "c").ok());
  EXPECT_FALSE(Change({}, "a/b").ok());
  EXPECT_FALSE(SignIn("mon", "wrong password").ok());
  auto entries = Audit("AddContainer");
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].outcome(), mgmt::OUTCOME_FAILED);
  EXPECT_EQ(entries[1].outcome(), mgmt::OUTCOME_DENIED);
  EXPECT_EQ(entries[1].user(), "mon");
  entries = Audit("Login");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].user(), "mon");
  EXPECT_EQ(entries[0].outcome(), mgmt::OUTCOME_FAILED);
}

TEST_F(UsersService, RecordOfWhatWasDoneWithoutPostgresArrivesLaterOnce) {
  database_server_->Kill();
  mgmt::StartReclaimResponse started;
  ASSERT_OK(CallAs({}, &Management::Stub::StartReclaim, mgmt::StartReclaimRequest(), &started));
  std::ifstream pending(home_.Path("config/audit.pending"));
  EXPECT_TRUE(pending.good());
  StopService();
  // What a crash in the middle of a line leaves.
  std::ofstream(home_.Path("config/audit.pending"), std::ios::app) << "{\"id\": \"0000";
  database_server_->Start();
  StartService();
  WaitReady();
  auto entries = Audit("StartReclaim");
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].outcome(), mgmt::OUTCOME_DONE);
  EXPECT_EQ(Audit("StartReclaim").size(), 1u);
  EXPECT_NE(::access(home_.Path("config/audit.pending").c_str(), F_OK), 0);
}

TEST_F(UsersService, WithoutPostgresUsersAreOutAndTheAccountStaysIn) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  database_server_->Kill();
  EXPECT_THAT(Look(As("mon")), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(SignIn("mon", kPassword), StatusIs(StatusCode::kUnavailable));
  EXPECT_OK(Look({}));
  database_server_->Start();
  WaitReady();
  EXPECT_OK(Look(As("mon")));
}

}  // namespace
}  // namespace oca::config
