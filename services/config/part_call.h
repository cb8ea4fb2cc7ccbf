// A call to another part of the appliance, with errors that say what to do when it is down.
#ifndef OCA_SERVICES_CONFIG_PART_CALL_H_
#define OCA_SERVICES_CONFIG_PART_CALL_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "lib/base/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::config {

struct Part {
  std::string what;  // "the filesystem daemon ocafsd"
  std::string socket_path;
  std::string how_to_start;                          // ends the message when it is down
  std::shared_ptr<grpc::Channel> channel = nullptr;  // to the socket
};

// kUnavailable: it does not run. kDeadlineExceeded: it did not answer in time. Else its own errors.
// Thread-safe.
absl::Status CallPart(const Part& part, absl::Duration timeout,
                      const std::function<grpc::Status(grpc::ClientContext*)>& call);

// The same for a part that itself says kUnavailable when something behind it is down: its errors
// are passed on as they are.
absl::Status CallForwardingPart(const Part& part, absl::Duration timeout,
                                const std::function<grpc::Status(grpc::ClientContext*)>& call);

// A service of a part that forwards. Thread-safe.
template <typename Service>
class PartClient {
 public:
  // kInvalidArgument for a path that is no socket's.
  static absl::StatusOr<std::unique_ptr<PartClient>> Create(Part part, absl::Duration timeout) {
    OCA_ASSIGN_OR_RETURN(part.channel, rpc::UnixChannel(part.socket_path));
    std::unique_ptr<typename Service::Stub> stub = Service::NewStub(part.channel);
    return std::unique_ptr<PartClient>(new PartClient(std::move(part), timeout, std::move(stub)));
  }

  // The part's answer; errors as CallForwardingPart.
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Service::Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                    const Request& request, Response* response) {
    return CallForwardingPart(part_, timeout_, [&](grpc::ClientContext* context) {
      return (stub_.get()->*method)(context, request, response);
    });
  }

 private:
  PartClient(Part part, absl::Duration timeout, std::unique_ptr<typename Service::Stub> stub)
      : part_(std::move(part)), timeout_(timeout), stub_(std::move(stub)) {}

  const Part part_;
  const absl::Duration timeout_;
  const std::unique_ptr<typename Service::Stub> stub_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_PART_CALL_H_
