// The service oca.event.v1.Collector.
#ifndef OCA_SERVICES_EVENTS_SERVICE_H_
#define OCA_SERVICES_EVENTS_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "services/events/collector.h"

namespace oca::events {

// Borrows the collector.
std::unique_ptr<grpc::Service> NewCollectorService(Collector& collector);

}  // namespace oca::events

#endif  // OCA_SERVICES_EVENTS_SERVICE_H_
