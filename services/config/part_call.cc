#include "services/config/part_call.h"

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::config {

absl::Status CallPart(const Part& part, absl::Duration timeout,
                      const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  // gRPC would report a refused connection for up to a second after the part is back: it is asked
  // to wait for the channel, but only where somebody listens.
  absl::Status status;
  if (rpc::SocketAnswers(part.socket_path)) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, timeout);
    context.set_wait_for_ready(true);
    status = rpc::FromGrpc(call(&context));
  } else {
    status = absl::UnavailableError("nobody listens");
  }
  if (absl::IsUnavailable(status)) {
    return absl::UnavailableError(fmt::format("{} cannot be reached at {} ({}); {}", part.what,
                                              part.socket_path, MessageOf(status),
                                              part.how_to_start));
  }
  if (absl::IsDeadlineExceeded(status)) {
    return absl::DeadlineExceededError(
        fmt::format("{} did not answer within {} s", part.what, absl::ToInt64Seconds(timeout)));
  }
  return status;
}

}  // namespace oca::config
