// The gRPC service oca.management.v1.SecondFactor: hands each method on, through the gate.
#ifndef OCA_SERVICES_CONFIG_SECOND_FACTOR_SERVICE_H_
#define OCA_SERVICES_CONFIG_SECOND_FACTOR_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/gate.h"
#include "services/config/logins.h"
#include "services/config/second_factor.h"
#include "services/config/users.h"

namespace oca::config {

// Borrows all; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewSecondFactorService(Gate& gate, Users& users,
                                                      SecondFactor& second_factor, Logins& logins);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_SECOND_FACTOR_SERVICE_H_
