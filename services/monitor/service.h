// The service oca.management.v1.Statistics of ocamonitor.
#ifndef OCA_SERVICES_MONITOR_SERVICE_H_
#define OCA_SERVICES_MONITOR_SERVICE_H_

#include <memory>

#include "grpcpp/impl/service_type.h"
#include "lib/base/clock.h"
#include "services/monitor/backlog.h"
#include "services/monitor/board.h"
#include "services/monitor/history.h"

namespace oca::monitor {

// Borrows all.
std::unique_ptr<grpc::Service> NewStatisticsService(const Board& board, const Backlog& backlog,
                                                    History& history, Clock& clock);

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_SERVICE_H_
