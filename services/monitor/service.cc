#include "services/monitor/service.h"

#include <utility>

#include "lib/api/statistics.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace oca::monitor {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

template <typename Message>
grpc::Status Answer(absl::StatusOr<Message> result, Message* out) {
  if (result.ok()) *out = *std::move(result);
  return rpc::ToGrpc(result.status());
}

class Service final : public mgmt::Statistics::Service {
 public:
  Service(const Board& board, const Backlog& backlog, History& history, Clock& clock)
      : board_(board), backlog_(backlog), history_(history), clock_(clock) {}

  grpc::Status GetMachineStats(ServerContext*, const mgmt::GetMachineStatsRequest*,
                               mgmt::MachineStats* out) override {
    *out = board_.machine();
    return grpc::Status::OK;
  }
  grpc::Status GetMonitorStatus(ServerContext*, const mgmt::GetMonitorStatusRequest*,
                                mgmt::MonitorStatus* out) override {
    *out = board_.status();
    out->set_samples_waiting(backlog_.size());
    return grpc::Status::OK;
  }
  grpc::Status ListSeries(ServerContext*, const mgmt::ListSeriesRequest* in,
                          mgmt::ListSeriesResponse* out) override {
    return Answer(history_.List(*in), out);
  }
  grpc::Status GetHistory(ServerContext*, const mgmt::GetHistoryRequest* in,
                          mgmt::History* out) override {
    return Answer(history_.Get(*in, clock_.Now()), out);
  }

 private:
  const Board& board_;
  const Backlog& backlog_;
  History& history_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewStatisticsService(const Board& board, const Backlog& backlog,
                                                    History& history, Clock& clock) {
  return std::make_unique<Service>(board, backlog, history, clock);
}

}  // namespace oca::monitor
