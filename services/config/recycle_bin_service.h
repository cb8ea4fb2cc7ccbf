// The gRPC service oca.management.v1.RecycleBin: hands each method on to ocafsd, through the gate.
#ifndef OCA_SERVICES_CONFIG_RECYCLE_BIN_SERVICE_H_
#define OCA_SERVICES_CONFIG_RECYCLE_BIN_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/filesystem_client.h"
#include "services/config/gate.h"
#include "services/config/views.h"

namespace oca::config {

// Borrows all; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewRecycleBinService(Gate& gate, Views& views,
                                                    FilesystemClient& filesystem);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_RECYCLE_BIN_SERVICE_H_
