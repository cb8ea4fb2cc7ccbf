#include "services/config/storage_service.h"

#include <utility>

#include "fmt/format.h"
#include "lib/api/storage.grpc.pb.h"
#include "lib/base/status.h"
#include "services/config/find.h"
#include "services/config/rules.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

class StorageService final : public mgmt::Storage::Service {
 public:
  StorageService(Gate& gate, Changes& changes, Views& views, FilesystemClient& filesystem)
      : gate_(gate), changes_(changes), views_(views), filesystem_(filesystem) {}

  grpc::Status ListStoragePaths(ServerContext* context, const mgmt::ListStoragePathsRequest* in,
                                fs::v1::ListPathsResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.ListPaths(), out); });
  }
  grpc::Status AddStoragePath(ServerContext* context, const mgmt::AddStoragePathRequest* in,
                              fs::v1::StoragePath* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.AddPath(in->path(), false), out); });
  }
  grpc::Status RemoveStoragePath(ServerContext* context, const mgmt::RemoveStoragePathRequest* in,
                                 fs::v1::StoragePath* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      if (!in->force()) return Answer(filesystem_.DrainPath(in->path()), out);
      OCA_RETURN_IF_ERROR(filesystem_.ForgetPath(in->path()));
      out->set_path(in->path());
      out->set_removed(true);
      return absl::OkStatus();
    });
  }
  grpc::Status TestStoragePath(ServerContext* context, const mgmt::TestStoragePathRequest* in,
                               fs::v1::PathTest* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.TestPath(in->path()), out); });
  }
  grpc::Status AddPerformanceTier(ServerContext* context, const mgmt::AddPerformanceTierRequest* in,
                                  mgmt::StorageGroup* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return AddTier(*in, out); });
  }
  grpc::Status RescanStoragePaths(ServerContext* context, const mgmt::RescanStoragePathsRequest* in,
                                  fs::v1::ListPathsResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.RescanPaths(), out); });
  }

 private:
  // The path first: a call that was cut short before the group was there is made whole by the next.
  absl::Status AddTier(const mgmt::AddPerformanceTierRequest& in, mgmt::StorageGroup* out) {
    OCA_RETURN_IF_ERROR(CheckQuota(in.quota_bytes()));
    OCA_ASSIGN_OR_RETURN(const Actual actual, filesystem_.List());
    const fs::v1::StorageGroup* group = FindByName(actual.groups, std::string(kPerformanceTier));
    if (group != nullptr && !group->performance_tier()) {
      return absl::FailedPreconditionError(fmt::format(
          "a storage group named {} is there that is none of the performance tier; delete it first",
          kPerformanceTier));
    }
    if (group != nullptr &&
        (in.quota_bytes() != 0 || in.compression_mode() != fs::v1::COMPRESSION_MODE_UNSPECIFIED)) {
      return absl::InvalidArgumentError(
          "the performance tier is there, and only a path can be added to it; its settings are "
          "changed by oca performance_tier --update");
    }
    const absl::Status added = filesystem_.AddPath(in.path(), true).status();
    if (!added.ok() && (group != nullptr || !absl::IsAlreadyExists(added))) return added;
    if (group == nullptr) {
      mgmt::AddStorageGroupRequest request;
      request.set_name(std::string(kPerformanceTier));
      request.set_compression_mode(in.compression_mode());
      request.set_quota_bytes(in.quota_bytes());
      OCA_RETURN_IF_ERROR(changes_.AddGroup(request));
    }
    OCA_ASSIGN_OR_RETURN(mgmt::ListStorageGroupsResponse list, views_.ListGroups(kPerformanceTier));
    *out = std::move(*list.mutable_groups(0));
    return absl::OkStatus();
  }

  Gate& gate_;
  Changes& changes_;
  Views& views_;
  FilesystemClient& filesystem_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewStorageService(Gate& gate, Changes& changes, Views& views,
                                                 FilesystemClient& filesystem) {
  return std::make_unique<StorageService>(gate, changes, views, filesystem);
}

}  // namespace oca::config
