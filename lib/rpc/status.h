// absl::Status over gRPC and back. Code, message and payloads (so also the exact errno,
// lib/base/status.h) survive.
#ifndef OCA_LIB_RPC_STATUS_H_
#define OCA_LIB_RPC_STATUS_H_

#include <string_view>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace oca::rpc {

// Payloads travel in the status's details: magic "OCS1", then per payload two length-prefixed
// strings (url, bytes).
grpc::Status ToGrpc(const absl::Status& status);

// The reverse. Details that are not ours, or broken, are dropped; an unknown code becomes kUnknown.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace oca::rpc

#endif  // OCA_LIB_RPC_STATUS_H_
