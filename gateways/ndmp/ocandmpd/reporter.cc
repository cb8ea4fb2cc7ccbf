#include "gateways/ndmp/ocandmpd/reporter.h"

#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gateways/ndmp/ocandmpd/report.h"
#include "grpcpp/client_context.h"
#include "lib/api/timestamp.h"
#include "lib/base/status.h"
#include "lib/log/log.h"
#include "lib/rpc/request_id.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"

namespace oca::ndmp {
namespace {

namespace mgmt = management::v1;

constexpr absl::Duration kReportPeriod = absl::Seconds(1);
constexpr absl::Duration kReportTimeout = absl::Seconds(5);
// Between two tries to listen where it was not possible.
constexpr absl::Duration kAgain = absl::Seconds(10);
constexpr double kMiB = 1 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<Reporter>> Reporter::Create(const std::string& socket,
                                                           const Reach& defaults,
                                                           SessionList& sessions) {
  OCA_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, rpc::UnixChannel(socket));
  return std::unique_ptr<Reporter>(
      new Reporter(mgmt::Gateways::NewStub(std::move(channel)), defaults, sessions));
}

Reporter::Reporter(std::unique_ptr<mgmt::Gateways::Stub> stub, const Reach& defaults,
                   SessionList& sessions)
    : stub_(std::move(stub)),
      defaults_(defaults),
      sessions_(sessions),
      instance_(rpc::NewRequestId()),
      started_(absl::Now()) {}

Reporter::~Reporter() {
  if (loop_.joinable()) Stop();
}

Reach Reporter::FirstReach() { return Report(nullptr).value_or(defaults_); }

void Reporter::Start(Server& server) {
  loop_ = std::thread([this, &server] { Loop(server); });
}

void Reporter::Stop() {
  stopping_ = true;
  bell_.Ring();
  loop_.join();
}

void Reporter::SayEnd() {
  ends_ = true;
  absl::Status told = Report(nullptr).status();
  if (!told.ok()) log::Info("ndmp_end_not_told", "error", MessageOf(told));
}

void Reporter::Loop(Server& server) {
  while (!stopping_) {
    absl::StatusOr<Reach> wanted = Report(&server);
    if (wanted.ok()) Follow(*wanted, server);
    if (wanted.ok() != told_) log::Info("ndmp_report", "taken", wanted.ok());
    told_ = wanted.ok();
    bell_.WaitFor(kReportPeriod);
  }
}

void Reporter::Follow(const Reach& wanted, Server& server) {
  if (!problem_.empty() && wanted == tried_ && MonotonicNow() < try_again_) return;
  tried_ = wanted;
  const Endpoint before = server.endpoint();
  absl::Status changed = server.Change(wanted);
  std::string problem(MessageOf(changed));
  if (changed.ok()) problem.clear();
  if (!changed.ok() && problem != problem_) log::Warning("ndmp_cannot_listen", "error", problem);
  problem_ = std::move(problem);
  try_again_ = MonotonicNow() + kAgain;
  if (!(before == server.endpoint())) log::Info("listens", "address", ToText(server.endpoint()));
}

void Reporter::AddSessions(mgmt::ReportNdmpRequest* request) {
  std::map<std::string, Mark> marks;
  for (const OpenSession& session : sessions_.Open()) {
    const Mark mark{session.state.bytes_moved(), MonotonicNow()};
    auto before = marks_.find(session.id);
    double rate = 0;
    if (before != marks_.end()) {
      const double seconds = absl::ToDoubleSeconds(mark.at - before->second.at);
      rate = static_cast<double>(mark.bytes - before->second.bytes) / kMiB / seconds;
    }
    *request->add_sessions() = ToProto(session, rate);
    marks[session.id] = mark;
  }
  marks_ = std::move(marks);
}

absl::StatusOr<Reach> Reporter::Report(const Server* server) {
  mgmt::ReportNdmpRequest request;
  request.set_instance(instance_);
  *request.mutable_started() = api::TimestampOf(started_);
  *request.mutable_defaults() = ToProto(defaults_);
  if (server != nullptr && server->endpoint().port != 0) {
    request.set_listen_address(IpText(server->endpoint().ip));
    request.set_listen_port(server->endpoint().port);
  }
  request.set_problem(problem_);
  request.set_ends(ends_);
  for (int version = kOldestVersion; version <= kNewestVersion; ++version) {
    request.add_versions(static_cast<uint32_t>(version));
  }
  AddSessions(&request);
  const std::vector<EndedSession> ended = sessions_.Ended();
  for (const EndedSession& each : ended) *request.add_completed() = ToProto(each);

  mgmt::ReportNdmpResponse response;
  grpc::ClientContext context;
  rpc::SetTimeout(&context, kReportTimeout);
  OCA_RETURN_IF_ERROR(rpc::FromGrpc(stub_->ReportNdmp(&context, request, &response)));
  sessions_.Forget(ended);
  return FromProto(response.settings());
}

}  // namespace oca::ndmp
