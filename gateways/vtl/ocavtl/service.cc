#include "gateways/vtl/ocavtl/service.h"

#include <unistd.h>

#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "lib/api/home.h"
#include "lib/api/vtl.grpc.pb.h"
#include "lib/rpc/status.h"

namespace oca::vtl {
namespace {

using grpc::ServerContext;

template <typename Message>
grpc::Status Answer(absl::StatusOr<Message> result, Message* out) {
  if (result.ok()) *out = *std::move(result);
  return rpc::ToGrpc(result.status());
}

class Service final : public v1::Vtl::Service {
 public:
  explicit Service(Manager& manager) : manager_(manager), started_(absl::Now()) {}

  grpc::Status GetInfo(ServerContext*, const v1::GetInfoRequest*, v1::Info* out) override {
    out->set_version(std::string(api::Version()));
    out->set_pid(static_cast<uint32_t>(::getpid()));
    out->mutable_started()->set_seconds(absl::ToUnixSeconds(started_));
    return grpc::Status::OK;
  }
  grpc::Status Apply(ServerContext*, const v1::ApplyRequest* in, v1::ApplyResponse* out) override {
    return Answer(manager_.Apply(*in), out);
  }
  grpc::Status ListLibraries(ServerContext*, const v1::ListLibrariesRequest* in,
                             v1::ListLibrariesResponse* out) override {
    return Answer(manager_.List(*in), out);
  }
  grpc::Status ListServed(ServerContext*, const v1::ListServedRequest*,
                          v1::ListServedResponse* out) override {
    *out = manager_.ListServed();
    return grpc::Status::OK;
  }
  grpc::Status AddCartridges(ServerContext*, const v1::AddCartridgesRequest* in,
                             v1::AddCartridgesResponse* out) override {
    return Answer(manager_.AddCartridges(*in), out);
  }
  grpc::Status RemoveCartridge(ServerContext*, const v1::RemoveCartridgeRequest* in,
                               v1::RemoveCartridgeResponse*) override {
    return rpc::ToGrpc(manager_.RemoveCartridge(*in));
  }
  grpc::Status ImportCartridge(ServerContext*, const v1::ImportCartridgeRequest* in,
                               v1::ImportCartridgeResponse*) override {
    return rpc::ToGrpc(manager_.ImportCartridge(*in));
  }
  grpc::Status ExportCartridge(ServerContext*, const v1::ExportCartridgeRequest* in,
                               v1::ExportCartridgeResponse*) override {
    return rpc::ToGrpc(manager_.ExportCartridge(*in));
  }
  grpc::Status SetDriveMode(ServerContext*, const v1::SetDriveModeRequest* in,
                            v1::SetDriveModeResponse*) override {
    return rpc::ToGrpc(manager_.SetDriveMode(*in));
  }

 private:
  Manager& manager_;
  const absl::Time started_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewVtlService(Manager& manager) {
  return std::make_unique<Service>(manager);
}

}  // namespace oca::vtl
