// Who may use which containers, through ocaconfigsvc's socket.
#include "lib/api/access.grpc.pb.h"
#include "lib/api/tokens.grpc.pb.h"
#include "t/integration/50_rpc_services/users_fixture.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using support::StatusIs;
using testing::ElementsAre;
using testing::HasSubstr;
using AccessStub = mgmt::Access::Stub;

class AccessService : public UsersService {
 protected:
  void SetUp() override {
    UsersService::SetUp();
    if (HasFatalFailure()) return;
    ASSERT_OK_AND_ASSIGN(auto channel, rpc::UnixChannel(api::ManagementSocket(home_.path())));
    access_ = mgmt::Access::NewStub(channel);
    tokens_ = mgmt::Tokens::NewStub(channel);
    ASSERT_OK(AddUser("eve", {mgmt::ROLE_CIFS}));
    ASSERT_OK(AddContainer("c1"));
    ASSERT_OK(AddContainer("c2"));
  }

  template <typename Request, typename Response>
  absl::Status Ask(grpc::Status (AccessStub::*method)(grpc::ClientContext*, const Request&,
                                                      Response*),
                   const Request& request, Response* response) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    context.set_wait_for_ready(true);
    return rpc::FromGrpc((access_.get()->*method)(&context, request, response));
  }
  absl::StatusOr<mgmt::AccessEntry> Add(const std::string& container, const std::string& user,
                                        mgmt::Role role, mgmt::AccessMode mode) {
    mgmt::AddAccessRequest request;
    request.set_name(container);
    request.set_user(user);
    request.set_role(role);
    request.set_mode(mode);
    mgmt::AccessEntry made;
    absl::Status status = Ask(&AccessStub::AddAccess, request, &made);
    if (!status.ok()) return status;
    return made;
  }
  absl::StatusOr<mgmt::AccessEntry> SetMode(const std::string& container, const std::string& user,
                                            mgmt::AccessMode mode, uint64_t revision = 0) {
    mgmt::UpdateAccessRequest request;
    request.set_name(container);
    request.set_user(user);
    request.set_mode(mode);
    request.set_revision(revision);
    mgmt::AccessEntry changed;
    absl::Status status = Ask(&AccessStub::UpdateAccess, request, &changed);
    if (!status.ok()) return status;
    return changed;
  }
  absl::Status Remove(const std::string& container, const std::string& user, mgmt::Role role) {
    mgmt::DeleteAccessRequest request;
    request.set_name(container);
    request.set_user(user);
    request.set_role(role);
    mgmt::DeleteAccessResponse response;
    return Ask(&AccessStub::DeleteAccess, request, &response);
  }
  // "c1 eve rw", "c1 ROLE_CIFS rwd".
  std::vector<std::string> List(const std::string& container = "", const std::string& user = "",
                                mgmt::Role role = mgmt::ROLE_UNSPECIFIED) {
    mgmt::ListAccessRequest request;
    request.set_name(container);
    request.set_user(user);
    request.set_role(role);
    mgmt::ListAccessResponse list;
    EXPECT_OK(Ask(&AccessStub::ListAccess, request, &list));
    std::vector<std::string> lines;
    for (const auto& entry : list.entries()) {
      lines.push_back(
          fmt::format("{} {} {}", entry.name(),
                      entry.user().empty() ? mgmt::Role_Name(entry.role()) : entry.user(),
                      entry.mode() == mgmt::ACCESS_MODE_RWD ? "rwd" : "rw"));
    }
    return lines;
  }
  absl::Status DeleteAs(const Metadata& metadata, const std::string& container) {
    mgmt::DeleteContainerRequest request;
    request.set_name(container);
    mgmt::DeleteContainerResponse response;
    return CallAs(metadata, &Management::Stub::DeleteContainer, request, &response);
  }

  std::unique_ptr<AccessStub> access_;
  std::unique_ptr<mgmt::Tokens::Stub> tokens_;
};

constexpr mgmt::Role kNoRole = mgmt::ROLE_UNSPECIFIED;
constexpr mgmt::AccessMode kRw = mgmt::ACCESS_MODE_RW;
constexpr mgmt::AccessMode kRwd = mgmt::ACCESS_MODE_RWD;

TEST_F(AccessService, EntriesAreMadeListedChangedAndDeleted) {
  ASSERT_OK_AND_ASSIGN(mgmt::AccessEntry made, Add("c1", "eve", kNoRole, kRw));
  EXPECT_EQ(made.user_id(), 1u);
  EXPECT_EQ(made.revision(), 1u);
  EXPECT_TRUE(made.has_created());
  EXPECT_THAT(Add("c1", "eve", kNoRole, kRwd).status(), StatusIs(StatusCode::kAlreadyExists));
  ASSERT_OK(Add("c1", "", mgmt::ROLE_CIFS, kRwd));
  EXPECT_THAT(Add("c1", "", mgmt::ROLE_CIFS, kRw).status(), StatusIs(StatusCode::kAlreadyExists));
  ASSERT_OK(Add("c2", "", mgmt::ROLE_CIFS, kRw));
  EXPECT_THAT(List(), ElementsAre("c1 eve rw", "c1 ROLE_CIFS rwd", "c2 ROLE_CIFS rw"));
  EXPECT_THAT(List("c1"), ElementsAre("c1 eve rw", "c1 ROLE_CIFS rwd"));
  EXPECT_THAT(List("", "eve"), ElementsAre("c1 eve rw"));
  EXPECT_THAT(List("", "", mgmt::ROLE_CIFS), ElementsAre("c1 ROLE_CIFS rwd", "c2 ROLE_CIFS rw"));
  ASSERT_OK_AND_ASSIGN(mgmt::AccessEntry changed, SetMode("c1", "eve", kRwd));
  EXPECT_EQ(changed.revision(), 2u);
  EXPECT_EQ(changed.user_id(), 1u);
  EXPECT_OK(Remove("c1", "", mgmt::ROLE_CIFS));
  EXPECT_THAT(Remove("c1", "", mgmt::ROLE_CIFS), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(List("c1"), ElementsAre("c1 eve rwd"));
  std::vector<mgmt::AuditEntry> audit = Audit("UpdateAccess");
  ASSERT_EQ(audit.size(), 1u);
  EXPECT_EQ(audit[0].target(), "c1");
  EXPECT_THAT(audit[0].before(), HasSubstr("ACCESS_MODE_RW\""));
  EXPECT_THAT(audit[0].after(), HasSubstr("ACCESS_MODE_RWD\""));
}

TEST_F(AccessService, BadOnesAreRefused) {
  EXPECT_THAT(Add("c1", "", kNoRole, kRw).status(), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Add("c1", "eve", mgmt::ROLE_CIFS, kRw).status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Add("c1", "eve", kNoRole, mgmt::ACCESS_MODE_UNSPECIFIED).status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Add("c1", "", static_cast<mgmt::Role>(77), kRw).status(),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Add("c3", "eve", kNoRole, kRw).status(), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(Add("c1", "adam", kNoRole, kRw).status(), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(SetMode("c1", "eve", kRw).status(), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(List(), ElementsAre());
}

TEST_F(AccessService, SecondOfTwoWhoChangeTheSameEntryIsToldSo) {
  ASSERT_OK(Add("c1", "eve", kNoRole, kRw));
  ASSERT_OK(SetMode("c1", "eve", kRwd, 1));
  absl::Status conflict = SetMode("c1", "eve", kRw, 1).status();
  EXPECT_THAT(conflict, StatusIs(StatusCode::kAborted));
  EXPECT_THAT(Text(conflict), HasSubstr("revision 2 now, not 1"));
  EXPECT_THAT(List(), ElementsAre("c1 eve rwd"));
}

TEST_F(AccessService, EntriesGoWithTheirUserAndTheirContainer) {
  ASSERT_OK(AddUser("adam", {mgmt::ROLE_CIFS}));
  ASSERT_OK(Add("c1", "eve", kNoRole, kRw));
  ASSERT_OK(Add("c1", "adam", kNoRole, kRw));
  ASSERT_OK(Add("c2", "adam", kNoRole, kRw));
  mgmt::DeleteUserRequest remove;
  remove.set_name("eve");
  mgmt::DeleteUserResponse removed;
  ASSERT_OK(CallAs({}, &mgmt::Users::Stub::DeleteUser, remove, &removed));
  EXPECT_THAT(List(), ElementsAre("c1 adam rw", "c2 adam rw"));
  ASSERT_OK(DeleteContainer("c1"));
  EXPECT_THAT(List(), ElementsAre("c2 adam rw"));
}

TEST_F(AccessService, WhoHasRwdMayDeleteTheContainerAndNoOther) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  EXPECT_THAT(DeleteAs(As("eve"), "c1"), StatusIs(StatusCode::kPermissionDenied));
  ASSERT_OK(Add("c1", "eve", kNoRole, kRw));
  EXPECT_THAT(DeleteAs(As("eve"), "c1"), StatusIs(StatusCode::kPermissionDenied));
  ASSERT_OK(SetMode("c1", "eve", kRwd));
  EXPECT_THAT(DeleteAs(As("mon"), "c1"), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(DeleteAs(As("eve"), "c2"), StatusIs(StatusCode::kPermissionDenied));
  // That is all that it lets.
  EXPECT_THAT(Look(As("eve")), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(Change(As("eve"), "c3"), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_OK(DeleteAs(As("eve"), "c1"));
  EXPECT_THAT(Names(), ElementsAre("c2"));
  // By a role, too.
  ASSERT_OK(Add("c2", "", mgmt::ROLE_MONITOR, kRwd));
  EXPECT_THAT(DeleteAs(As("eve"), "c2"), StatusIs(StatusCode::kPermissionDenied));
  EXPECT_OK(DeleteAs(As("mon"), "c2"));
  std::vector<mgmt::AuditEntry> audit = Audit("DeleteContainer");
  ASSERT_FALSE(audit.empty());
  EXPECT_EQ(audit[0].user(), "mon");
  EXPECT_EQ(audit[0].outcome(), mgmt::OUTCOME_DONE);
}

TEST_F(AccessService, OfSeveralEntriesTheOneThatLetsMoreCounts) {
  ASSERT_OK(Add("c1", "eve", kNoRole, kRw));
  ASSERT_OK(Add("c1", "", mgmt::ROLE_CIFS, kRwd));
  EXPECT_OK(DeleteAs(As("eve"), "c1"));
}

TEST_F(AccessService, ATokenLetsNoMoreThanItsRole) {
  ASSERT_OK(AddUser("mon", {mgmt::ROLE_MONITOR}));
  ASSERT_OK(Add("c1", "mon", kNoRole, kRwd));
  mgmt::AddTokenRequest request;
  request.set_name("t");
  request.set_user("mon");
  request.set_role(mgmt::ROLE_MONITOR);
  mgmt::TokenWithSecret token;
  grpc::ClientContext context;
  rpc::SetTimeout(&context, absl::Seconds(60));
  context.set_wait_for_ready(true);
  ASSERT_OK(rpc::FromGrpc(tokens_->AddToken(&context, request, &token)));
  EXPECT_OK(Look(With(token.secret())));
  EXPECT_THAT(DeleteAs(With(token.secret()), "c1"), StatusIs(StatusCode::kPermissionDenied));
  // Administrators are not bound.
  ASSERT_OK(AddUser("boss", {mgmt::ROLE_ADMINISTRATOR}));
  EXPECT_OK(DeleteAs(As("boss"), "c1"));
}

}  // namespace
}  // namespace oca::config
