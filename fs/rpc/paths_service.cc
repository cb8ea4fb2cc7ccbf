#include "fs/rpc/paths_service.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "fmt/format.h"
#include "lib/api/paths.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace oca::fs_rpc {
namespace {

using grpc::ServerContext;
using rpc::ToGrpc;

fs::v1::PathState PathStateMessage(engine::StoragePathStatus::State state) {
  switch (state) {
    case engine::StoragePathStatus::State::kOnline:
      return fs::v1::PATH_STATE_ONLINE;
    case engine::StoragePathStatus::State::kFull:
      return fs::v1::PATH_STATE_FULL;
    case engine::StoragePathStatus::State::kMissing:
      return fs::v1::PATH_STATE_MISSING;
    case engine::StoragePathStatus::State::kForeign:
      return fs::v1::PATH_STATE_FOREIGN;
    case engine::StoragePathStatus::State::kDraining:
      return fs::v1::PATH_STATE_DRAINING;
  }
  return fs::v1::PATH_STATE_UNSPECIFIED;
}

fs::v1::StoragePath PathMessage(const engine::StoragePathStatus& path) {
  fs::v1::StoragePath out;
  out.set_name(path.uuid.empty() ? "repository" : path.uuid);
  out.set_path(path.dir);
  out.set_state(PathStateMessage(path.state));
  out.set_problem(path.why);
  out.set_total_bytes(path.total_bytes);
  out.set_free_bytes(path.available_bytes);
  out.set_packs(path.packs);
  out.set_pack_bytes(path.pack_bytes);
  out.set_performance_tier(path.tier);
  out.set_draining(path.draining);
  out.set_drained_percent(path.drained_percent);
  out.set_removed(path.removed);
  return out;
}

fs::v1::PathTest PathTestMessage(const std::string& dir, const engine::PathTest& test) {
  fs::v1::PathTest out;
  out.set_path(dir);
  out.set_sequential_iops_required(test.sequential_required);
  out.set_random_iops_required(test.random_required);
  out.set_sequential_iops(test.sequential_reads);
  out.set_random_iops(test.random_reads);
  out.set_passed(test.passed());
  out.set_total_bytes(test.total_bytes);
  out.set_free_bytes(test.free_bytes);
  out.set_cached(!test.past_cache);
  return out;
}

class PathsService final : public fs::v1::Paths::Service {
 public:
  PathsService(engine::Filesystem& filesystem, std::string mount_path)
      : filesystem_(filesystem), mount_path_(std::move(mount_path)) {}

  grpc::Status ListPaths(ServerContext*, const fs::v1::ListPathsRequest*,
                         fs::v1::ListPathsResponse* out) override {
    List(out);
    return grpc::Status::OK;
  }

  grpc::Status AddPath(ServerContext*, const fs::v1::AddPathRequest* in,
                       fs::v1::StoragePath* out) override {
    absl::StatusOr<std::string> dir = FolderOf(in->path());
    if (!dir.ok()) return ToGrpc(dir.status());
    if (in->performance_tier()) {
      if (absl::Status fast = CheckSpeed(*dir); !fast.ok()) return ToGrpc(fast);
    }
    absl::StatusOr<engine::StoragePathStatus> added =
        filesystem_.AddStoragePath(*dir, in->performance_tier());
    if (added.ok()) *out = PathMessage(*added);
    return ToGrpc(added.status());
  }

  grpc::Status DrainPath(ServerContext*, const fs::v1::DrainPathRequest* in,
                         fs::v1::StoragePath* out) override {
    absl::StatusOr<engine::StoragePathStatus> drained =
        filesystem_.DrainStoragePath(AsListed(in->path()));
    if (drained.ok()) *out = PathMessage(*drained);
    return ToGrpc(drained.status());
  }

  grpc::Status ForgetPath(ServerContext*, const fs::v1::ForgetPathRequest* in,
                          fs::v1::ForgetPathResponse*) override {
    return ToGrpc(filesystem_.ForgetStoragePath(AsListed(in->path())));
  }

  grpc::Status TestPath(ServerContext*, const fs::v1::TestPathRequest* in,
                        fs::v1::PathTest* out) override {
    absl::StatusOr<std::string> dir = FolderOf(in->path());
    if (!dir.ok()) return ToGrpc(dir.status());
    absl::StatusOr<engine::PathTest> test = Test(*dir);
    if (test.ok()) *out = PathTestMessage(*dir, *test);
    return ToGrpc(test.status());
  }

  grpc::Status RescanPaths(ServerContext*, const fs::v1::RescanPathsRequest*,
                           fs::v1::ListPathsResponse* out) override {
    const absl::Status done = filesystem_.RescanStoragePaths();
    List(out);
    return ToGrpc(done);
  }

 private:
  absl::StatusOr<std::string> FolderOf(const std::string& path) const {
    std::error_code error;
    // Links are followed now: what the path means must not change later.
    const std::filesystem::path real = std::filesystem::canonical(path, error);
    if (error) return PosixError(error.value(), path);
    if (!path.starts_with('/')) {
      return PosixError(EINVAL, fmt::format("'{}' is no absolute path", path));
    }
    std::string dir = real.string();
    if (dir == mount_path_ || dir.starts_with(mount_path_ + "/")) {
      return PosixError(EINVAL, fmt::format("{} lies in the mount of the containers", dir));
    }
    return dir;
  }

  // A path that is missing may have no folder that could be looked at.
  static std::string AsListed(const std::string& path) {
    std::error_code error;
    const std::filesystem::path real = std::filesystem::canonical(path, error);
    return error ? path : real.string();
  }

  absl::StatusOr<engine::PathTest> Test(const std::string& dir) {
    absl::MutexLock one(&test_mu_);
    return filesystem_.TestStoragePath(dir);
  }

  absl::Status CheckSpeed(const std::string& dir) {
    OCA_ASSIGN_OR_RETURN(const engine::PathTest test, Test(dir));
    if (test.passed()) return absl::OkStatus();
    return absl::FailedPreconditionError(fmt::format(
        "{} is too slow for the performance tier: {} sequential and {} random reads a second, but "
        "at least {} and {} are required; give a folder of a faster disk",
        dir, test.sequential_reads, test.random_reads, test.sequential_required,
        test.random_required));
  }

  void List(fs::v1::ListPathsResponse* out) {
    for (const engine::StoragePathStatus& path : filesystem_.ListStoragePaths())
      *out->add_paths() = PathMessage(path);
  }

  engine::Filesystem& filesystem_;
  const std::string mount_path_;
  absl::Mutex test_mu_;  // one test at a time: two would measure each other
};

}  // namespace

std::unique_ptr<grpc::Service> NewPathsService(engine::Filesystem& filesystem,
                                               std::string mount_path) {
  return std::make_unique<PathsService>(filesystem, std::move(mount_path));
}

}  // namespace oca::fs_rpc
