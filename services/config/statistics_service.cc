#include "services/config/statistics_service.h"

#include <utility>

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;
using mgmt::Statistics;

constexpr absl::Duration kStatisticsTimeout = absl::Seconds(40);

class StatisticsService final : public Statistics::Service {
 public:
  StatisticsService(Gate& gate, MonitorClient& monitor) : gate_(gate), monitor_(monitor) {}

  grpc::Status GetMachineStats(ServerContext* context, const mgmt::GetMachineStatsRequest* in,
                               mgmt::MachineStats* out) override {
    return Forward(context, &Statistics::Stub::GetMachineStats, *in, out);
  }
  grpc::Status GetMonitorStatus(ServerContext* context, const mgmt::GetMonitorStatusRequest* in,
                                mgmt::MonitorStatus* out) override {
    return Forward(context, &Statistics::Stub::GetMonitorStatus, *in, out);
  }
  grpc::Status ListSeries(ServerContext* context, const mgmt::ListSeriesRequest* in,
                          mgmt::ListSeriesResponse* out) override {
    return Forward(context, &Statistics::Stub::ListSeries, *in, out);
  }
  grpc::Status GetHistory(ServerContext* context, const mgmt::GetHistoryRequest* in,
                          mgmt::History* out) override {
    return Forward(context, &Statistics::Stub::GetHistory, *in, out);
  }

 private:
  template <typename Request, typename Response>
  grpc::Status Forward(ServerContext* context,
                       grpc::Status (Statistics::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                       const Request& in, Response* out) {
    return gate_.Pass(context, in, out, [&](Visit&) { return monitor_.Call(method, in, out); });
  }

  Gate& gate_;
  MonitorClient& monitor_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MonitorClient>> CreateMonitorClient(const std::string& socket,
                                                                   std::string how_to_start) {
  return MonitorClient::Create(
      {"ocamonitor, which keeps the statistics,", socket, std::move(how_to_start)},
      kStatisticsTimeout);
}

std::unique_ptr<grpc::Service> NewStatisticsService(Gate& gate, MonitorClient& monitor) {
  return std::make_unique<StatisticsService>(gate, monitor);
}

}  // namespace oca::config
