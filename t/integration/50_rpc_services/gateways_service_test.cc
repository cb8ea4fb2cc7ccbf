// What gateways may ask, on their own socket, and that it is all they may.
#include "lib/api/gateways.grpc.pb.h"
#include "services/config/ndmp_digest.h"
#include "t/integration/50_rpc_services/config_service.h"

namespace oca::config {
namespace {

using absl::StatusCode;
using mgmt::Gateways;
using support::StatusIs;

constexpr char kTapesPassword[] = "correct horse battery staple, and some more";

class GatewaysService : public ConfigService {
 protected:
  void SetUp() override {
    ConfigService::SetUp();
    ASSERT_OK_AND_ASSIGN(channel_, rpc::UnixChannel(api::GatewaysSocket(home_.path())));
    ASSERT_OK(AddUser("tapes", {mgmt::ROLE_NDMP}));
    ASSERT_OK(AddUser("shares", {mgmt::ROLE_CIFS}));
  }

  absl::Status AddUser(const std::string& name, const std::vector<mgmt::Role>& roles) {
    mgmt::AddUserRequest request;
    request.set_name(name);
    for (mgmt::Role role : roles) request.add_roles(role);
    request.set_password(kTapesPassword);
    mgmt::UserWithPassword made;
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    return rpc::FromGrpc(users_->AddUser(&context, request, &made));
  }
  absl::Status Check(const mgmt::CheckNdmpUserRequest& request) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    context.set_wait_for_ready(true);
    mgmt::CheckNdmpUserResponse response;
    return rpc::FromGrpc(Gateways::NewStub(channel_)->CheckNdmpUser(&context, request, &response));
  }
  absl::Status CheckText(const std::string& name, const std::string& password) {
    mgmt::CheckNdmpUserRequest request;
    request.set_name(name);
    request.set_from("192.0.2.7");
    request.set_password(password);
    return Check(request);
  }
  absl::Status CheckDigest(const std::string& name, const std::string& password,
                           const std::string& challenge = std::string(64, 'c')) {
    mgmt::CheckNdmpUserRequest request;
    request.set_name(name);
    request.set_from("192.0.2.7");
    request.set_challenge(challenge);
    auto digest = NdmpDigest(password, std::string(64, 'c'));
    request.set_digest(std::string(digest->view()));
    return Check(request);
  }

  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(GatewaysService, UsersOfNdmpAreKnownByBothMethods) {
  EXPECT_OK(CheckText("tapes", kTapesPassword));
  EXPECT_OK(CheckDigest("tapes", kTapesPassword));
  EXPECT_EQ(Sql("SELECT last_login_from FROM oca_config.user_account WHERE name = 'tapes'"),
            "ndmp 192.0.2.7");
  EXPECT_THAT(CheckText("tapes", "wrong"), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(CheckDigest("tapes", "wrong"), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_OK(CheckDigest("tapes", kTapesPassword));
  EXPECT_THAT(CheckDigest("tapes", kTapesPassword, std::string(64, 'd')),
              StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(CheckDigest("tapes", kTapesPassword, "short"),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(GatewaysService, OthersAreNot) {
  EXPECT_THAT(CheckText("shares", kTapesPassword), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(CheckDigest("shares", kTapesPassword), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(CheckText("nobody", kTapesPassword), StatusIs(StatusCode::kUnauthenticated));
  mgmt::UpdateUserRequest disable;
  disable.set_name("tapes");
  disable.set_enabled(false);
  mgmt::User changed;
  grpc::ClientContext context;
  ASSERT_TRUE(users_->UpdateUser(&context, disable, &changed).ok());
  EXPECT_THAT(CheckText("tapes", kTapesPassword), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(CheckDigest("tapes", kTapesPassword), StatusIs(StatusCode::kUnauthenticated));
}

TEST_F(GatewaysService, WhoGuessesHasToWait) {
  absl::Status status;
  for (int i = 0; i < 4; ++i) status = CheckText("tapes", "wrong");
  EXPECT_THAT(status, StatusIs(StatusCode::kResourceExhausted));
}

TEST_F(GatewaysService, NothingElseIsServedThere) {
  auto users = mgmt::Users::NewStub(channel_);
  mgmt::GetUserSecretRequest request;
  request.set_name("tapes");
  mgmt::UserSecret secret;
  grpc::ClientContext context;
  EXPECT_EQ(users->GetUserSecret(&context, request, &secret).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  // Nor is this for users.
  grpc::ClientContext as_user;
  as_user.AddMetadata("oca-user", "tapes");
  mgmt::CheckNdmpUserResponse response;
  EXPECT_EQ(Gateways::NewStub(channel_)->CheckNdmpUser(&as_user, {}, &response).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  struct stat info {};
  ASSERT_EQ(::stat(home_.Path("gateways").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 02750u);
}

}  // namespace
}  // namespace oca::config
