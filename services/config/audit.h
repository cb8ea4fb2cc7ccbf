// The record of changes: who did what, from where, and what was there before and after.
#ifndef OCA_SERVICES_CONFIG_AUDIT_H_
#define OCA_SERVICES_CONFIG_AUDIT_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/message.h"
#include "lib/api/users.pb.h"
#include "lib/io/file_system.h"
#include "services/config/store.h"

namespace oca::config {

// The message as JSON on one line, with the API's names; fields marked as secret say "(secret)".
// Empty for a message without any field set.
std::string AuditJson(const google::protobuf::Message& message);

// Entries go to PostgreSQL. While it is down they go to a file, one JSON line each, from where the
// next call that finds PostgreSQL up brings them there, each once. Thread-safe.
class AuditTrail {
 public:
  // Borrows all but the path: of the file, whose folder exists.
  AuditTrail(Store& store, io::FileSystem& files, std::string pending_path);

  // Puts the entry on record, or puts it in the place of the one with its id; durable when OK.
  absl::Status Record(const management::v1::AuditEntry& entry);

  // As Record, within a transaction.
  static absl::Status Insert(db::Connection& db, const management::v1::AuditEntry& entry);

  // The newest first. kUnavailable while PostgreSQL is down.
  absl::StatusOr<std::vector<management::v1::AuditEntry>> List(
      const management::v1::ListAuditRequest& request);

 private:
  absl::Status Deliver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Keep(const management::v1::AuditEntry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Store& store_;
  io::FileSystem& files_;
  const std::string pending_path_;
  absl::Mutex mu_;
  bool pending_ ABSL_GUARDED_BY(mu_) = true;  // the file may hold something
};

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_AUDIT_H_
