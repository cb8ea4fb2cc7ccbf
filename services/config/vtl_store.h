// The tables of tape libraries and of who may log in to them.
#ifndef OCA_SERVICES_CONFIG_VTL_STORE_H_
#define OCA_SERVICES_CONFIG_VTL_STORE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/api/vtl.pb.h"
#include "services/config/store.h"

namespace oca::config {

struct LibraryRow {
  std::string name;  // of the container
  std::string serial;
  vtl::v1::LibrarySpec spec;
  std::string target;
  std::string portal;
  bool made = false;
  uint64_t revision = 0;  // set by the database
};

struct ConnectionRow {
  std::string name;  // of the container
  bool enabled = true;
  std::vector<std::string> initiators;
  std::string chap_user;
  std::string target_user;           // empty = none
  std::string target_secret_sealed;  // hexadecimal
  uint64_t revision = 0;             // set by the database
};

// All rows of one moment, by name.
struct VtlRows {
  std::vector<ContainerRow> containers;  // those that are tape libraries
  std::vector<LibraryRow> libraries;
  std::vector<ConnectionRow> connections;
};

// Thread-safe. Every call fails with kUnavailable while PostgreSQL is down.
class VtlStore {
 public:
  // Borrows the store; it must outlive this.
  explicit VtlStore(Store& store) : store_(store) {}

  absl::StatusOr<VtlRows> Load();
  // Within a transaction that made the container's row. Rows go with it.
  static absl::Status Insert(db::Connection& db, const LibraryRow& row);
  // Sets drives, slots and portal, and counts the revision up. kAlreadyExists: another library has
  // the portal.
  absl::Status Update(const LibraryRow& row);
  // Changes no revision.
  absl::Status NoteMade(std::string_view name);

  absl::Status Insert(const ConnectionRow& row);
  // Counts the revision up.
  absl::Status Update(const ConnectionRow& row);
  absl::Status DeleteConnection(std::string_view name);

 private:
  Store& store_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_VTL_STORE_H_
