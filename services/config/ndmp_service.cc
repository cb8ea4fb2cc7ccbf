#include "services/config/ndmp_service.h"

#include "lib/api/ndmp.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

class NdmpService final : public mgmt::Ndmp::Service {
 public:
  NdmpService(Gate& gate, NdmpGateway& ndmp) : gate_(gate), ndmp_(ndmp) {}

  grpc::Status GetNdmp(ServerContext* context, const mgmt::GetNdmpRequest* in,
                       mgmt::NdmpStatus* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(*out, ndmp_.Get());
      return absl::OkStatus();
    });
  }
  grpc::Status UpdateNdmp(ServerContext* context, const mgmt::UpdateNdmpRequest* in,
                          mgmt::NdmpStatus* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(mgmt::NdmpStatus before, ndmp_.Get());
      visit.before = AuditJson(before.settings());
      OCA_RETURN_IF_ERROR(ndmp_.Update(*in));
      OCA_ASSIGN_OR_RETURN(*out, ndmp_.Get());
      return absl::OkStatus();
    });
  }
  grpc::Status ListNdmpSessions(ServerContext* context, const mgmt::ListNdmpSessionsRequest* in,
                                mgmt::ListNdmpSessionsResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(*out, ndmp_.Sessions());
      return absl::OkStatus();
    });
  }
  grpc::Status ListCompletedNdmpSessions(ServerContext* context,
                                         const mgmt::ListCompletedNdmpSessionsRequest* in,
                                         mgmt::ListCompletedNdmpSessionsResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(*out, ndmp_.Completed(in->limit()));
      return absl::OkStatus();
    });
  }

 private:
  Gate& gate_;
  NdmpGateway& ndmp_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewNdmpService(Gate& gate, NdmpGateway& ndmp) {
  return std::make_unique<NdmpService>(gate, ndmp);
}

}  // namespace oca::config
