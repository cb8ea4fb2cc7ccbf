// The gRPC service oca.fs.v1.Paths on a Filesystem.
#ifndef OCA_FS_RPC_PATHS_SERVICE_H_
#define OCA_FS_RPC_PATHS_SERVICE_H_

#include <memory>
#include <string>

#include "fs/engine/filesystem.h"
#include "grpcpp/impl/service_type.h"

namespace oca::fs_rpc {

// Borrows the filesystem, which must outlive it. No path may lie in `mount_path`. Thread-safe.
std::unique_ptr<grpc::Service> NewPathsService(engine::Filesystem& filesystem,
                                               std::string mount_path);

}  // namespace oca::fs_rpc

#endif  // OCA_FS_RPC_PATHS_SERVICE_H_
