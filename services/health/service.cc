#include "services/health/service.h"

#include <utility>
#include <vector>

#include "lib/api/alerts.grpc.pb.h"
#include "lib/api/events.grpc.pb.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace oca::health {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

template <typename Message>
grpc::Status Put(absl::StatusOr<Message> result, Message* out) {
  if (result.ok()) *out = *std::move(result);
  return rpc::ToGrpc(result.status());
}

class RecorderService final : public event::v1::Recorder::Service {
 public:
  explicit RecorderService(Recorder& recorder) : recorder_(recorder) {}

  grpc::Status Record(ServerContext*, const event::v1::RecordRequest* in,
                      event::v1::RecordResponse*) override {
    return rpc::ToGrpc(recorder_.Record({in->events().begin(), in->events().end()}));
  }
  grpc::Status Check(ServerContext*, const event::v1::CheckRequest*,
                     event::v1::CheckResponse*) override {
    return grpc::Status::OK;
  }

 private:
  Recorder& recorder_;
};

class AlertsService final : public mgmt::Alerts::Service {
 public:
  AlertsService(Lists& lists, Channels& channels,
                std::function<absl::Status(const mgmt::Channel&)> try_channel)
      : lists_(lists), channels_(channels), try_channel_(std::move(try_channel)) {}

  grpc::Status ListAlerts(ServerContext*, const mgmt::ListAlertsRequest* in,
                          mgmt::ListAlertsResponse* out) override {
    return Put(lists_.Alerts(*in), out);
  }
  grpc::Status ListEvents(ServerContext*, const mgmt::ListEventsRequest* in,
                          mgmt::ListEventsResponse* out) override {
    return Put(lists_.Events(*in), out);
  }
  grpc::Status GetAlertSummary(ServerContext*, const mgmt::GetAlertSummaryRequest*,
                               mgmt::AlertSummary* out) override {
    return Put(lists_.Summary(), out);
  }
  grpc::Status GetChannel(ServerContext*, const mgmt::GetChannelRequest* in,
                          mgmt::Channel* out) override {
    return Put(channels_.Get(in->name()), out);
  }
  grpc::Status ConfigureChannel(ServerContext*, const mgmt::ConfigureChannelRequest* in,
                                mgmt::Channel* out) override {
    return Put(channels_.Configure(*in), out);
  }
  grpc::Status ClearChannel(ServerContext*, const mgmt::ClearChannelRequest* in,
                            mgmt::Channel* out) override {
    return Put(channels_.Clear(in->name()), out);
  }
  grpc::Status TestChannel(ServerContext*, const mgmt::TestChannelRequest* in,
                           mgmt::Channel* out) override {
    return Put(Test(in->name()), out);
  }

 private:
  absl::StatusOr<mgmt::Channel> Test(const std::string& name) {
    OCA_ASSIGN_OR_RETURN(mgmt::Channel channel, channels_.Get(name));
    mgmt::Channel enabled = channel;
    enabled.set_enabled(true);
    OCA_RETURN_IF_ERROR(CheckChannel(enabled));
    const absl::Status tried = try_channel_(channel);
    OCA_RETURN_IF_ERROR(channels_.NoteTry(name, MessageOf(tried)));
    OCA_RETURN_IF_ERROR(tried);
    return channels_.Get(name);
  }

  Lists& lists_;
  Channels& channels_;
  const std::function<absl::Status(const mgmt::Channel&)> try_channel_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewRecorderService(Recorder& recorder) {
  return std::make_unique<RecorderService>(recorder);
}

std::unique_ptr<grpc::Service> NewAlertsService(
    Lists& lists, Channels& channels,
    std::function<absl::Status(const mgmt::Channel&)> try_channel) {
  return std::make_unique<AlertsService>(lists, channels, std::move(try_channel));
}

}  // namespace oca::health
