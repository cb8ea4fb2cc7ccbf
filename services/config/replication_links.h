// Replication links, their schedules and limits, as users change them.
#ifndef OCA_SERVICES_CONFIG_REPLICATION_LINKS_H_
#define OCA_SERVICES_CONFIG_REPLICATION_LINKS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/api/replication.pb.h"
#include "services/config/filesystem_client.h"
#include "services/config/replication_rules.h"
#include "services/config/replication_store.h"
#include "services/config/store.h"
#include "services/config/turns.h"

namespace oca::config {

// Errors: as lib/api/replication.proto says. Thread-safe.
class ReplicationLinks {
 public:
  // Borrows all; they must outlive this.
  ReplicationLinks(ReplicationStore& links, Store& store, FilesystemClient& filesystem)
      : links_(links), store_(store), filesystem_(filesystem) {}

  absl::StatusOr<std::vector<ReplicationLink>> List(const std::string& container,
                                                    ReplicationRole role);
  absl::StatusOr<ReplicationLink> Get(const std::string& container, ReplicationRole role);
  absl::Status Add(const management::v1::AddReplicationLinkRequest& request);
  absl::Status Update(const management::v1::UpdateReplicationLinkRequest& request);
  absl::Status Delete(const std::string& container, ReplicationRole role);

  absl::StatusOr<std::vector<ReplicationLimit>> Limits();
  // 0 where there is none.
  absl::StatusOr<ReplicationLimit> LimitOf(const std::string& peer);
  absl::Status SetLimit(const management::v1::SetReplicationLimitRequest& request);

  // By Get, of the role source.
  absl::Status SetWindow(const management::v1::SetReplicationWindowRequest& request);

  // Does `work`, unless the container is a target: kFailedPrecondition. It becomes none meanwhile.
  // Without PostgreSQL nobody knows, and it is done: what protects data does not wait for that.
  absl::Status UnlessTarget(const std::string& container,
                            const std::function<absl::Status()>& work);

 private:
  absl::StatusOr<ContainerRow> Container(const std::string& name);
  // That the container may have a link in this role.
  absl::Status CheckContainer(const std::string& name, ReplicationRole role);

  ReplicationStore& links_;
  Store& store_;
  FilesystemClient& filesystem_;
  Turns turns_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_REPLICATION_LINKS_H_
