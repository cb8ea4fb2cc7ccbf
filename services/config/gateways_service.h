// The service for gateways (lib/api/gateways.proto).
#ifndef OCA_SERVICES_CONFIG_GATEWAYS_SERVICE_H_
#define OCA_SERVICES_CONFIG_GATEWAYS_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/gate.h"
#include "services/config/ndmp_gateway.h"
#include "services/config/users.h"

namespace oca::config {

// Borrows all; they must outlive the service. Thread-safe.
std::unique_ptr<grpc::Service> NewGatewaysService(Gate& gate, Users& users, NdmpGateway& ndmp);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_GATEWAYS_SERVICE_H_
