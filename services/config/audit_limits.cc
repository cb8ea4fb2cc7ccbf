#include "services/config/audit_limits.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/util/time_util.h"
#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "lib/crypto/uuid.h"
#include "lib/log/log.h"
#include "services/config/audit.h"
#include "services/config/rows.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using google::protobuf::util::TimeUtil;

constexpr uint32_t kLeastDaysKept = 30;
constexpr uint32_t kMostDaysKept = 36500;
constexpr uint64_t kLeastEntriesKept = 10000;
constexpr uint64_t kMostEntriesKept = 100000000;
constexpr int64_t kAll = std::numeric_limits<int64_t>::max();
// Of one transaction, which others wait for.
constexpr int64_t kAtOnce = 10000;
constexpr absl::Duration kPrunePeriod = absl::Hours(1);
constexpr absl::Duration kPruneAgain = absl::Minutes(1);  // after a failure

constexpr char kSelectLimits[] =
    "SELECT audit_keep_days, audit_keep_entries, audit_revision, "
    "(SELECT count(*) FROM oca_config.audit), "
    "(SELECT (extract(epoch FROM min(started)) * 1000000)::bigint FROM oca_config.audit) "
    "FROM oca_config.appliance";

absl::StatusOr<mgmt::AuditLimitsStatus> LoadLimits(db::Connection& db) {
  OCA_ASSIGN_OR_RETURN(db::Result rows, db.Query(kSelectLimits));
  if (rows.rows() != 1) return absl::DataLossError("the database lost the appliance's row");
  mgmt::AuditLimitsStatus status;
  OCA_ASSIGN_OR_RETURN(int64_t days, rows.Int64(0, 0));
  status.set_keep_days(static_cast<uint32_t>(days));
  OCA_ASSIGN_OR_RETURN(int64_t most, rows.Int64(0, 1));
  status.set_keep_entries(static_cast<uint64_t>(most));
  OCA_ASSIGN_OR_RETURN(int64_t revision, rows.Int64(0, 2));
  status.set_revision(static_cast<uint64_t>(revision));
  OCA_ASSIGN_OR_RETURN(int64_t entries, rows.Int64(0, 3));
  status.set_entries(static_cast<uint64_t>(entries));
  if (!rows.IsNull(0, 4)) {
    OCA_ASSIGN_OR_RETURN(int64_t oldest, rows.Int64(0, 4));
    *status.mutable_oldest() = TimeUtil::MicrosecondsToTimestamp(oldest);
  }
  return status;
}

absl::Status CheckLimits(const mgmt::SetAuditLimitsRequest& request) {
  if (request.has_keep_days() &&
      (request.keep_days() < kLeastDaysKept || request.keep_days() > kMostDaysKept)) {
    return absl::InvalidArgumentError(fmt::format("the record is kept for {} to {} days, not {}",
                                                  kLeastDaysKept, kMostDaysKept,
                                                  request.keep_days()));
  }
  if (request.has_keep_entries() &&
      (request.keep_entries() < kLeastEntriesKept || request.keep_entries() > kMostEntriesKept)) {
    return absl::InvalidArgumentError(fmt::format("the record keeps {} to {} entries, not {}",
                                                  kLeastEntriesKept, kMostEntriesKept,
                                                  request.keep_entries()));
  }
  return absl::OkStatus();
}

std::string TimeText(int64_t micros) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixMicros(micros),
                          absl::UTCTimeZone());
}

}  // namespace

AuditLimits::AuditLimits(Store& store, std::string account, std::function<absl::Time()> now)
    : store_(store), account_(std::move(account)), now_(std::move(now)) {}

AuditLimits::~AuditLimits() {
  {
    absl::MutexLock lock(&mu_);
    stop_ = true;
  }
  bell_.Ring();
  if (loop_.joinable()) loop_.join();
}

void AuditLimits::Start() {
  loop_ = std::thread([this] { Loop(); });
}

bool AuditLimits::stopping() {
  absl::MutexLock lock(&mu_);
  return stop_;
}

void AuditLimits::Loop() {
  while (!stopping()) {
    absl::Status status = Prune();
    if (!status.ok()) log::Info("audit_not_pruned", "error", MessageOf(status));
    bell_.WaitFor(status.ok() ? kPrunePeriod : kPruneAgain);
  }
}

absl::StatusOr<mgmt::AuditLimitsStatus> AuditLimits::Get() {
  mgmt::AuditLimitsStatus limits;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(limits, LoadLimits(db));
    return absl::OkStatus();
  });
  if (!done.ok()) return done;
  return limits;
}

absl::StatusOr<mgmt::AuditLimitsStatus> AuditLimits::Set(
    const mgmt::SetAuditLimitsRequest& request) {
  OCA_RETURN_IF_ERROR(CheckLimits(request));
  mgmt::AuditLimitsStatus limits;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_RETURN_IF_ERROR(db.Execute("SELECT 1 FROM oca_config.appliance FOR UPDATE"));
    OCA_ASSIGN_OR_RETURN(limits, LoadLimits(db));
    if (request.revision() != 0 && request.revision() != limits.revision()) {
      return absl::AbortedError(
          fmt::format("the limits of the record have been changed since: they have revision {} "
                      "now, not {}; look at them again",
                      limits.revision(), request.revision()));
    }
    if (request.has_keep_days()) limits.set_keep_days(request.keep_days());
    if (request.has_keep_entries()) limits.set_keep_entries(request.keep_entries());
    limits.set_revision(limits.revision() + 1);
    OCA_RETURN_IF_ERROR(
        db.Query("UPDATE oca_config.appliance SET audit_keep_days = $1, audit_keep_entries = $2, "
                 "audit_revision = $3",
                 {limits.keep_days(), limits.keep_entries(), limits.revision()})
            .status());
    return transaction.Commit();
  });
  if (!done.ok()) return done;
  bell_.Ring();
  return limits;
}

absl::StatusOr<int64_t> AuditLimits::PruneSome(const Beyond& beyond, int64_t most,
                                               const mgmt::AuditLimitsStatus& limits) {
  int64_t gone = 0;
  absl::Status done = store_.With([&](db::Connection& db) -> absl::Status {
    OCA_ASSIGN_OR_RETURN(db::Transaction transaction, db::Transaction::Begin(db));
    OCA_ASSIGN_OR_RETURN(
        db::Result rows,
        db.Query(fmt::format("WITH gone AS (DELETE FROM oca_config.audit WHERE id IN "
                             "(SELECT id FROM oca_config.audit WHERE {} ORDER BY started, id "
                             "LIMIT $1) RETURNING started) "
                             "SELECT count(*), "
                             "(extract(epoch FROM min(started)) * 1000000)::bigint, "
                             "(extract(epoch FROM max(started)) * 1000000)::bigint FROM gone",
                             beyond.condition),
                 {most}));
    OCA_ASSIGN_OR_RETURN(gone, rows.Int64(0, 0));
    if (gone == 0) return absl::OkStatus();
    OCA_ASSIGN_OR_RETURN(int64_t first, rows.Int64(0, 1));
    OCA_ASSIGN_OR_RETURN(int64_t last, rows.Int64(0, 2));
    mgmt::AuditEntry entry;
    OCA_ASSIGN_OR_RETURN(*entry.mutable_id(), crypto::RandomUuid());
    *entry.mutable_started() = api::TimestampOf(now_());
    *entry.mutable_ended() = entry.started();
    entry.set_user(account_);
    entry.set_origin("local");
    entry.set_method("PruneAudit");
    entry.set_outcome(mgmt::OUTCOME_DONE);
    entry.set_message(fmt::format("deleted {} entries, of {} to {}: {}", gone, TimeText(first),
                                  TimeText(last), beyond.reason));
    entry.set_request(AuditJson(limits));
    OCA_RETURN_IF_ERROR(AuditTrail::Insert(db, entry));
    return transaction.Commit();
  });
  if (!done.ok()) return done;
  if (gone > 0) log::Info("audit_pruned", "entries", gone, "reason", beyond.reason);
  return gone;
}

absl::StatusOr<int64_t> AuditLimits::PruneMany(const Beyond& beyond, int64_t most,
                                               const mgmt::AuditLimitsStatus& limits) {
  int64_t gone = 0;
  while (gone < most && !stopping()) {
    // The entry that says so is one more.
    OCA_ASSIGN_OR_RETURN(int64_t some,
                         PruneSome(beyond, std::min(most - gone, kAtOnce - 1) + 1, limits));
    if (some == 0) break;
    gone += some - 1;
  }
  return gone;
}

absl::Status AuditLimits::Prune() {
  OCA_ASSIGN_OR_RETURN(mgmt::AuditLimitsStatus limits, Get());
  limits.clear_entries();
  limits.clear_oldest();
  const Beyond old{
      fmt::format("started < '{}'", SqlTime(now_() - absl::Hours(24) * limits.keep_days())),
      fmt::format("older than {} days", limits.keep_days())};
  OCA_RETURN_IF_ERROR(PruneMany(old, kAll, limits).status());
  OCA_ASSIGN_OR_RETURN(mgmt::AuditLimitsStatus left, Get());
  if (left.entries() <= left.keep_entries()) return absl::OkStatus();
  int64_t over = static_cast<int64_t>(left.entries() - left.keep_entries());
  const std::string reason = fmt::format("more than {} entries", left.keep_entries());
  OCA_ASSIGN_OR_RETURN(int64_t gone, PruneMany({"method = 'Login' AND outcome = 'failed'",
                                                reason + ", of them failed logins first"},
                                               over, limits));
  if (gone >= over) return absl::OkStatus();
  return PruneMany({"true", reason}, over - gone, limits).status();
}

}  // namespace oca::config
