// ocavtl as ocaconfigsvc calls it: typed, with deadlines, and with errors that say what to do when
// it is down.
#ifndef OCA_SERVICES_CONFIG_VTL_CLIENT_H_
#define OCA_SERVICES_CONFIG_VTL_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/api/vtl.grpc.pb.h"
#include "services/config/part_call.h"

namespace oca::config {

// Errors: as of CallPart. Thread-safe.
class VtlClient {
 public:
  // As FilesystemClient::Create.
  static absl::StatusOr<std::unique_ptr<VtlClient>> Create(std::string socket_path,
                                                           std::string how_to_start);

  absl::StatusOr<vtl::v1::Info> GetInfo();
  absl::StatusOr<vtl::v1::ApplyResponse> Apply(const vtl::v1::ApplyRequest& request);
  // name: only this one; empty = all.
  absl::StatusOr<vtl::v1::ListLibrariesResponse> List(const std::string& name);
  absl::StatusOr<vtl::v1::AddCartridgesResponse> AddCartridges(
      const vtl::v1::AddCartridgesRequest& request);
  absl::Status RemoveCartridge(const vtl::v1::RemoveCartridgeRequest& request);
  absl::Status ImportCartridge(const vtl::v1::ImportCartridgeRequest& request);
  absl::Status ExportCartridge(const vtl::v1::ExportCartridgeRequest& request);
  absl::Status SetDriveMode(const vtl::v1::SetDriveModeRequest& request);

 private:
  VtlClient(Part part, std::unique_ptr<vtl::v1::Vtl::Stub> stub);

  template <typename Response, typename Request>
  absl::StatusOr<Response> Call(grpc::Status (vtl::v1::Vtl::Stub::*method)(grpc::ClientContext*,
                                                                           const Request&,
                                                                           Response*),
                                const Request& request, absl::Duration timeout);

  const Part part_;
  const std::unique_ptr<vtl::v1::Vtl::Stub> stub_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_VTL_CLIENT_H_
