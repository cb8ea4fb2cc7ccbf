// The table of who may use which containers.
#ifndef OCA_SERVICES_CONFIG_ACCESS_STORE_H_
#define OCA_SERVICES_CONFIG_ACCESS_STORE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "lib/api/access.pb.h"
#include "services/config/roles.h"
#include "services/config/store.h"

namespace oca::config {

using management::v1::AccessMode;

// Whom an entry is for: a user, or all who have a role.
struct AccessKey {
  std::string container;
  std::string user;                              // empty: for the role
  Role role = management::v1::ROLE_UNSPECIFIED;  // unspecified: for the user
};

struct AccessRow {
  AccessKey key;
  uint32_t user_id = 0;
  AccessMode mode = management::v1::ACCESS_MODE_RW;
  absl::Time created;     // set by the database
  uint64_t revision = 0;  // set by the database
};

// Thread-safe. Every call fails with kUnavailable while PostgreSQL is down.
class AccessStore {
 public:
  // Borrows the store; it must outlive this.
  explicit AccessStore(Store& store) : store_(store) {}

  // Those that fit what is given; an empty key fits all. By container, user, role.
  absl::StatusOr<std::vector<AccessRow>> List(const AccessKey& wanted);
  // kAlreadyExists; kNotFound when container or user are not there (any more).
  absl::StatusOr<AccessRow> Insert(const AccessKey& key, AccessMode mode);
  // Counts the revision up. kNotFound; kAborted when `revision` is neither 0 nor the row's.
  absl::StatusOr<AccessRow> Update(const AccessKey& key, AccessMode mode, uint64_t revision);
  // As it was. kNotFound.
  absl::StatusOr<AccessRow> Delete(const AccessKey& key);

  // The most that the container's entries let this user; nothing when none fits.
  absl::StatusOr<std::optional<AccessMode>> ModeFor(std::string_view container,
                                                    std::string_view user,
                                                    std::span<const Role> roles);

 private:
  absl::StatusOr<std::vector<AccessRow>> Query(const std::string& sql,
                                               const std::vector<db::Param>& params);

  Store& store_;
};

// "user 'eve'", "role cifs".
std::string WhoText(const AccessKey& key);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_ACCESS_STORE_H_
