// The tape libraries that the appliance serves, as ocavtl tells of them.
#ifndef OCA_GATEWAYS_NDMP_OCANDMPD_APPLIANCE_LIBRARIES_H_
#define OCA_GATEWAYS_NDMP_OCANDMPD_APPLIANCE_LIBRARIES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gateways/ndmp/device/library_directory.h"
#include "lib/api/vtl.grpc.pb.h"

namespace oca::ndmp {

// Thread-safe.
class ApplianceLibraries final : public LibraryDirectory {
 public:
  // socket: of ocavtl. more: libraries that are served elsewhere; their names come first when both
  // have one. kInvalidArgument for a path that no socket can have.
  static absl::StatusOr<std::unique_ptr<ApplianceLibraries>> Create(
      const std::string& socket, std::vector<LibraryAddress> more);

  // Those given alone while ocavtl does not answer.
  std::vector<LibraryAddress> Libraries() override;

 private:
  ApplianceLibraries(std::unique_ptr<vtl::v1::Vtl::Stub> ocavtl, std::vector<LibraryAddress> more);

  const std::unique_ptr<vtl::v1::Vtl::Stub> ocavtl_;
  const std::vector<LibraryAddress> more_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_OCANDMPD_APPLIANCE_LIBRARIES_H_
