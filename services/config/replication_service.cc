#include "services/config/replication_service.h"

#include <utility>
#include <vector>

#include "lib/api/replication.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

mgmt::ReplicationSchedule ScheduleOf(const ReplicationLink& link) {
  mgmt::ReplicationSchedule schedule;
  schedule.set_name(link.name());
  *schedule.mutable_windows() = link.windows();
  schedule.set_revision(link.revision());
  return schedule;
}

class ReplicationService final : public mgmt::Replication::Service {
 public:
  ReplicationService(Gate& gate, ReplicationLinks& links) : gate_(gate), links_(links) {}

  grpc::Status ListReplicationLinks(ServerContext* context,
                                    const mgmt::ListReplicationLinksRequest* in,
                                    mgmt::ListReplicationLinksResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLink> links, links_.List(in->name(), in->role()));
      for (ReplicationLink& link : links) *out->add_links() = std::move(link);
      return absl::OkStatus();
    });
  }
  grpc::Status AddReplicationLink(ServerContext* context, const mgmt::AddReplicationLinkRequest* in,
                                  ReplicationLink* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_RETURN_IF_ERROR(links_.Add(*in));
      OCA_ASSIGN_OR_RETURN(*out, links_.Get(in->name(), in->role()));
      return absl::OkStatus();
    });
  }
  grpc::Status UpdateReplicationLink(ServerContext* context,
                                     const mgmt::UpdateReplicationLinkRequest* in,
                                     ReplicationLink* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(ReplicationLink before, links_.Get(in->name(), in->role()));
      visit.before = AuditJson(before);
      OCA_RETURN_IF_ERROR(links_.Update(*in));
      OCA_ASSIGN_OR_RETURN(*out, links_.Get(in->name(), in->role()));
      return absl::OkStatus();
    });
  }
  grpc::Status DeleteReplicationLink(ServerContext* context,
                                     const mgmt::DeleteReplicationLinkRequest* in,
                                     mgmt::DeleteReplicationLinkResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(ReplicationLink before, links_.Get(in->name(), in->role()));
      visit.before = AuditJson(before);
      return links_.Delete(in->name(), in->role());
    });
  }

  grpc::Status ListReplicationLimits(ServerContext* context,
                                     const mgmt::ListReplicationLimitsRequest* in,
                                     mgmt::ListReplicationLimitsResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLimit> limits, links_.Limits());
      for (ReplicationLimit& limit : limits) *out->add_limits() = std::move(limit);
      return absl::OkStatus();
    });
  }
  grpc::Status SetReplicationLimit(ServerContext* context,
                                   const mgmt::SetReplicationLimitRequest* in,
                                   ReplicationLimit* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(ReplicationLimit before, links_.LimitOf(in->name()));
      visit.before = AuditJson(before);
      OCA_RETURN_IF_ERROR(links_.SetLimit(*in));
      OCA_ASSIGN_OR_RETURN(*out, links_.LimitOf(in->name()));
      return absl::OkStatus();
    });
  }

  grpc::Status GetReplicationSchedule(ServerContext* context,
                                      const mgmt::GetReplicationScheduleRequest* in,
                                      mgmt::GetReplicationScheduleResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      if (!in->name().empty()) {
        OCA_ASSIGN_OR_RETURN(ReplicationLink link, SourceOf(in->name()));
        *out->add_schedules() = ScheduleOf(link);
        return absl::OkStatus();
      }
      OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLink> links,
                           links_.List("", mgmt::REPLICATION_ROLE_SOURCE));
      for (const ReplicationLink& link : links) *out->add_schedules() = ScheduleOf(link);
      return absl::OkStatus();
    });
  }
  grpc::Status SetReplicationWindow(ServerContext* context,
                                    const mgmt::SetReplicationWindowRequest* in,
                                    mgmt::ReplicationSchedule* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(ReplicationLink before, SourceOf(in->name()));
      visit.before = AuditJson(ScheduleOf(before));
      OCA_RETURN_IF_ERROR(links_.SetWindow(*in));
      OCA_ASSIGN_OR_RETURN(ReplicationLink link, SourceOf(in->name()));
      *out = ScheduleOf(link);
      return absl::OkStatus();
    });
  }

 private:
  absl::StatusOr<ReplicationLink> SourceOf(const std::string& container) {
    return links_.Get(container, mgmt::REPLICATION_ROLE_SOURCE);
  }

  Gate& gate_;
  ReplicationLinks& links_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewReplicationService(Gate& gate, ReplicationLinks& links) {
  return std::make_unique<ReplicationService>(gate, links);
}

}  // namespace oca::config
