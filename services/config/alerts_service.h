// The service oca.management.v1.Alerts: passes the gate, then goes on to nhm.
#ifndef OCA_SERVICES_CONFIG_ALERTS_SERVICE_H_
#define OCA_SERVICES_CONFIG_ALERTS_SERVICE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/impl/service_type.h"
#include "lib/api/alerts.grpc.pb.h"
#include "services/config/gate.h"
#include "services/config/part_call.h"

namespace oca::config {

// How nhm is reached.
using HealthClient = PartClient<management::v1::Alerts>;

// socket: of it. how_to_start: ends the message when it is down.
absl::StatusOr<std::unique_ptr<HealthClient>> CreateHealthClient(const std::string& socket,
                                                                 std::string how_to_start);

// Borrows both.
std::unique_ptr<grpc::Service> NewAlertsService(Gate& gate, HealthClient& health);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_ALERTS_SERVICE_H_
