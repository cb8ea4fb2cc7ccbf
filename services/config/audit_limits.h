// How long the record of changes is kept, and what deletes what is beyond that.
#ifndef OCA_SERVICES_CONFIG_AUDIT_LIMITS_H_
#define OCA_SERVICES_CONFIG_AUDIT_LIMITS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/api/audit_limits.pb.h"
#include "lib/base/bell.h"
#include "services/config/store.h"

namespace oca::config {

// Errors: as lib/api/audit_limits.proto says. Thread-safe.
class AuditLimits {
 public:
  // Borrows the store; it must outlive this. `account`: who deletes, for the record. `now` may be
  // called by several threads at once.
  AuditLimits(Store& store, std::string account, std::function<absl::Time()> now);
  // Stops the background thread.
  ~AuditLimits();
  AuditLimits(const AuditLimits&) = delete;
  AuditLimits& operator=(const AuditLimits&) = delete;

  // Starts the background thread, which prunes at once, every hour, and after each Set; once.
  void Start();

  absl::StatusOr<management::v1::AuditLimitsStatus> Get();
  absl::StatusOr<management::v1::AuditLimitsStatus> Set(
      const management::v1::SetAuditLimitsRequest& request);

  // Deletes what is beyond the limits, and puts that on record. What was deleted before an error
  // stays so, and is on record.
  absl::Status Prune();

 private:
  // Which entries go, oldest first: an SQL condition, and why, for the record.
  struct Beyond {
    std::string condition;
    std::string reason;
  };
  // Deletes at most `most` entries in one transaction with the entry that says so; how many.
  absl::StatusOr<int64_t> PruneSome(const Beyond& beyond, int64_t most,
                                    const management::v1::AuditLimitsStatus& limits);
  // So many that `most` entries fewer are on record, or all; how many fewer.
  absl::StatusOr<int64_t> PruneMany(const Beyond& beyond, int64_t most,
                                    const management::v1::AuditLimitsStatus& limits);
  bool stopping();
  void Loop();

  Store& store_;
  const std::string account_;
  const std::function<absl::Time()> now_;
  absl::Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  Bell bell_;  // rung to stop, and when the limits changed
  std::thread loop_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_AUDIT_LIMITS_H_
