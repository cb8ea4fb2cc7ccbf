#include "services/config/gateways_service.h"

#include "lib/api/gateways.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

class GatewaysService final : public mgmt::Gateways::Service {
 public:
  GatewaysService(Gate& gate, Users& users, NdmpGateway& ndmp)
      : gate_(gate), users_(users), ndmp_(ndmp) {}

  grpc::Status CheckNdmpUser(grpc::ServerContext* context, const mgmt::CheckNdmpUserRequest* in,
                             mgmt::CheckNdmpUserResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return users_.CheckNdmpUser(*in); });
  }
  grpc::Status ReportNdmp(grpc::ServerContext* context, const mgmt::ReportNdmpRequest* in,
                          mgmt::ReportNdmpResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(*out, ndmp_.Report(*in));
      return absl::OkStatus();
    });
  }

 private:
  Gate& gate_;
  Users& users_;
  NdmpGateway& ndmp_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewGatewaysService(Gate& gate, Users& users, NdmpGateway& ndmp) {
  return std::make_unique<GatewaysService>(gate, users, ndmp);
}

}  // namespace oca::config
