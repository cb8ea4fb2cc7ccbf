#include "services/config/ndmp_gateway.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/api/iscsi.h"
#include "lib/api/timestamp.h"
#include "lib/base/bell.h"
#include "lib/base/status.h"
#include "services/config/portals.h"
#include "services/config/roles.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

// ocandmpd reports every second.
constexpr absl::Duration kPatience = absl::Seconds(10);

CompletedNdmpSession Interrupted(const mgmt::NdmpSession& session, absl::Time last_seen) {
  CompletedNdmpSession completed;
  completed.set_id(session.id());
  completed.set_client(session.client());
  completed.set_user(session.user());
  completed.set_protocol_version(session.protocol_version());
  completed.set_device(session.device());
  completed.set_bytes_moved(session.bytes_moved());
  *completed.mutable_started() = session.started();
  *completed.mutable_ended() = api::TimestampOf(last_seen);
  completed.set_result(mgmt::NDMP_SESSION_RESULT_INTERRUPTED);
  completed.set_error("ocandmpd ended without a word");
  return completed;
}

}  // namespace

NdmpGateway::NdmpGateway(NdmpStore& store, UserStore& users, VtlStore& libraries, int http_port,
                         std::string how_to_start)
    : store_(store),
      users_(users),
      libraries_(libraries),
      http_port_(http_port),
      how_to_start_(std::move(how_to_start)),
      defaults_(BuiltInNdmp()) {}

bool NdmpGateway::Running() const {
  return report_.has_value() && !report_->ends() && MonotonicNow() - reported_ < kPatience;
}

void NdmpGateway::NoteInterrupted() {
  if (!report_.has_value()) return;
  for (const mgmt::NdmpSession& session : report_->sessions()) {
    if (!session.user().empty()) pending_.push_back(Interrupted(session, reported_at_));
  }
  report_->clear_sessions();
}

absl::Status NdmpGateway::Record(std::vector<CompletedNdmpSession> sessions) {
  std::vector<CompletedNdmpSession> pending;
  {
    absl::MutexLock lock(&mu_);
    pending = std::exchange(pending_, {});
  }
  if (pending.empty() && sessions.empty()) return absl::OkStatus();
  // What was interrupted first: a session that turned out to be otherwise takes its place.
  sessions.insert(sessions.begin(), pending.begin(), pending.end());
  absl::Status recorded = store_.AddCompleted(sessions);
  if (recorded.ok()) return recorded;
  absl::MutexLock lock(&mu_);
  pending_.insert(pending_.begin(), pending.begin(), pending.end());
  return recorded;
}

absl::StatusOr<NdmpSet> NdmpGateway::Known() {
  {
    absl::MutexLock lock(&mu_);
    if (set_.has_value()) return *set_;
  }
  OCA_ASSIGN_OR_RETURN(NdmpSet set, store_.Load());
  Remember(set);
  return set;
}

void NdmpGateway::Remember(const NdmpSet& set) {
  absl::MutexLock lock(&mu_);
  if (!set_.has_value() || set_->revision() < set.revision()) set_ = set;
}

absl::StatusOr<mgmt::ReportNdmpResponse> NdmpGateway::Report(
    const mgmt::ReportNdmpRequest& request) {
  mgmt::NdmpSettings defaults = request.defaults();
  {
    absl::MutexLock lock(&mu_);
    if (report_.has_value() && report_->instance() != request.instance()) NoteInterrupted();
    report_ = request;
    report_->clear_completed();
    reported_ = MonotonicNow();
    reported_at_ = absl::Now();
    defaults_ = defaults;
  }
  OCA_RETURN_IF_ERROR(Record({request.completed().begin(), request.completed().end()}));
  OCA_ASSIGN_OR_RETURN(NdmpSet set, Known());
  mgmt::ReportNdmpResponse response;
  *response.mutable_settings() = EffectiveNdmp(set, defaults);
  return response;
}

absl::StatusOr<mgmt::NdmpStatus> NdmpGateway::Get() {
  OCA_ASSIGN_OR_RETURN(NdmpSet set, store_.Load());
  OCA_ASSIGN_OR_RETURN(std::vector<UserRow> users, users_.LoadAll());
  mgmt::NdmpStatus status;
  for (const UserRow& user : users) {
    if (user.enabled && !user.password_hash.empty() && HasRole(user.roles, mgmt::ROLE_NDMP)) {
      status.add_users(user.name);
    }
  }
  status.set_revision(set.revision());
  absl::MutexLock lock(&mu_);
  *status.mutable_settings() = EffectiveNdmp(set, defaults_);
  if (!Running()) return status;
  status.set_running(true);
  status.set_listen_address(report_->listen_address());
  status.set_listen_port(report_->listen_port());
  status.set_problem(report_->problem());
  *status.mutable_versions() = report_->versions();
  status.set_sessions(static_cast<uint32_t>(report_->sessions_size()));
  *status.mutable_started() = report_->started();
  return status;
}

absl::StatusOr<std::vector<TakenPort>> NdmpGateway::TakenPorts() {
  std::vector<TakenPort> taken = {{"the REST service", http_port_}};
  OCA_ASSIGN_OR_RETURN(VtlRows rows, libraries_.Load());
  for (const LibraryRow& library : rows.libraries) {
    absl::StatusOr<api::Portal> portal = api::ParsePortal(library.portal);
    if (portal.ok()) {
      taken.push_back({fmt::format("tape library '{}'", library.name), portal->port});
    }
  }
  return taken;
}

absl::Status NdmpGateway::CheckFree(const mgmt::NdmpSettings& settings) {
  bool has_it = false;
  {
    absl::MutexLock lock(&mu_);
    has_it = Running() && report_->listen_port() == settings.port();
  }
  const int port = has_it ? 0 : static_cast<int>(settings.port());
  absl::Status free = TryToListen({settings.address(), port, false});
  switch (ErrnoOf(free)) {
    case EADDRINUSE:
      return absl::FailedPreconditionError(fmt::format("port {} of {} is in use by another service",
                                                       settings.port(), settings.address()));
    case EADDRNOTAVAIL:
      return absl::FailedPreconditionError(
          fmt::format("{} is no address of this machine", settings.address()));
    case EACCES:
      return absl::FailedPreconditionError(
          fmt::format("the appliance's account may not listen at port {}", settings.port()));
    default:
      return free;
  }
}

absl::Status NdmpGateway::Update(const mgmt::UpdateNdmpRequest& request) {
  OCA_RETURN_IF_ERROR(CheckNdmpFields(request));
  OCA_ASSIGN_OR_RETURN(NdmpSet set, store_.Load());
  if (request.revision() != 0 && request.revision() != set.revision()) {
    return absl::AbortedError(
        fmt::format("the settings of NDMP have been changed since: they have revision {} now, not "
                    "{}; look at them again",
                    set.revision(), request.revision()));
  }
  NdmpSet merged = MergedNdmp(set, request);
  mgmt::NdmpSettings settings;
  {
    absl::MutexLock lock(&mu_);
    settings = EffectiveNdmp(merged, defaults_);
  }
  OCA_ASSIGN_OR_RETURN(std::vector<TakenPort> taken, TakenPorts());
  OCA_RETURN_IF_ERROR(CheckNdmpPorts(settings, taken));
  if (request.has_address() || request.has_port()) OCA_RETURN_IF_ERROR(CheckFree(settings));
  OCA_RETURN_IF_ERROR(store_.Save(merged));
  merged.set_revision(merged.revision() + 1);
  Remember(merged);
  return absl::OkStatus();
}

absl::StatusOr<mgmt::ListNdmpSessionsResponse> NdmpGateway::Sessions() {
  absl::MutexLock lock(&mu_);
  if (!Running()) {
    return absl::FailedPreconditionError(
        fmt::format("ocandmpd, which serves NDMP, does not run; {}", how_to_start_));
  }
  mgmt::ListNdmpSessionsResponse response;
  *response.mutable_sessions() = report_->sessions();
  return response;
}

absl::StatusOr<mgmt::ListCompletedNdmpSessionsResponse> NdmpGateway::Completed(uint32_t limit) {
  {
    absl::MutexLock lock(&mu_);
    if (!Running()) NoteInterrupted();
  }
  OCA_RETURN_IF_ERROR(Record({}));
  const int64_t most =
      limit == 0 ? NdmpStore::kMostCompleted : std::min<int64_t>(limit, NdmpStore::kMostCompleted);
  OCA_ASSIGN_OR_RETURN(std::vector<CompletedNdmpSession> sessions, store_.LoadCompleted(most));
  mgmt::ListCompletedNdmpSessionsResponse response;
  for (CompletedNdmpSession& session : sessions) *response.add_sessions() = std::move(session);
  return response;
}

}  // namespace oca::config
