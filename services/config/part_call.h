// A call to another part of the appliance, with errors that say what to do when it is down.
#ifndef OCA_SERVICES_CONFIG_PART_CALL_H_
#define OCA_SERVICES_CONFIG_PART_CALL_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

namespace oca::config {

struct Part {
  std::string what;  // "the filesystem daemon ocafsd"
  std::string socket_path;
  std::string how_to_start;  // ends the message when it is down
};

// kUnavailable: it does not run. kDeadlineExceeded: it did not answer in time. Else its own errors.
// Thread-safe.
absl::Status CallPart(const Part& part, absl::Duration timeout,
                      const std::function<grpc::Status(grpc::ClientContext*)>& call);

// The same for a part that itself says kUnavailable when something behind it is down: its errors
// are passed on as they are.
absl::Status CallForwardingPart(const Part& part, absl::Duration timeout,
                                const std::function<grpc::Status(grpc::ClientContext*)>& call);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_PART_CALL_H_
