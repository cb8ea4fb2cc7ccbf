#include "services/config/storage_service.h"

#include <utility>

#include "lib/api/storage.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

template <typename Message>
absl::Status Answer(absl::StatusOr<Message> result, Message* out) {
  if (result.ok()) *out = *std::move(result);
  return result.status();
}

class Service final : public mgmt::Storage::Service {
 public:
  Service(Gate& gate, FilesystemClient& filesystem) : gate_(gate), filesystem_(filesystem) {}

  grpc::Status ListStoragePaths(ServerContext* context, const mgmt::ListStoragePathsRequest* in,
                                fs::v1::ListPathsResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.ListPaths(), out); });
  }
  grpc::Status AddStoragePath(ServerContext* context, const mgmt::AddStoragePathRequest* in,
                              fs::v1::StoragePath* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.AddPath(in->path()), out); });
  }
  grpc::Status RescanStoragePaths(ServerContext* context, const mgmt::RescanStoragePathsRequest* in,
                                  fs::v1::ListPathsResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(filesystem_.RescanPaths(), out); });
  }

 private:
  Gate& gate_;
  FilesystemClient& filesystem_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewStorageService(Gate& gate, FilesystemClient& filesystem) {
  return std::make_unique<Service>(gate, filesystem);
}

}  // namespace oca::config
