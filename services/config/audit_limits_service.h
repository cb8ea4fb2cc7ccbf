// The gRPC service oca.management.v1.AuditLimits: hands each method on, through the gate.
#ifndef OCA_SERVICES_CONFIG_AUDIT_LIMITS_SERVICE_H_
#define OCA_SERVICES_CONFIG_AUDIT_LIMITS_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/audit_limits.h"
#include "services/config/gate.h"

namespace oca::config {

// Borrows both; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewAuditLimitsService(Gate& gate, AuditLimits& limits);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_AUDIT_LIMITS_SERVICE_H_
