// Samples and what they are rolled up to, in PostgreSQL (docs/statistics.md).
#ifndef OCA_SERVICES_MONITOR_STORE_H_
#define OCA_SERVICES_MONITOR_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/db/database.h"
#include "services/monitor/sample.h"

namespace oca::monitor {

// Series that are known; of more those that were not seen for the longest time are forgotten.
inline constexpr int64_t kMostSeries = 8192;

// Every call fails with kUnavailable while PostgreSQL is down. Thread-safe, but one at a time
// writes.
class Store {
 public:
  // dsn: libpq connection string. how_to_start: ends the message when PostgreSQL is down.
  // connect: bounds every wait for it.
  Store(std::string dsn, std::string how_to_start, const db::ConnectOptions& connect = {});

  // Stores all in one transaction. Returns how many: one of a time that is there already is left
  // out. kInvalidArgument: something in a sample cannot be stored.
  absl::StatusOr<size_t> Put(std::span<const std::shared_ptr<const Sample>> samples)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Rolls up periods that are over and in which something is new, a hundred at most, the finest
  // first; each in a transaction, which makes it anew from what is there. Returns how many; 0: none
  // is left. A period that begins after `now` counts as over: the clock was set back.
  absl::StatusOr<size_t> RollUp(absl::Time now);

  // Keeps as many rows of each level as it may have, and as many series: those whose time is
  // farthest from `now` go, be it before or after.
  absl::Status Trim(absl::Time now) ABSL_LOCKS_EXCLUDED(mu_);

  db::Database& database() { return database_; }

 private:
  using Key = std::pair<const Definition*, std::string>;

  void Forget() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Learn(const Sample& sample, db::Connection& db) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::StatusOr<size_t> PutOne(const Sample& sample, db::Connection& db)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Mutex mu_;                                              // taken after that of the database
  absl::flat_hash_map<Key, int64_t> ids_ ABSL_GUARDED_BY(mu_);  // of series, as far as known
  db::Database database_;
};

}  // namespace oca::monitor

#endif  // OCA_SERVICES_MONITOR_STORE_H_
