// The service oca.management.v1.Statistics: passes the gate, then goes on to ocamonitor.
#ifndef OCA_SERVICES_CONFIG_STATISTICS_SERVICE_H_
#define OCA_SERVICES_CONFIG_STATISTICS_SERVICE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/impl/service_type.h"
#include "lib/api/statistics.grpc.pb.h"
#include "services/config/gate.h"
#include "services/config/part_call.h"

namespace oca::config {

// How ocamonitor is reached. Thread-safe.
class MonitorClient {
 public:
  // socket: of ocamonitor. how_to_start: ends the message when it is down. kInvalidArgument for a
  // path that is no socket's.
  static absl::StatusOr<std::unique_ptr<MonitorClient>> Create(const std::string& socket,
                                                               std::string how_to_start);

  // ocamonitor's answer; errors as CallForwardingPart.
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (management::v1::Statistics::Stub::*method)(grpc::ClientContext*,
                                                                             const Request&,
                                                                             Response*),
                    const Request& request, Response* response) {
    return CallForwardingPart(part_, kTimeout, [&](grpc::ClientContext* context) {
      return (stub_.get()->*method)(context, request, response);
    });
  }

 private:
  static constexpr absl::Duration kTimeout = absl::Seconds(40);

  MonitorClient(Part part, std::unique_ptr<management::v1::Statistics::Stub> stub)
      : part_(std::move(part)), stub_(std::move(stub)) {}

  const Part part_;
  const std::unique_ptr<management::v1::Statistics::Stub> stub_;
};

// Borrows both.
std::unique_ptr<grpc::Service> NewStatisticsService(Gate& gate, MonitorClient& monitor);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_STATISTICS_SERVICE_H_
