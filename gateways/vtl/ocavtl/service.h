// The service oca.vtl.v1.Vtl on a Manager.
#ifndef OCA_GATEWAYS_VTL_OCAVTL_SERVICE_H_
#define OCA_GATEWAYS_VTL_OCAVTL_SERVICE_H_

#include <memory>

#include "gateways/vtl/ocavtl/manager.h"
#include "grpcpp/impl/service_type.h"

namespace oca::vtl {

// Borrows the manager. Thread-safe. Who may connect is for the socket's folder to say.
std::unique_ptr<grpc::Service> NewVtlService(Manager& manager);

}  // namespace oca::vtl

#endif  // OCA_GATEWAYS_VTL_OCAVTL_SERVICE_H_
