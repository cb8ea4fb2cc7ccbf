// The tables of NDMP: what is set, and the sessions that were.
#ifndef OCA_SERVICES_CONFIG_NDMP_STORE_H_
#define OCA_SERVICES_CONFIG_NDMP_STORE_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/api/ndmp.pb.h"
#include "services/config/ndmp_rules.h"
#include "services/config/store.h"

namespace oca::config {

using CompletedNdmpSession = management::v1::CompletedNdmpSession;

// Thread-safe. Every call fails with kUnavailable while PostgreSQL is down.
class NdmpStore {
 public:
  // Completed sessions that are kept; of more those that ended first go.
  static constexpr int64_t kMostCompleted = 1000;

  // Borrows the store; it must outlive this.
  explicit NdmpStore(Store& store) : store_(store) {}

  absl::StatusOr<NdmpSet> Load();
  // Replaces all, and counts the revision up. kAborted when it is not that of `set` any more.
  absl::Status Save(const NdmpSet& set);

  // Those that are there are left alone, but for interrupted ones: they turned out to be otherwise.
  absl::Status AddCompleted(const std::vector<CompletedNdmpSession>& sessions);
  // The latest end first; at most so many.
  absl::StatusOr<std::vector<CompletedNdmpSession>> LoadCompleted(int64_t most);

 private:
  Store& store_;
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_NDMP_STORE_H_
