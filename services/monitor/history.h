// What was recorded, for those who ask.
#ifndef OCA_SERVICES_MONITOR_HISTORY_H_
#define OCA_SERVICES_MONITOR_HISTORY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/api/statistics.pb.h"
#include "lib/db/database.h"

namespace oca::monitor {

// Points of one answer.
inline constexpr int64_t kMostPoints = 20000;

// Thread-safe. Errors as the methods in statistics.proto; kUnavailable while PostgreSQL is down.
class History {
 public:
  // Borrows the database of Store.
  explicit History(db::Database& database) : database_(database) {}

  absl::StatusOr<management::v1::ListSeriesResponse> List(
      const management::v1::ListSeriesRequest& request);
  // now: what "until now" means.
  absl::StatusOr<management::v1::History> Get(const management::v1::GetHistoryRequest& request,
                                              absl::Time now);

 private:
  db::Database& database_;
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_HISTORY_H_
