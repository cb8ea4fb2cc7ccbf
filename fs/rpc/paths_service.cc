#include "fs/rpc/paths_service.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "fmt/format.h"
#include "lib/api/paths.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace oca::fs_rpc {
namespace {

namespace api = fs::v1;
using grpc::ServerContext;
using rpc::ToGrpc;

api::PathState ToProto(engine::StoragePathStatus::State state) {
  switch (state) {
    case engine::StoragePathStatus::State::kOnline:
      return api::PATH_STATE_ONLINE;
    case engine::StoragePathStatus::State::kFull:
      return api::PATH_STATE_FULL;
    case engine::StoragePathStatus::State::kMissing:
      return api::PATH_STATE_MISSING;
    case engine::StoragePathStatus::State::kForeign:
      return api::PATH_STATE_FOREIGN;
  }
  return api::PATH_STATE_UNSPECIFIED;
}

api::StoragePath ToProto(const engine::StoragePathStatus& path) {
  api::StoragePath out;
  out.set_name(path.uuid.empty() ? "repository" : path.uuid);
  out.set_path(path.dir);
  out.set_state(ToProto(path.state));
  out.set_problem(path.why);
  out.set_total_bytes(path.total_bytes);
  out.set_free_bytes(path.available_bytes);
  out.set_packs(path.packs);
  out.set_pack_bytes(path.pack_bytes);
  return out;
}

class Service final : public api::Paths::Service {
 public:
  Service(engine::Filesystem& filesystem, std::string mount_path)
      : filesystem_(filesystem), mount_path_(std::move(mount_path)) {}

  grpc::Status ListPaths(ServerContext*, const api::ListPathsRequest*,
                         api::ListPathsResponse* out) override {
    List(out);
    return grpc::Status::OK;
  }

  grpc::Status AddPath(ServerContext*, const api::AddPathRequest* in,
                       api::StoragePath* out) override {
    std::error_code error;
    // Links are followed now: what the path means must not change later.
    const std::filesystem::path real = std::filesystem::canonical(in->path(), error);
    if (error) return ToGrpc(PosixError(error.value(), in->path()));
    if (!in->path().starts_with('/')) {
      return ToGrpc(PosixError(EINVAL, fmt::format("'{}' is no absolute path", in->path())));
    }
    const std::string dir = real.string();
    if (dir == mount_path_ || dir.starts_with(mount_path_ + "/")) {
      return ToGrpc(PosixError(EINVAL, fmt::format("{} lies in the mount of the containers", dir)));
    }
    absl::StatusOr<engine::StoragePathStatus> added = filesystem_.AddStoragePath(dir);
    if (added.ok()) *out = ToProto(*added);
    return ToGrpc(added.status());
  }

  grpc::Status RescanPaths(ServerContext*, const api::RescanPathsRequest*,
                           api::ListPathsResponse* out) override {
    const absl::Status done = filesystem_.RescanStoragePaths();
    List(out);
    return ToGrpc(done);
  }

 private:
  void List(api::ListPathsResponse* out) {
    for (const engine::StoragePathStatus& path : filesystem_.ListStoragePaths())
      *out->add_paths() = ToProto(path);
  }

  engine::Filesystem& filesystem_;
  const std::string mount_path_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewPathsService(engine::Filesystem& filesystem,
                                               std::string mount_path) {
  return std::make_unique<Service>(filesystem, std::move(mount_path));
}

}  // namespace oca::fs_rpc
