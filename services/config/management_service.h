// The gRPC service oca.management.v1.Management: hands each method on, through the gate.
#ifndef OCA_SERVICES_CONFIG_MANAGEMENT_SERVICE_H_
#define OCA_SERVICES_CONFIG_MANAGEMENT_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/changes.h"
#include "services/config/filesystem_client.h"
#include "services/config/gate.h"
#include "services/config/replication_links.h"
#include "services/config/tape_libraries.h"
#include "services/config/views.h"

namespace oca::config {

// Borrows all; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewManagementService(Gate& gate, Changes& changes,
                                                    TapeLibraries& libraries,
                                                    ReplicationLinks& replication, Views& views,
                                                    FilesystemClient& filesystem);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_MANAGEMENT_SERVICE_H_
