// The gRPC service oca.management.v1.Diagnostics: hands each method on, through the gate.
#ifndef OCA_SERVICES_CONFIG_DIAGNOSTICS_SERVICE_H_
#define OCA_SERVICES_CONFIG_DIAGNOSTICS_SERVICE_H_

#include <memory>
#include <string>
#include <vector>

#include "grpcpp/impl/service_type.h"
#include "services/config/audit.h"
#include "services/config/diagnostics.h"
#include "services/config/filesystem_client.h"
#include "services/config/gate.h"
#include "services/config/replication_links.h"
#include "services/config/users.h"
#include "services/config/views.h"

namespace oca::config {

// What a bundle says of the appliance, as JSON with the API's names: configuration, users,
// replication, the record of changes, states, statistics. No field that is marked as secret.
// Borrows all; they must outlive it.
std::vector<DiagnosticText> ApplianceTexts(Views& views, Users& users, AuditTrail& audit,
                                           ReplicationLinks& replication,
                                           FilesystemClient& filesystem);

// Borrows both; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewDiagnosticsService(Gate& gate, Diagnostics& diagnostics);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_DIAGNOSTICS_SERVICE_H_
