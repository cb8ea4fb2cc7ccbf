#include "services/config/recycle_bin_service.h"

#include <string>

#include "lib/api/recycle_bin.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

class RecycleBinService final : public mgmt::RecycleBin::Service {
 public:
  RecycleBinService(Gate& gate, Views& views, FilesystemClient& filesystem)
      : gate_(gate), views_(views), filesystem_(filesystem) {}

  grpc::Status GetRecycleBin(ServerContext* context, const mgmt::GetRecycleBinRequest* in,
                             mgmt::RecycleBinStatus* out) override {
    return Pass(context, *in, out, &FilesystemClient::GetRecycleBin);
  }
  grpc::Status SetRecycleBin(ServerContext* context, const mgmt::SetRecycleBinRequest* in,
                             mgmt::RecycleBinStatus* out) override {
    return Pass(context, *in, out, &FilesystemClient::SetRecycleBin);
  }
  grpc::Status ListRecycled(ServerContext* context, const mgmt::ListRecycledRequest* in,
                            mgmt::ListRecycledResponse* out) override {
    return Pass(context, *in, out, &FilesystemClient::ListRecycled);
  }
  grpc::Status RestoreRecycled(ServerContext* context, const mgmt::RestoreRecycledRequest* in,
                               mgmt::RestoreRecycledResponse* out) override {
    return Pass(context, *in, out, &FilesystemClient::RestoreRecycled);
  }
  grpc::Status PurgeRecycled(ServerContext* context, const mgmt::PurgeRecycledRequest* in,
                             mgmt::PurgeRecycledResponse* out) override {
    return Pass(context, *in, out, &FilesystemClient::PurgeRecycled);
  }

 private:
  template <typename Request, typename Response>
  grpc::Status Pass(ServerContext* context, const Request& in, Response* out,
                    absl::Status (FilesystemClient::*method)(const Request&, Response*)) {
    return gate_.Pass(context, in, out, [&](Visit& visit) -> absl::Status {
      if (in.name().empty()) {
        return absl::InvalidArgumentError("the name of the container is missing");
      }
      OCA_ASSIGN_OR_RETURN([[maybe_unused]] const uint32_t known, views_.ContainerId(in.name()));
      if constexpr (!std::is_same_v<Request, mgmt::GetRecycleBinRequest> &&
                    !std::is_same_v<Request, mgmt::ListRecycledRequest>) {
        NoteBefore(in.name(), visit);
      }
      return (filesystem_.*method)(in, out);
    });
  }

  void NoteBefore(const std::string& name, Visit& visit) {
    mgmt::GetRecycleBinRequest request;
    request.set_name(name);
    mgmt::RecycleBinStatus before;
    if (filesystem_.GetRecycleBin(request, &before).ok()) visit.before = AuditJson(before);
  }

  Gate& gate_;
  Views& views_;
  FilesystemClient& filesystem_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewRecycleBinService(Gate& gate, Views& views,
                                                    FilesystemClient& filesystem) {
  return std::make_unique<RecycleBinService>(gate, views, filesystem);
}

}  // namespace oca::config
