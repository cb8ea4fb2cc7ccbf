// The gRPC service oca.management.v1.Access: checks who and what is named, and keeps it.
#ifndef OCA_SERVICES_CONFIG_ACCESS_SERVICE_H_
#define OCA_SERVICES_CONFIG_ACCESS_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/access_store.h"
#include "services/config/gate.h"
#include "services/config/store.h"
#include "services/config/user_store.h"

namespace oca::config {

// Borrows all; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewAccessService(Gate& gate, AccessStore& access, Store& store,
                                                UserStore& users);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_ACCESS_SERVICE_H_
