// The gRPC service oca.management.v1.Tokens: hands each method on, through the gate.
#ifndef OCA_SERVICES_CONFIG_TOKENS_SERVICE_H_
#define OCA_SERVICES_CONFIG_TOKENS_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/config/gate.h"
#include "services/config/tokens.h"

namespace oca::config {

// Borrows both; they must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewTokensService(Gate& gate, Tokens& tokens);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_TOKENS_SERVICE_H_
