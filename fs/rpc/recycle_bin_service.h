// ocafsd's side of the service oca.management.v1.RecycleBin (lib/api/recycle_bin.proto).
#ifndef OCA_FS_RPC_RECYCLE_BIN_SERVICE_H_
#define OCA_FS_RPC_RECYCLE_BIN_SERVICE_H_

#include <memory>

#include "fs/engine/filesystem.h"
#include "grpcpp/impl/service_type.h"

namespace oca::fs_rpc {

// Borrows `filesystem`, which must outlive it. Thread-safe.
std::unique_ptr<grpc::Service> NewRecycleBinService(engine::Filesystem& filesystem);

}  // namespace oca::fs_rpc

#endif  // OCA_FS_RPC_RECYCLE_BIN_SERVICE_H_
