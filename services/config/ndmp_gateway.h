// ocandmpd as ocaconfigsvc knows it: what it tells of itself, how it shall be reached, and its
// sessions.
#ifndef OCA_SERVICES_CONFIG_NDMP_GATEWAY_H_
#define OCA_SERVICES_CONFIG_NDMP_GATEWAY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "lib/api/gateways.pb.h"
#include "services/config/ndmp_rules.h"
#include "services/config/ndmp_store.h"
#include "services/config/user_store.h"
#include "services/config/vtl_store.h"

namespace oca::config {

// Errors: as lib/api/ndmp.proto says. Thread-safe.
class NdmpGateway {
 public:
  // Borrows the stores; they must outlive this. `http_port`: of REST. `how_to_start`: ends messages
  // when ocandmpd does not run.
  NdmpGateway(NdmpStore& store, UserStore& users, VtlStore& libraries, int http_port,
              std::string how_to_start);

  // What ocandmpd tells; how it shall be reached. An error: what it has told of completed sessions
  // is not on record.
  absl::StatusOr<management::v1::ReportNdmpResponse> Report(
      const management::v1::ReportNdmpRequest& request);

  absl::StatusOr<management::v1::NdmpStatus> Get();
  absl::Status Update(const management::v1::UpdateNdmpRequest& request);
  absl::StatusOr<management::v1::ListNdmpSessionsResponse> Sessions();
  // limit 0: all that are kept.
  absl::StatusOr<management::v1::ListCompletedNdmpSessionsResponse> Completed(uint32_t limit);

 private:
  bool Running() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Sessions of the last report that can have no end of their own any more become pending.
  void NoteInterrupted() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Puts these and what is pending on record.
  absl::Status Record(std::vector<CompletedNdmpSession> sessions);
  absl::StatusOr<NdmpSet> Known();
  void Remember(const NdmpSet& set);
  absl::StatusOr<std::vector<TakenPort>> TakenPorts();
  // That ocandmpd can listen there, be it that it does already.
  absl::Status CheckFree(const management::v1::NdmpSettings& settings);

  NdmpStore& store_;
  UserStore& users_;
  VtlStore& libraries_;
  const int http_port_;
  const std::string how_to_start_;

  absl::Mutex mu_;
  management::v1::NdmpSettings defaults_ ABSL_GUARDED_BY(mu_);  // as ocandmpd told last
  // The last report, without completed sessions, and when it came: by the clock that nobody sets,
  // and by the other.
  std::optional<management::v1::ReportNdmpRequest> report_ ABSL_GUARDED_BY(mu_);
  absl::Time reported_ ABSL_GUARDED_BY(mu_);
  absl::Time reported_at_ ABSL_GUARDED_BY(mu_);
  std::vector<CompletedNdmpSession> pending_ ABSL_GUARDED_BY(mu_);  // not on record yet
  std::optional<NdmpSet> set_ ABSL_GUARDED_BY(mu_);                 // as the table has it
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_NDMP_GATEWAY_H_
