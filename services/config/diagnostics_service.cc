#include "services/config/diagnostics_service.h"

#include <utility>

#include "lib/api/diagnostics.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

constexpr uint32_t kChangesShown = 1000;

template <typename Message>
absl::StatusOr<std::string> AsText(const absl::StatusOr<Message>& message) {
  if (!message.ok()) return message.status();
  return AuditJson(*message) + "\n";
}

absl::StatusOr<std::string> RecordOfChanges(AuditTrail& audit) {
  mgmt::ListAuditRequest request;
  request.set_limit(kChangesShown);
  OCA_ASSIGN_OR_RETURN(std::vector<mgmt::AuditEntry> entries, audit.List(request));
  std::string text;
  for (const mgmt::AuditEntry& entry : entries) text += AuditJson(entry) + "\n";
  return text;
}

absl::StatusOr<std::string> ReplicationText(ReplicationLinks& replication) {
  OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLink> links,
                       replication.List("", mgmt::REPLICATION_ROLE_UNSPECIFIED));
  OCA_ASSIGN_OR_RETURN(std::vector<ReplicationLimit> limits, replication.Limits());
  std::string text;
  for (const ReplicationLink& link : links) text += AuditJson(link) + "\n";
  for (const ReplicationLimit& limit : limits) text += AuditJson(limit) + "\n";
  return text;
}

class DiagnosticsService final : public mgmt::Diagnostics::Service {
 public:
  DiagnosticsService(Gate& gate, Diagnostics& diagnostics)
      : gate_(gate), diagnostics_(diagnostics) {}

  grpc::Status CollectDiagnostics(ServerContext* context, const mgmt::CollectDiagnosticsRequest* in,
                                  mgmt::DiagnosticBundle* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(*out, diagnostics_.Collect(in->basic()));
      return absl::OkStatus();
    });
  }
  grpc::Status ListDiagnostics(ServerContext* context, const mgmt::ListDiagnosticsRequest* in,
                               mgmt::ListDiagnosticsResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) {
      for (mgmt::DiagnosticBundle& bundle : diagnostics_.List()) {
        *out->add_bundles() = std::move(bundle);
      }
      return absl::OkStatus();
    });
  }
  grpc::Status DeleteDiagnostics(ServerContext* context, const mgmt::DeleteDiagnosticsRequest* in,
                                 mgmt::DeleteDiagnosticsResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) {
      out->set_deleted(1);
      return diagnostics_.Delete(in->name());
    });
  }
  grpc::Status DeleteAllDiagnostics(ServerContext* context,
                                    const mgmt::DeleteAllDiagnosticsRequest* in,
                                    mgmt::DeleteDiagnosticsResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(int deleted, diagnostics_.DeleteAll());
      out->set_deleted(static_cast<uint32_t>(deleted));
      return absl::OkStatus();
    });
  }

 private:
  Gate& gate_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::vector<DiagnosticText> ApplianceTexts(Views& views, Users& users, AuditTrail& audit,
                                           ReplicationLinks& replication,
                                           FilesystemClient& filesystem) {
  return {
      {"state/system.json",
       [&views] { return AsText(absl::StatusOr<mgmt::System>(views.GetSystem())); }},
      {"configuration/storage_groups.json", [&views] { return AsText(views.ListGroups("")); }},
      {"configuration/containers.json", [&views] { return AsText(views.ListContainers("")); }},
      {"configuration/users.json",
       [&users] { return AsText(users.List(mgmt::ListUsersRequest())); }},
      {"configuration/changes.json", [&audit] { return RecordOfChanges(audit); }},
      {"configuration/replication.json", [&replication] { return ReplicationText(replication); }},
      {"configuration/cleaner_schedule.json",
       [&filesystem] { return AsText(filesystem.GetCleanerSchedule()); }},
      {"statistics/system.json", [&views] { return AsText(views.SystemStats()); }},
      {"statistics/storage_groups.json", [&views] { return AsText(views.GroupStats("")); }},
      {"statistics/containers.json", [&views] { return AsText(views.ContainerStats("")); }},
      {"statistics/cleaner.json", [&filesystem] { return AsText(filesystem.GetCleanerStatus()); }},
      {"statistics/scan.json", [&filesystem] { return AsText(filesystem.GetScanStatus()); }},
  };
}

std::unique_ptr<grpc::Service> NewDiagnosticsService(Gate& gate, Diagnostics& diagnostics) {
  return std::make_unique<DiagnosticsService>(gate, diagnostics);
}

}  // namespace oca::config
