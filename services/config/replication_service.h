// The service oca.management.v1.Replication, behind the gate.
#ifndef OCA_SERVICES_CONFIG_REPLICATION_SERVICE_H_
#define OCA_SERVICES_CONFIG_REPLICATION_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/gate.h"
#include "services/config/replication_links.h"

namespace oca::config {

// Borrows both.
std::unique_ptr<grpc::Service> NewReplicationService(Gate& gate, ReplicationLinks& links);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_REPLICATION_SERVICE_H_
