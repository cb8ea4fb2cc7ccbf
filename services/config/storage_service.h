// The gRPC service oca.management.v1.Storage: hands each method on to ocafsd, through the gate, and
// makes the performance tier of a path and a storage group.
#ifndef OCA_SERVICES_CONFIG_STORAGE_SERVICE_H_
#define OCA_SERVICES_CONFIG_STORAGE_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/changes.h"
#include "services/config/filesystem_client.h"
#include "services/config/gate.h"
#include "services/config/views.h"

namespace oca::config {

// Borrows all; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewStorageService(Gate& gate, Changes& changes, Views& views,
                                                 FilesystemClient& filesystem);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_STORAGE_SERVICE_H_
