#include "services/config/gateways_service.h"

#include "lib/api/gateways.grpc.pb.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

class Service final : public mgmt::Gateways::Service {
 public:
  Service(Gate& gate, Users& users) : gate_(gate), users_(users) {}

  grpc::Status CheckNdmpUser(grpc::ServerContext* context, const mgmt::CheckNdmpUserRequest* in,
                             mgmt::CheckNdmpUserResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return users_.CheckNdmpUser(*in); });
  }

 private:
  Gate& gate_;
  Users& users_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewGatewaysService(Gate& gate, Users& users) {
  return std::make_unique<Service>(gate, users);
}

}  // namespace oca::config
