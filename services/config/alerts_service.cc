#include "services/config/alerts_service.h"

#include <utility>

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;
using mgmt::Alerts;

// A test of a channel waits for a mail relay.
constexpr absl::Duration kAlertsTimeout = absl::Seconds(50);

class AlertsService final : public Alerts::Service {
 public:
  AlertsService(Gate& gate, HealthClient& health) : gate_(gate), health_(health) {}

  grpc::Status ListAlerts(ServerContext* context, const mgmt::ListAlertsRequest* in,
                          mgmt::ListAlertsResponse* out) override {
    return Forward(context, &Alerts::Stub::ListAlerts, *in, out);
  }
  grpc::Status ListEvents(ServerContext* context, const mgmt::ListEventsRequest* in,
                          mgmt::ListEventsResponse* out) override {
    return Forward(context, &Alerts::Stub::ListEvents, *in, out);
  }
  grpc::Status GetAlertSummary(ServerContext* context, const mgmt::GetAlertSummaryRequest* in,
                               mgmt::AlertSummary* out) override {
    return Forward(context, &Alerts::Stub::GetAlertSummary, *in, out);
  }
  grpc::Status GetChannel(ServerContext* context, const mgmt::GetChannelRequest* in,
                          mgmt::Channel* out) override {
    return Forward(context, &Alerts::Stub::GetChannel, *in, out);
  }
  grpc::Status ConfigureChannel(ServerContext* context, const mgmt::ConfigureChannelRequest* in,
                                mgmt::Channel* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteBefore(in->name(), visit);
      return health_.Call(&Alerts::Stub::ConfigureChannel, *in, out);
    });
  }
  grpc::Status ClearChannel(ServerContext* context, const mgmt::ClearChannelRequest* in,
                            mgmt::Channel* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteBefore(in->name(), visit);
      return health_.Call(&Alerts::Stub::ClearChannel, *in, out);
    });
  }
  grpc::Status TestChannel(ServerContext* context, const mgmt::TestChannelRequest* in,
                           mgmt::Channel* out) override {
    return Forward(context, &Alerts::Stub::TestChannel, *in, out);
  }

 private:
  template <typename Request, typename Response>
  grpc::Status Forward(ServerContext* context,
                       grpc::Status (Alerts::Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                       const Request& in, Response* out) {
    return gate_.Pass(context, in, out, [&](Visit&) { return health_.Call(method, in, out); });
  }
  void NoteBefore(const std::string& name, Visit& visit) {
    mgmt::GetChannelRequest request;
    request.set_name(name);
    mgmt::Channel before;
    if (health_.Call(&Alerts::Stub::GetChannel, request, &before).ok()) {
      visit.before = AuditJson(before);
    }
  }

  Gate& gate_;
  HealthClient& health_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HealthClient>> CreateHealthClient(const std::string& socket,
                                                                 std::string how_to_start) {
  return HealthClient::Create(
      {"nhm, which keeps events and alerts,", socket, std::move(how_to_start)}, kAlertsTimeout);
}

std::unique_ptr<grpc::Service> NewAlertsService(Gate& gate, HealthClient& health) {
  return std::make_unique<AlertsService>(gate, health);
}

}  // namespace oca::config
