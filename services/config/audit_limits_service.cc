#include "services/config/audit_limits_service.h"

#include "lib/api/audit_limits.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

class AuditLimitsService final : public mgmt::AuditLimits::Service {
 public:
  AuditLimitsService(Gate& gate, AuditLimits& limits) : gate_(gate), limits_(limits) {}

  grpc::Status GetAuditLimits(ServerContext* context, const mgmt::GetAuditLimitsRequest* in,
                              mgmt::AuditLimitsStatus* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(*out, limits_.Get());
      return absl::OkStatus();
    });
  }
  grpc::Status SetAuditLimits(ServerContext* context, const mgmt::SetAuditLimitsRequest* in,
                              mgmt::AuditLimitsStatus* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(mgmt::AuditLimitsStatus before, limits_.Get());
      visit.before = AuditJson(before);
      OCA_ASSIGN_OR_RETURN(*out, limits_.Set(*in));
      return absl::OkStatus();
    });
  }

 private:
  Gate& gate_;
  AuditLimits& limits_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewAuditLimitsService(Gate& gate, AuditLimits& limits) {
  return std::make_unique<AuditLimitsService>(gate, limits);
}

}  // namespace oca::config
