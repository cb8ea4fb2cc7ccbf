// /metrics: figures of the appliance for Prometheus.
#ifndef OCA_SERVICES_HTTP_METRICS_H_
#define OCA_SERVICES_HTTP_METRICS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/api/fs.pb.h"
#include "lib/api/management.pb.h"
#include "prometheus/metric_family.h"
#include "services/http/backend.h"

namespace oca::httpd {

// What is to be known; a part that is down leaves its own out.
struct Figures {
  management::v1::System system;
  management::v1::GetStorageGroupStatsResponse groups;
  management::v1::GetContainerStatsResponse containers;
  fs::v1::CleanerStatus cleaner;
  bool has_stats = false;  // the last three are there
};

// Sizes in bytes, shares as ratios of 1, times in seconds since 1970: Prometheus's base units.
std::vector<prometheus::MetricFamily> Families(const Figures& figures);

// In the text format 0.0.4, as `visitor` may see them. Errors of the call that tells about the
// system.
absl::StatusOr<std::string> Metrics(Backend& backend, const Visitor& visitor);

}  // namespace oca::httpd

#endif  // OCA_SERVICES_HTTP_METRICS_H_
