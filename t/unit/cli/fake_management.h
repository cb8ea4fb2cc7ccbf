// A management service that answers what the test says.
#ifndef OCA_T_UNIT_CLI_FAKE_MANAGEMENT_H_
#define OCA_T_UNIT_CLI_FAKE_MANAGEMENT_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/rpc/status.h"

namespace oca::cli {

namespace mgmt = management::v1;
using grpc::ServerContext;

// Remembers the last request of each kind that changes something.
class FakeManagement final : public mgmt::Management::Service {
 public:
  absl::Mutex mu;
  absl::Status result ABSL_GUARDED_BY(mu);  // of the next calls
  std::string notice ABSL_GUARDED_BY(mu);
  bool ready ABSL_GUARDED_BY(mu) = true;
  int looks ABSL_GUARDED_BY(mu) = 0;  // how often a state was asked for
  int looks_until_done ABSL_GUARDED_BY(mu) = 0;
  fs::v1::JobState end_state ABSL_GUARDED_BY(mu) = fs::v1::JOB_STATE_DONE;
  uint64_t fault_count ABSL_GUARDED_BY(mu) = 0;
  bool encrypted ABSL_GUARDED_BY(mu) = false;          // the storage group
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);  // "Name: fields"

  grpc::Status GetSystem(ServerContext*, const mgmt::GetSystemRequest*,
                         mgmt::System* out) override {
    absl::MutexLock lock(&mu);
    out->set_version("9.9");
    out->set_ready(ready || ++looks >= 3);
    auto* part = out->add_parts();
    part->set_name("ocafsd");
    part->set_up(ready);
    part->set_detail("it is down");
    out->add_storage()->set_path("/repo");
    return rpc::ToGrpc(result);
  }
  grpc::Status ListContainers(ServerContext*, const mgmt::ListContainersRequest* in,
                              mgmt::ListContainersResponse* out) override {
    absl::MutexLock lock(&mu);
    for (const char* name : {"a1", "b2"}) {
      if (!in->name().empty() && in->name() != name) continue;
      mgmt::Container* container = out->add_containers();
      container->set_name(name);
      container->set_id(7);
      container->set_group("DefaultGroup");
      container->set_type(mgmt::CONTAINER_TYPE_LOCAL);
      container->set_state(mgmt::STATE_READY);
      container->set_mount_path(std::string("/mnt/") + name);
    }
    out->set_notice(notice);
    return rpc::ToGrpc(result);
  }
  grpc::Status AddContainer(ServerContext*, const mgmt::AddContainerRequest* in,
                            mgmt::Container* out) override {
    out->set_name(in->name());
    return Called("AddContainer", *in);
  }
  grpc::Status UpdateContainer(ServerContext*, const mgmt::UpdateContainerRequest* in,
                               mgmt::Container* out) override {
    out->set_name(in->name());
    out->set_marker(in->marker());
    return Called("UpdateContainer", *in);
  }
  grpc::Status GetContainerStats(ServerContext*, const mgmt::GetContainerStatsRequest*,
                                 mgmt::GetContainerStatsResponse* out) override {
    auto* stats = out->add_containers();
    stats->set_name("a1");
    stats->set_marker(fs::v1::MARKER_AUTO);
    for (const char* format : {"tar-gnu", "tar-pax"}) {
      auto* recognised = stats->add_recognised_formats();
      recognised->set_format(format);
      recognised->set_streams(3);
    }
    stats->set_recognised_headers(77);
    stats->set_recycle_bin_files(5);
    stats->set_recycle_bin_bytes(2048);
    return grpc::Status::OK;
  }
  grpc::Status DeleteContainer(ServerContext*, const mgmt::DeleteContainerRequest* in,
                               mgmt::DeleteContainerResponse*) override {
    return Called("DeleteContainer", *in);
  }
  grpc::Status GetRetention(ServerContext*, const mgmt::GetRetentionRequest*,
                            fs::v1::Retention* out) override {
    absl::MutexLock lock(&mu);
    out->set_mode(fs::v1::RETENTION_MODE_GOVERNANCE);
    out->set_default_period_seconds(30 * 86400);
    out->set_locked_files(3);
    return rpc::ToGrpc(result);
  }
  grpc::Status GetCleanerSchedule(ServerContext*, const mgmt::GetCleanerScheduleRequest*,
                                  fs::v1::CleanerSchedule* out) override {
    fs::v1::CleanerWindow* window = out->add_windows();
    window->set_day(fs::v1::WEEKDAY_SUNDAY);
    window->set_start_minute(125);
    window->set_stop_minute(1440);
    return grpc::Status::OK;
  }
  grpc::Status SetCleanerWindow(ServerContext*, const mgmt::SetCleanerWindowRequest* in,
                                fs::v1::CleanerSchedule* out) override {
    if (in->window().stop_minute() > 0) *out->add_windows() = in->window();
    return Called("SetCleanerWindow", *in);
  }
  grpc::Status SetRetention(ServerContext*, const mgmt::SetRetentionRequest* in,
                            fs::v1::Retention* out) override {
    out->set_mode(in->mode());
    return Called("SetRetention", *in);
  }
  grpc::Status ReleaseLock(ServerContext*, const mgmt::ReleaseLockRequest* in,
                           mgmt::ReleaseLockResponse*) override {
    return Called("ReleaseLock", *in);
  }
  grpc::Status ListStorageGroups(ServerContext*, const mgmt::ListStorageGroupsRequest*,
                                 mgmt::ListStorageGroupsResponse* out) override {
    absl::MutexLock lock(&mu);
    auto* group = out->add_groups();
    group->set_name("DefaultGroup");
    group->set_chunk_size_bytes(16384);
    group->mutable_encryption()->set_on(encrypted);
    group->mutable_encryption()->set_keys(fs::v1::KEY_STATE_UNLOCKED);
    return rpc::ToGrpc(result);
  }
  grpc::Status AddStorageGroup(ServerContext*, const mgmt::AddStorageGroupRequest* in,
                               mgmt::StorageGroup* out) override {
    out->set_name(in->name());
    return Called("AddStorageGroup", *in);
  }
  grpc::Status UpdateStorageGroup(ServerContext*, const mgmt::UpdateStorageGroupRequest* in,
                                  mgmt::StorageGroup* out) override {
    return Called("UpdateStorageGroup", *in);
  }
  grpc::Status DeleteStorageGroup(ServerContext*, const mgmt::DeleteStorageGroupRequest* in,
                                  mgmt::DeleteStorageGroupResponse*) override {
    return Called("DeleteStorageGroup", *in);
  }
  grpc::Status SetStorageGroupPassphrase(ServerContext*,
                                         const mgmt::SetStorageGroupPassphraseRequest* in,
                                         mgmt::StorageGroup*) override {
    return Called("SetPassphrase", *in);
  }
  grpc::Status UnlockStorageGroup(ServerContext*, const mgmt::UnlockStorageGroupRequest* in,
                                  mgmt::StorageGroup*) override {
    return Called("Unlock", *in);
  }
  grpc::Status EncryptStorageGroup(ServerContext*, const mgmt::EncryptStorageGroupRequest* in,
                                   mgmt::StorageGroup*) override {
    return Called("Encrypt", *in);
  }
  grpc::Status GetSystemStats(ServerContext*, const mgmt::GetSystemStatsRequest*,
                              mgmt::SystemStats* out) override {
    out->set_current_bytes(1ull << 40);
    return grpc::Status::OK;
  }
  grpc::Status GetStorageGroupStats(ServerContext*, const mgmt::GetStorageGroupStatsRequest*,
                                    mgmt::GetStorageGroupStatsResponse* out) override {
    auto* group = out->add_groups();
    group->set_name("DefaultGroup");
    group->set_current_bytes(1ull << 40);
    group->set_dedupe_savings_percent(97.99);
    group->set_cleaner_status(fs::v1::JOB_STATE_IDLE);
    return grpc::Status::OK;
  }
  grpc::Status GetCleanerStatus(ServerContext*, const mgmt::GetCleanerStatusRequest*,
                                fs::v1::CleanerStatus* out) override {
    absl::MutexLock lock(&mu);
    bool done = ++looks > looks_until_done;
    out->set_state(done ? end_state : fs::v1::JOB_STATE_RUNNING);
    out->set_phase("mark");
    out->set_progress_percent(40);
    out->set_error(end_state == fs::v1::JOB_STATE_FAILED ? "disk on fire" : "");
    return grpc::Status::OK;
  }
  grpc::Status StartReclaim(ServerContext*, const mgmt::StartReclaimRequest* in,
                            mgmt::StartReclaimResponse*) override {
    return Called("StartReclaim", *in);
  }
  grpc::Status StopReclaim(ServerContext*, const mgmt::StopReclaimRequest* in,
                           mgmt::StopReclaimResponse*) override {
    return Called("StopReclaim", *in);
  }
  grpc::Status StartScan(ServerContext*, const mgmt::StartScanRequest* in,
                         mgmt::StartScanResponse*) override {
    return Called("StartScan", *in);
  }
  grpc::Status StopScan(ServerContext*, const mgmt::StopScanRequest* in,
                        mgmt::StopScanResponse*) override {
    return Called("StopScan", *in);
  }
  grpc::Status GetScanStatus(ServerContext*, const mgmt::GetScanStatusRequest*,
                             fs::v1::ScanStatus* out) override {
    absl::MutexLock lock(&mu);
    out->set_state(++looks > looks_until_done ? end_state : fs::v1::JOB_STATE_RUNNING);
    out->set_level(fs::v1::SCAN_LEVEL_VERIFY_DATA);
    out->set_fault_count(fault_count);
    for (uint64_t i = 0; i < fault_count; ++i) out->add_faults("fault " + std::to_string(i));
    return grpc::Status::OK;
  }
  grpc::Status GetHealth(ServerContext*, const mgmt::GetHealthRequest*,
                         fs::v1::Health* out) override {
    out->add_damaged()->set_chunks(8);
    out->mutable_damaged(0)->set_chunks_lost(3);
    out->set_packs_verified(39);
    return grpc::Status::OK;
  }
  grpc::Status ListRepairs(ServerContext*, const mgmt::ListRepairsRequest*,
                           fs::v1::ListRepairsResponse* out) override {
    out->add_repairs()->set_fault_count(2);
    out->mutable_repairs(0)->add_repairs("pack 7: header written anew");
    return grpc::Status::OK;
  }
  grpc::Status ClearQuarantine(ServerContext*, const mgmt::ClearQuarantineRequest* in,
                               fs::v1::ClearQuarantineResponse* out) override {
    out->set_before(5);
    out->set_still_damaged(4);
    return Called("ClearQuarantine", *in);
  }
  grpc::Status ShutdownFilesystem(ServerContext*, const mgmt::ShutdownFilesystemRequest* in,
                                  mgmt::ShutdownFilesystemResponse*) override {
    return Called("Shutdown", *in);
  }

 private:
  grpc::Status Called(const std::string& name, const google::protobuf::Message& request) {
    absl::MutexLock lock(&mu);
    calls.push_back(name + ": " + request.ShortDebugString());
    return rpc::ToGrpc(result);
  }
};

}  // namespace oca::cli

#endif  // OCA_T_UNIT_CLI_FAKE_MANAGEMENT_H_
