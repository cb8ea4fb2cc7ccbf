// The service oca.management.v1.TapeLibraries, behind the gate.
#ifndef OCA_SERVICES_CONFIG_TAPE_LIBRARIES_SERVICE_H_
#define OCA_SERVICES_CONFIG_TAPE_LIBRARIES_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/gate.h"
#include "services/config/tape_libraries.h"

namespace oca::config {

// Borrows both.
std::unique_ptr<grpc::Service> NewTapeLibrariesService(Gate& gate, TapeLibraries& libraries);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_TAPE_LIBRARIES_SERVICE_H_
