// Configuration as it shall be: the rows in PostgreSQL.
#ifndef OCA_SERVICES_CONFIG_STORE_H_
#define OCA_SERVICES_CONFIG_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/api/fs.pb.h"
#include "lib/api/management.pb.h"
#include "lib/db/connection.h"

namespace oca::config {

struct GroupRow {
  std::string name;
  uint32_t fs_id = 0;  // 0 = not confirmed
  fs::v1::CompressionMode compression_mode = fs::v1::COMPRESSION_MODE_FAST;
  uint32_t chunk_size_bytes = 16384;
  uint64_t quota_bytes = 0;
  management::v1::State state = management::v1::STATE_CREATING;
  uint64_t revision = 0;  // set by the database
};

struct ContainerRow {
  std::string name;
  uint32_t fs_id = 0;  // 0 = not confirmed
  std::string group;
  management::v1::ContainerType type = management::v1::CONTAINER_TYPE_LOCAL;
  fs::v1::Marker marker = fs::v1::MARKER_AUTO;
  management::v1::State state = management::v1::STATE_CREATING;
  absl::Time created;  // set by the database
};

// All rows of one moment, by name.
struct Desired {
  std::vector<GroupRow> groups;
  std::vector<ContainerRow> containers;
};

struct ServerFacts {
  std::string version;  // of PostgreSQL
  absl::Time started;
  uint32_t pid = 0;       // 0 = on another machine
  std::string system_id;  // of the appliance
};

// Connects when it is first needed and again after the server was away; migrates the schema on each
// new connection. Every call fails with kUnavailable, saying so, while PostgreSQL is down.
// Thread-safe.
class Store {
 public:
  // dsn: libpq connection string. how_to_start: ends the message when PostgreSQL is down.
  Store(std::string dsn, std::string how_to_start);

  absl::StatusOr<Desired> Load();
  absl::StatusOr<ServerFacts> Facts();

  // kAlreadyExists when the name is taken.
  absl::Status Insert(const GroupRow& row);
  // also: work in the same transaction, once the row is there. An error of it undoes all.
  absl::Status Insert(const ContainerRow& row,
                      const std::function<absl::Status(db::Connection&)>& also = {});
  // Replaces all but name and time of creation, and counts a group's revision up; kNotFound.
  absl::Status Update(const GroupRow& row);
  absl::Status Update(const ContainerRow& row,
                      const std::function<absl::Status(db::Connection&)>& also = {});
  // OK when it was not there. kFailedPrecondition for a group that containers belong to.
  absl::Status DeleteGroup(std::string_view name);
  absl::Status DeleteContainer(std::string_view name);

  // Runs `work` on a connection that answered just now; for the tables of others. One at a time,
  // and `work` must not come back here.
  absl::Status With(const std::function<absl::Status(db::Connection&)>& work);

 private:
  absl::Status Connect() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Down(const absl::Status& status) const;

  const std::string dsn_;
  const std::string how_to_start_;
  absl::Mutex mu_;
  std::unique_ptr<db::Connection> connection_ ABSL_GUARDED_BY(mu_);  // null: none
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_STORE_H_
