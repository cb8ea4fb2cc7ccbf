#include "services/events/service.h"

#include "lib/api/events.grpc.pb.h"
#include "lib/rpc/status.h"

namespace oca::events {
namespace {

namespace v1 = event::v1;
using grpc::ServerContext;

// How long a listener's end may stay unnoticed.
constexpr absl::Duration kLook = absl::Milliseconds(500);

class Service final : public v1::Collector::Service {
 public:
  explicit Service(Collector& collector) : collector_(collector) {}

  grpc::Status Send(ServerContext*, const v1::SendRequest* in, v1::SendResponse*) override {
    return rpc::ToGrpc(collector_.Take(*in));
  }
  grpc::Status Subscribe(ServerContext* context, const v1::SubscribeRequest*,
                         grpc::ServerWriter<v1::Event>* writer) override {
    std::shared_ptr<Subscription> subscription = collector_.Subscribe();
    // So that the caller knows from when on nothing is missed.
    writer->SendInitialMetadata();
    while (!context->IsCancelled()) {
      for (const v1::Event& event : subscription->Next(kLook)) {
        if (!writer->Write(event)) return grpc::Status::OK;
      }
    }
    return grpc::Status::OK;
  }
  grpc::Status GetCollectorStatus(ServerContext*, const v1::GetCollectorStatusRequest*,
                                  v1::CollectorStatus* out) override {
    *out = collector_.Status();
    return grpc::Status::OK;
  }

 private:
  Collector& collector_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewCollectorService(Collector& collector) {
  return std::make_unique<Service>(collector);
}

}  // namespace oca::events
