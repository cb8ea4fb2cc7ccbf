// The service oca.management.v1.Statistics: passes the gate, then goes on to ocamonitor.
#ifndef OCA_SERVICES_CONFIG_STATISTICS_SERVICE_H_
#define OCA_SERVICES_CONFIG_STATISTICS_SERVICE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/impl/service_type.h"
#include "lib/api/statistics.grpc.pb.h"
#include "services/config/gate.h"
#include "services/config/part_call.h"

namespace oca::config {

// How ocamonitor is reached.
using MonitorClient = PartClient<management::v1::Statistics>;

// socket: of it. how_to_start: ends the message when it is down.
absl::StatusOr<std::unique_ptr<MonitorClient>> CreateMonitorClient(const std::string& socket,
                                                                   std::string how_to_start);

// Borrows both.
std::unique_ptr<grpc::Service> NewStatisticsService(Gate& gate, MonitorClient& monitor);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_STATISTICS_SERVICE_H_
