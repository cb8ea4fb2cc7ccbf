#include "services/config/part_call.h"

#include <string_view>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::config {
namespace {

absl::Status Down(const Part& part, std::string_view why) {
  return absl::UnavailableError(fmt::format("{} cannot be reached at {} ({}); {}", part.what,
                                            part.socket_path, why, part.how_to_start));
}

absl::Status Late(const Part& part, absl::Duration timeout) {
  return absl::DeadlineExceededError(
      fmt::format("{} did not answer within {} s", part.what, absl::ToInt64Seconds(timeout)));
}

// gRPC would report a refused connection for up to a second after the part is back: it is asked to
// wait for the channel, but only where somebody listens.
absl::Status Call(absl::Duration timeout,
                  const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  grpc::ClientContext context;
  rpc::SetTimeout(&context, timeout);
  context.set_wait_for_ready(true);
  return rpc::FromGrpc(call(&context));
}

}  // namespace

absl::Status CallPart(const Part& part, absl::Duration timeout,
                      const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  if (!rpc::SocketAnswers(part.socket_path)) return Down(part, "nobody listens");
  const absl::Status status = Call(timeout, call);
  if (absl::IsUnavailable(status)) return Down(part, MessageOf(status));
  return absl::IsDeadlineExceeded(status) ? Late(part, timeout) : status;
}

absl::Status CallForwardingPart(const Part& part, absl::Duration timeout,
                                const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  if (!rpc::SocketAnswers(part.socket_path)) return Down(part, "nobody listens");
  const absl::Status status = Call(timeout, call);
  return absl::IsDeadlineExceeded(status) ? Late(part, timeout) : status;
}

}  // namespace oca::config
