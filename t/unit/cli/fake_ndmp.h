// The service Ndmp, which remembers what was set.
#ifndef OCA_T_UNIT_CLI_FAKE_NDMP_H_
#define OCA_T_UNIT_CLI_FAKE_NDMP_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/api/ndmp.grpc.pb.h"
#include "lib/rpc/status.h"

namespace oca::cli {

class FakeNdmp final : public management::v1::Ndmp::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);
  bool running ABSL_GUARDED_BY(mu) = true;

  grpc::Status GetNdmp(grpc::ServerContext*, const management::v1::GetNdmpRequest*,
                       management::v1::NdmpStatus* out) override {
    Fill(out);
    return grpc::Status::OK;
  }
  grpc::Status UpdateNdmp(grpc::ServerContext*, const management::v1::UpdateNdmpRequest* in,
                          management::v1::NdmpStatus* out) override {
    Fill(out);
    absl::MutexLock lock(&mu);
    calls.push_back(in->ShortDebugString());
    return in->port() == 22 ? rpc::ToGrpc(absl::FailedPreconditionError("port 22 is in use"))
                            : grpc::Status::OK;
  }
  grpc::Status ListNdmpSessions(grpc::ServerContext*,
                                const management::v1::ListNdmpSessionsRequest*,
                                management::v1::ListNdmpSessionsResponse* out) override {
    absl::MutexLock lock(&mu);
    if (!running) return rpc::ToGrpc(absl::FailedPreconditionError("ocandmpd does not run"));
    management::v1::NdmpSession* session = out->add_sessions();
    session->set_id("00c0ffee00c0ffee");
    session->set_client("192.0.2.7:50123");
    session->set_user("backup_user");
    session->set_protocol_version(4);
    session->set_connection_state(management::v1::NDMP_CONNECTION_STATE_SIGNED_IN);
    session->set_mover_state(management::v1::NDMP_MOVER_STATE_PAUSED);
    session->set_data_state(management::v1::NDMP_DATA_STATE_IDLE);
    session->set_device("/oca/lib1/drive0");
    session->set_bytes_moved(3 << 20);
    session->set_mib_per_s(1.5);
    session->mutable_started()->set_seconds(1);
    return grpc::Status::OK;
  }
  grpc::Status ListCompletedNdmpSessions(
      grpc::ServerContext*, const management::v1::ListCompletedNdmpSessionsRequest* in,
      management::v1::ListCompletedNdmpSessionsResponse* out) override {
    {
      absl::MutexLock lock(&mu);
      calls.push_back(in->ShortDebugString());
    }
    management::v1::CompletedNdmpSession* session = out->add_sessions();
    session->set_id("00c0ffee00c0ffef");
    session->set_user("backup_user");
    session->set_device("/oca/lib1/drive1");
    session->set_result(management::v1::NDMP_SESSION_RESULT_SHUT_DOWN);
    return grpc::Status::OK;
  }

 private:
  void Fill(management::v1::NdmpStatus* out) {
    absl::MutexLock lock(&mu);
    out->set_running(running);
    out->mutable_settings()->set_address("0.0.0.0");
    out->mutable_settings()->set_port(10000);
    out->set_revision(3);
    if (!running) return;
    out->set_listen_address("0.0.0.0");
    out->set_listen_port(10000);
    for (uint32_t version : {2, 3, 4}) out->add_versions(version);
    out->add_users("backup_user");
    out->set_sessions(1);
  }
};

}  // namespace oca::cli

#endif  // OCA_T_UNIT_CLI_FAKE_NDMP_H_
