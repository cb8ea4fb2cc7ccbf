// The service Replication, which has one link of the role source, and remembers what was asked for.
#ifndef OCA_T_UNIT_CLI_FAKE_REPLICATION_H_
#define OCA_T_UNIT_CLI_FAKE_REPLICATION_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/api/replication.grpc.pb.h"
#include "lib/rpc/status.h"

namespace oca::cli {

class FakeReplication final : public management::v1::Replication::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);  // "Name: fields"

  grpc::Status ListReplicationLinks(grpc::ServerContext*,
                                    const management::v1::ListReplicationLinksRequest* in,
                                    management::v1::ListReplicationLinksResponse* out) override {
    if (in->name() != "none" && in->role() != management::v1::REPLICATION_ROLE_TARGET) {
      Fill(true, out->add_links());
    }
    return Called("ListReplicationLinks", *in);
  }
  grpc::Status AddReplicationLink(grpc::ServerContext*,
                                  const management::v1::AddReplicationLinkRequest* in,
                                  management::v1::ReplicationLink* out) override {
    Fill(true, out);
    Called("AddReplicationLink", *in);
    return in->peer() == "localhost"
               ? rpc::ToGrpc(absl::InvalidArgumentError("the peer 'localhost' is this machine"))
               : grpc::Status::OK;
  }
  grpc::Status UpdateReplicationLink(grpc::ServerContext*,
                                     const management::v1::UpdateReplicationLinkRequest* in,
                                     management::v1::ReplicationLink* out) override {
    Fill(!in->has_enabled() || in->enabled(), out);
    Called("UpdateReplicationLink", *in);
    return in->revision() == 1 ? rpc::ToGrpc(absl::AbortedError("it was changed since"))
                               : grpc::Status::OK;
  }
  grpc::Status DeleteReplicationLink(grpc::ServerContext*,
                                     const management::v1::DeleteReplicationLinkRequest* in,
                                     management::v1::DeleteReplicationLinkResponse*) override {
    return Called("DeleteReplicationLink", *in);
  }
  grpc::Status ListReplicationLimits(grpc::ServerContext*,
                                     const management::v1::ListReplicationLimitsRequest* in,
                                     management::v1::ListReplicationLimitsResponse* out) override {
    management::v1::ReplicationLimit* limit = out->add_limits();
    limit->set_peer("oca2.example");
    limit->set_kib_per_second(512);
    limit->set_links(1);
    return Called("ListReplicationLimits", *in);
  }
  grpc::Status SetReplicationLimit(grpc::ServerContext*,
                                   const management::v1::SetReplicationLimitRequest* in,
                                   management::v1::ReplicationLimit* out) override {
    out->set_peer(in->name());
    out->set_kib_per_second(in->kib_per_second());
    return Called("SetReplicationLimit", *in);
  }
  grpc::Status GetReplicationSchedule(
      grpc::ServerContext*, const management::v1::GetReplicationScheduleRequest* in,
      management::v1::GetReplicationScheduleResponse* out) override {
    management::v1::ReplicationLink link;
    Fill(true, &link);
    *out->add_schedules()->mutable_windows() = link.windows();
    out->mutable_schedules(0)->set_name("a1");
    out->mutable_schedules(0)->set_revision(7);
    if (in->name().empty()) out->add_schedules()->set_name("b2");
    return Called("GetReplicationSchedule", *in);
  }
  grpc::Status SetReplicationWindow(grpc::ServerContext*,
                                    const management::v1::SetReplicationWindowRequest* in,
                                    management::v1::ReplicationSchedule* out) override {
    out->set_name(in->name());
    if (in->window().stop_minute() > 0) *out->add_windows() = in->window();
    return Called("SetReplicationWindow", *in);
  }

 private:
  static void Fill(bool enabled, management::v1::ReplicationLink* out) {
    out->set_name("a1");
    out->set_role(management::v1::REPLICATION_ROLE_SOURCE);
    out->set_peer("oca2.example");
    out->set_peer_name("copy");
    out->set_encryption(management::v1::REPLICATION_ENCRYPTION_AES256);
    out->set_enabled(enabled);
    out->set_state(enabled ? management::v1::REPLICATION_STATE_NOT_SERVED
                           : management::v1::REPLICATION_STATE_STOPPED);
    fs::v1::CleanerWindow* window = out->add_windows();
    window->set_day(fs::v1::WEEKDAY_SUNDAY);
    window->set_start_minute(60);
    window->set_stop_minute(1440);
    out->set_revision(7);
  }
  grpc::Status Called(const std::string& name, const google::protobuf::Message& request) {
    absl::MutexLock lock(&mu);
    calls.push_back(name + ": " + request.ShortDebugString());
    return grpc::Status::OK;
  }
};

}  // namespace oca::cli

#endif  // OCA_T_UNIT_CLI_FAKE_REPLICATION_H_
