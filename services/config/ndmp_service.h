// The service oca.management.v1.Ndmp, behind the gate.
#ifndef OCA_SERVICES_CONFIG_NDMP_SERVICE_H_
#define OCA_SERVICES_CONFIG_NDMP_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/gate.h"
#include "services/config/ndmp_gateway.h"

namespace oca::config {

// Borrows both.
std::unique_ptr<grpc::Service> NewNdmpService(Gate& gate, NdmpGateway& ndmp);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_NDMP_SERVICE_H_
