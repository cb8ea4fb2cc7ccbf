// The tables of replication: links with their windows, and limits.
#ifndef OCA_SERVICES_CONFIG_REPLICATION_STORE_H_
#define OCA_SERVICES_CONFIG_REPLICATION_STORE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/api/replication.pb.h"
#include "services/config/replication_rules.h"
#include "services/config/store.h"

namespace oca::config {

using ReplicationLimit = management::v1::ReplicationLimit;

// Thread-safe. Every call fails with kUnavailable while PostgreSQL is down.
class ReplicationStore {
 public:
  // Borrows the store; it must outlive this.
  explicit ReplicationStore(Store& store) : store_(store) {}

  // Without their state: of this container, in this role; empty, unspecified = all. By container,
  // sources first.
  absl::StatusOr<std::vector<ReplicationLink>> List(std::string_view container,
                                                    ReplicationRole role);
  // kAlreadyExists; kNotFound when the container is not there, or not ready, (any more).
  absl::Status Insert(const ReplicationLink& link);
  // Replaces all but the key and the names on the peer, windows too; another revision. kAborted
  // when it is not that of `link` any more.
  absl::Status Update(const ReplicationLink& link);
  // kAborted as Update.
  absl::Status Delete(const ReplicationLink& link);

  absl::StatusOr<std::vector<ReplicationLimit>> Limits();
  // With 0 where there is none.
  absl::StatusOr<ReplicationLimit> LimitOf(const std::string& peer);
  // Replaces it; 0 KiB/s: takes it away.
  absl::Status SetLimit(const ReplicationLimit& limit);

  // Within a transaction: kFailedPrecondition, naming them, while the container has links.
  static absl::Status RefuseLinked(db::Connection& db, std::string_view container);

 private:
  Store& store_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_REPLICATION_STORE_H_
