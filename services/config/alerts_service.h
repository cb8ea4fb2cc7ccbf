// The service oca.management.v1.Alerts: passes the gate, then goes on to nhm.
#ifndef OCA_SERVICES_CONFIG_ALERTS_SERVICE_H_
#define OCA_SERVICES_CONFIG_ALERTS_SERVICE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/impl/service_type.h"
#include "lib/api/alerts.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"
#include "services/config/gate.h"

namespace oca::config {

// How nhm is reached. Thread-safe.
class HealthClient {
 public:
  // socket: of nhm. how_to_start: ends the message when it is down. kInvalidArgument for a path
  // that is no socket's.
  static absl::StatusOr<std::unique_ptr<HealthClient>> Create(const std::string& socket,
                                                              std::string how_to_start);

  // nhm's answer; kUnavailable, saying what to do, while it is down.
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (management::v1::Alerts::Stub::*method)(grpc::ClientContext*,
                                                                         const Request&, Response*),
                    const Request& request, Response* response) {
    OCA_RETURN_IF_ERROR(CheckUp());
    grpc::ClientContext context;
    Prepare(&context);
    return rpc::FromGrpc((stub_.get()->*method)(&context, request, response));
  }

 private:
  HealthClient(std::string socket, std::string how_to_start,
               std::unique_ptr<management::v1::Alerts::Stub> stub)
      : socket_(std::move(socket)),
        how_to_start_(std::move(how_to_start)),
        stub_(std::move(stub)) {}
  absl::Status CheckUp() const;
  static void Prepare(grpc::ClientContext* context);

  const std::string socket_;
  const std::string how_to_start_;
  const std::unique_ptr<management::v1::Alerts::Stub> stub_;
};

// Borrows both.
std::unique_ptr<grpc::Service> NewAlertsService(Gate& gate, HealthClient& health);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_ALERTS_SERVICE_H_
