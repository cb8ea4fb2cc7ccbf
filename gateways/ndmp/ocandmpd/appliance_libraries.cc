#include "gateways/ndmp/ocandmpd/appliance_libraries.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "grpcpp/client_context.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::ndmp {
namespace {

constexpr absl::Duration kLibrariesTimeout = absl::Seconds(10);

}  // namespace

absl::StatusOr<std::unique_ptr<ApplianceLibraries>> ApplianceLibraries::Create(
    const std::string& socket, std::vector<LibraryAddress> more) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, rpc::UnixChannel(socket));
  return std::unique_ptr<ApplianceLibraries>(
      new ApplianceLibraries(vtl::v1::Vtl::NewStub(std::move(channel)), std::move(more)));
}

ApplianceLibraries::ApplianceLibraries(std::unique_ptr<vtl::v1::Vtl::Stub> ocavtl,
                                       std::vector<LibraryAddress> more)
    : ocavtl_(std::move(ocavtl)), more_(std::move(more)) {}

std::vector<LibraryAddress> ApplianceLibraries::Libraries() {
  std::vector<LibraryAddress> libraries = more_;
  grpc::ClientContext context;
  rpc::SetTimeout(&context, kLibrariesTimeout);
  vtl::v1::ListServedResponse served;
  absl::Status listed =
      rpc::FromGrpc(ocavtl_->ListServed(&context, vtl::v1::ListServedRequest(), &served));
  if (!listed.ok()) log::Info("libraries_not_told", "error", MessageOf(listed));
  for (const vtl::v1::ServedLibrary& each : served.libraries()) {
    const bool taken = std::any_of(more_.begin(), more_.end(), [&](const LibraryAddress& given) {
      return given.name == each.name();
    });
    if (taken) continue;
    LibraryAddress library;
    library.name = each.name();
    library.portal = each.portal();
    library.target = each.target();
    library.initiator = each.initiator();
    library.chap_user = each.user();
    library.chap_password = crypto::Secret(each.password());
    libraries.push_back(std::move(library));
  }
  std::sort(libraries.begin(), libraries.end(),
            [](const LibraryAddress& a, const LibraryAddress& b) { return a.name < b.name; });
  return libraries;
}

}  // namespace oca::ndmp
