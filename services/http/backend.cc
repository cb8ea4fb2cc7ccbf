#include "services/http/backend.h"

#include "fmt/format.h"
#include "grpcpp/client_context.h"
#include "grpcpp/impl/client_unary_call.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/impl/rpc_method.h"
#include "lib/api/home.h"
#include "lib/api/management.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::httpd {
namespace {

using google::protobuf::Message;
using google::protobuf::MessageLite;

constexpr absl::Duration kShortPatience = absl::Seconds(2);

}  // namespace

absl::StatusOr<std::unique_ptr<Backend>> Backend::Create(const std::string& home) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel,
                       rpc::UnixChannel(api::HttpSocket(home)));
  return std::unique_ptr<Backend>(new Backend(std::move(channel)));
}

absl::Status Backend::Call(const google::protobuf::MethodDescriptor& method, const Visitor& visitor,
                           const Message& request, Message* response, absl::Duration patience) {
  grpc::ClientContext context;
  rpc::SetTimeout(&context, patience);
  context.AddMetadata("oca-from", fmt::format("https {}", visitor.peer));
  if (!visitor.token.empty()) context.AddMetadata("oca-token", visitor.token);
  const std::string path = fmt::format("/{}/{}", method.service()->full_name(), method.name());
  // What the generated stubs do, for a method that is known by its descriptor.
  const grpc::internal::RpcMethod rpc(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
  absl::Status status =
      rpc::FromGrpc(grpc::internal::BlockingUnaryCall<Message, Message, MessageLite, MessageLite>(
          channel_.get(), rpc, &context, request, response));
  // Its own answers of this code name the part that is down.
  if (absl::IsUnavailable(status) && context.peer().empty()) {
    return absl::UnavailableError("ocaconfigsvc does not answer; try again in some seconds");
  }
  return status;
}

absl::Status Backend::Answers() {
  const auto* method =
      management::v1::System::descriptor()->file()->service(0)->FindMethodByName("GetSystem");
  management::v1::System system;
  absl::Status status =
      Call(*method, {}, management::v1::GetSystemRequest(), &system, kShortPatience);
  // Nobody has signed in, and it says so.
  return absl::IsUnauthenticated(status) ? absl::OkStatus() : status;
}

}  // namespace oca::httpd
