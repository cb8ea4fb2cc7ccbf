// The gRPC service oca.management.v1.Storage: hands each method on to ocafsd, through the gate.
#ifndef OCA_SERVICES_CONFIG_STORAGE_SERVICE_H_
#define OCA_SERVICES_CONFIG_STORAGE_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/filesystem_client.h"
#include "services/config/gate.h"

namespace oca::config {

// Borrows both; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewStorageService(Gate& gate, FilesystemClient& filesystem);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_STORAGE_SERVICE_H_
