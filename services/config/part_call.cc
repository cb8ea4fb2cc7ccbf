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

bool NobodyListens(const Part& part, const absl::Status& status) {
  return absl::IsUnavailable(status) && !rpc::SocketAnswers(part.socket_path);
}

absl::Status Call(const Part& part, absl::Duration timeout,
                  const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  grpc::ClientContext context;
  rpc::SetTimeout(&context, timeout);
  if (!rpc::MayCall(*part.channel, part.socket_path, &context)) {
    return absl::UnavailableError("nobody listens");
  }
  absl::Status status = rpc::FromGrpc(call(&context));
  return absl::IsDeadlineExceeded(status) ? Late(part, timeout) : status;
}

}  // namespace

absl::Status CallPart(const Part& part, absl::Duration timeout,
                      const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  const absl::Status status = Call(part, timeout, call);
  if (NobodyListens(part, status)) return Down(part, "nobody listens");
  return absl::IsUnavailable(status) ? Down(part, MessageOf(status)) : status;
}

absl::Status CallForwardingPart(const Part& part, absl::Duration timeout,
                                const std::function<grpc::Status(grpc::ClientContext*)>& call) {
  const absl::Status status = Call(part, timeout, call);
  return NobodyListens(part, status) ? Down(part, "nobody listens") : status;
}

}  // namespace oca::config
