// The services oca.event.v1.Recorder and oca.management.v1.Alerts of nhm.
#ifndef OCA_SERVICES_HEALTH_SERVICE_H_
#define OCA_SERVICES_HEALTH_SERVICE_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "grpcpp/impl/service_type.h"
#include "lib/api/alerts.pb.h"
#include "services/health/channels.h"
#include "services/health/lists.h"
#include "services/health/recorder.h"

namespace oca::health {

// Both borrow what they are given.
std::unique_ptr<grpc::Service> NewRecorderService(Recorder& recorder);
// try_channel: sends a test by the channel; kUnavailable with what the other side said.
std::unique_ptr<grpc::Service> NewAlertsService(
    Lists& lists, Channels& channels,
    std::function<absl::Status(const management::v1::Channel&)> try_channel);

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_SERVICE_H_
