#include "services/config/tape_libraries_service.h"

#include <utility>

#include "lib/api/tape_libraries.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

class TapeLibrariesService final : public mgmt::TapeLibraries::Service {
 public:
  TapeLibrariesService(Gate& gate, TapeLibraries& libraries) : gate_(gate), libraries_(libraries) {}

  grpc::Status ListTapeLibraries(ServerContext* context, const mgmt::ListTapeLibrariesRequest* in,
                                 mgmt::ListTapeLibrariesResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(libraries_.List(in->name()), out); });
  }
  grpc::Status UpdateTapeLibrary(ServerContext* context, const mgmt::UpdateTapeLibraryRequest* in,
                                 mgmt::TapeLibrary* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      absl::StatusOr<mgmt::TapeLibrary> before = libraries_.Get(in->name());
      if (before.ok()) visit.before = AuditJson(before->spec());
      OCA_RETURN_IF_ERROR(libraries_.Update(*in));
      return Answer(libraries_.Get(in->name()), out);
    });
  }
  grpc::Status AddTapes(ServerContext* context, const mgmt::AddTapesRequest* in,
                        mgmt::AddTapesResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(libraries_.AddTapes(*in), out); });
  }
  grpc::Status DeleteTape(ServerContext* context, const mgmt::DeleteTapeRequest* in,
                          mgmt::DeleteTapeResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return libraries_.DeleteTape(*in); });
  }
  grpc::Status ImportTape(ServerContext* context, const mgmt::ImportTapeRequest* in,
                          mgmt::TapeLibrary* out) override {
    return Change(context, *in, out, [&] { return libraries_.ImportTape(*in); });
  }
  grpc::Status ExportTape(ServerContext* context, const mgmt::ExportTapeRequest* in,
                          mgmt::TapeLibrary* out) override {
    return Change(context, *in, out, [&] { return libraries_.ExportTape(*in); });
  }
  grpc::Status SetTapeDriveMode(ServerContext* context, const mgmt::SetTapeDriveModeRequest* in,
                                mgmt::TapeLibrary* out) override {
    return Change(context, *in, out, [&] { return libraries_.SetDriveMode(*in); });
  }

  grpc::Status ListConnections(ServerContext* context, const mgmt::ListConnectionsRequest* in,
                               mgmt::ListConnectionsResponse* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return Answer(libraries_.ListConnections(in->name()), out); });
  }
  grpc::Status AddConnection(ServerContext* context, const mgmt::AddConnectionRequest* in,
                             mgmt::Connection* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_RETURN_IF_ERROR(libraries_.AddConnection(*in));
      return Answer(libraries_.GetConnection(in->name()), out);
    });
  }
  grpc::Status UpdateConnection(ServerContext* context, const mgmt::UpdateConnectionRequest* in,
                                mgmt::Connection* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      NoteConnection(in->name(), visit);
      OCA_RETURN_IF_ERROR(libraries_.UpdateConnection(*in));
      return Answer(libraries_.GetConnection(in->name()), out);
    });
  }
  grpc::Status DeleteConnection(ServerContext* context, const mgmt::DeleteConnectionRequest* in,
                                mgmt::DeleteConnectionResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteConnection(in->name(), visit);
      return libraries_.DeleteConnection(in->name());
    });
  }

 private:
  // Does something to the library that the request names, and answers with the library.
  template <typename Request, typename Work>
  grpc::Status Change(ServerContext* context, const Request& in, mgmt::TapeLibrary* out,
                      Work work) {
    return gate_.Pass(context, in, out, [&](Visit&) -> absl::Status {
      OCA_RETURN_IF_ERROR(work());
      return Answer(libraries_.Get(in.name()), out);
    });
  }

  void NoteConnection(const std::string& name, Visit& visit) {
    absl::StatusOr<mgmt::Connection> before = libraries_.GetConnection(name);
    if (before.ok()) visit.before = AuditJson(*before);
  }

  Gate& gate_;
  TapeLibraries& libraries_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewTapeLibrariesService(Gate& gate, TapeLibraries& libraries) {
  return std::make_unique<TapeLibrariesService>(gate, libraries);
}

}  // namespace oca::config
