#include "services/config/vtl_client.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::config {
namespace {

using vtl::v1::Vtl;

constexpr absl::Duration kVtlInfoTimeout = absl::Seconds(5);
// Of calls that ask tgtd, or look at all cartridges.
constexpr absl::Duration kVtlLookTimeout = absl::Seconds(30);
// Of calls that start or stop tgtd, or make many files.
constexpr absl::Duration kVtlChangeTimeout = absl::Minutes(5);

}  // namespace

absl::StatusOr<std::unique_ptr<VtlClient>> VtlClient::Create(std::string socket_path,
                                                             std::string how_to_start) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, rpc::UnixChannel(socket_path));
  std::unique_ptr<Vtl::Stub> stub = Vtl::NewStub(channel);
  return std::unique_ptr<VtlClient>(
      new VtlClient({"ocavtl, which serves tape libraries,", std::move(socket_path),
                     std::move(how_to_start), std::move(channel)},
                    std::move(stub)));
}

VtlClient::VtlClient(Part part, std::unique_ptr<Vtl::Stub> stub)
    : part_(std::move(part)), stub_(std::move(stub)) {}

template <typename Response, typename Request>
absl::StatusOr<Response> VtlClient::Call(grpc::Status (Vtl::Stub::*method)(grpc::ClientContext*,
                                                                           const Request&,
                                                                           Response*),
                                         const Request& request, absl::Duration timeout) {
  Response response;
  OCA_RETURN_IF_ERROR(CallPart(part_, timeout, [&](grpc::ClientContext* context) {
    return (stub_.get()->*method)(context, request, &response);
  }));
  return response;
}

absl::StatusOr<vtl::v1::Info> VtlClient::GetInfo() {
  return Call(&Vtl::Stub::GetInfo, vtl::v1::GetInfoRequest(), kVtlInfoTimeout);
}

absl::StatusOr<vtl::v1::ApplyResponse> VtlClient::Apply(const vtl::v1::ApplyRequest& request) {
  return Call(&Vtl::Stub::Apply, request, kVtlChangeTimeout);
}

absl::StatusOr<vtl::v1::ListLibrariesResponse> VtlClient::List(const std::string& name) {
  vtl::v1::ListLibrariesRequest request;
  request.set_name(name);
  return Call(&Vtl::Stub::ListLibraries, request, kVtlLookTimeout);
}

absl::StatusOr<vtl::v1::AddCartridgesResponse> VtlClient::AddCartridges(
    const vtl::v1::AddCartridgesRequest& request) {
  return Call(&Vtl::Stub::AddCartridges, request, kVtlChangeTimeout);
}

absl::Status VtlClient::RemoveCartridge(const vtl::v1::RemoveCartridgeRequest& request) {
  return Call(&Vtl::Stub::RemoveCartridge, request, kVtlChangeTimeout).status();
}

absl::Status VtlClient::ImportCartridge(const vtl::v1::ImportCartridgeRequest& request) {
  return Call(&Vtl::Stub::ImportCartridge, request, kVtlChangeTimeout).status();
}

absl::Status VtlClient::ExportCartridge(const vtl::v1::ExportCartridgeRequest& request) {
  return Call(&Vtl::Stub::ExportCartridge, request, kVtlChangeTimeout).status();
}

absl::Status VtlClient::SetDriveMode(const vtl::v1::SetDriveModeRequest& request) {
  return Call(&Vtl::Stub::SetDriveMode, request, kVtlChangeTimeout).status();
}

}  // namespace oca::config
