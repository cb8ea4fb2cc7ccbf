#include "gateways/ndmp/ocandmpd/config_authenticator.h"

#include <utility>

#include "grpcpp/client_context.h"
#include "lib/api/gateways.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::ndmp {
namespace {

namespace mgmt = management::v1;

constexpr absl::Duration kLoginTimeout = absl::Seconds(20);

class ConfigAuthenticator final : public Authenticator {
 public:
  explicit ConfigAuthenticator(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(mgmt::Gateways::NewStub(channel)) {}

  absl::Status Check(const Credentials& credentials) override {
    mgmt::CheckNdmpUserRequest request;
    request.set_name(credentials.user);
    request.set_from(credentials.from);
    request.set_password(credentials.password);
    request.set_challenge(credentials.challenge);
    request.set_digest(credentials.digest);
    mgmt::CheckNdmpUserResponse response;
    grpc::ClientContext context;
    rpc::SetTimeout(&context, kLoginTimeout);
    return rpc::FromGrpc(stub_->CheckNdmpUser(&context, request, &response));
  }

 private:
  const std::unique_ptr<mgmt::Gateways::Stub> stub_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Authenticator>> NewConfigAuthenticator(const std::string& socket) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, rpc::UnixChannel(socket));
  return std::unique_ptr<Authenticator>(std::make_unique<ConfigAuthenticator>(channel));
}

}  // namespace oca::ndmp
