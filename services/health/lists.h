// What nhm shows: alerts, events, and how many there are.
#ifndef OCA_SERVICES_HEALTH_LISTS_H_
#define OCA_SERVICES_HEALTH_LISTS_H_

#include "absl/status/statusor.h"
#include "lib/api/alerts.pb.h"
#include "services/health/database.h"

namespace oca::health {

// Thread-safe. Every call fails with kUnavailable while PostgreSQL is down.
class Lists {
 public:
  // Borrows the database.
  explicit Lists(Database& database) : database_(database) {}

  absl::StatusOr<management::v1::ListAlertsResponse> Alerts(
      const management::v1::ListAlertsRequest& request);
  absl::StatusOr<management::v1::ListEventsResponse> Events(
      const management::v1::ListEventsRequest& request);
  absl::StatusOr<management::v1::AlertSummary> Summary();

 private:
  Database& database_;
};

}  // namespace oca::health

#endif  // OCA_SERVICES_HEALTH_LISTS_H_
