// The CLI in-process, against a management service that answers what the test says.
#ifndef OCA_T_UNIT_CLI_CLI_TEST_H_
#define OCA_T_UNIT_CLI_CLI_TEST_H_

#include <sys/stat.h>

#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "cli/run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/api/alerts.grpc.pb.h"
#include "lib/api/home.h"
#include "lib/api/management.grpc.pb.h"
#include "lib/api/recycle_bin.grpc.pb.h"
#include "lib/api/storage.grpc.pb.h"
#include "lib/api/tape_libraries.grpc.pb.h"
#include "lib/api/tokens.grpc.pb.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/rpc/status.h"
#include "lib/rpc/unix_socket.h"
#include "nlohmann/json.hpp"
#include "t/support/status_matchers.h"
#include "t/support/temp_dir.h"

namespace oca::cli {

namespace mgmt = management::v1;
using grpc::ServerContext;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

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

// Takes "right" as the password of "eve". Remembers each call, with the login that it belongs to.
class FakeRecycleBin final : public mgmt::RecycleBin::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);  // "Name: fields", of changes

  grpc::Status GetRecycleBin(ServerContext*, const mgmt::GetRecycleBinRequest*,
                             mgmt::RecycleBinStatus* out) override {
    out->set_on(true);
    out->set_retention_days(14);
    out->set_files(3);
    return grpc::Status::OK;
  }
  grpc::Status SetRecycleBin(ServerContext*, const mgmt::SetRecycleBinRequest* in,
                             mgmt::RecycleBinStatus*) override {
    return Called("SetRecycleBin", *in);
  }
  // Two pages of one file each.
  grpc::Status ListRecycled(ServerContext*, const mgmt::ListRecycledRequest* in,
                            mgmt::ListRecycledResponse* out) override {
    if (in->name() == "empty") return grpc::Status::OK;
    const bool first = in->page().empty();
    auto* file = out->add_files();
    file->set_id(first ? 11 : 12);
    file->set_path(first ? "d/first" : "d/second");
    if (first) out->set_next_page("2");
    return grpc::Status::OK;
  }
  grpc::Status RestoreRecycled(ServerContext*, const mgmt::RestoreRecycledRequest* in,
                               mgmt::RestoreRecycledResponse* out) override {
    out->set_restored(2);
    out->set_skipped(1);
    return Called("RestoreRecycled", *in);
  }
  grpc::Status PurgeRecycled(ServerContext*, const mgmt::PurgeRecycledRequest* in,
                             mgmt::PurgeRecycledResponse* out) override {
    out->set_purged(5);
    out->set_bytes(2048);
    return Called("PurgeRecycled", *in);
  }

 private:
  grpc::Status Called(const std::string& name, const google::protobuf::Message& request) {
    absl::MutexLock lock(&mu);
    calls.push_back(name + ": " + request.ShortDebugString());
    return grpc::Status::OK;
  }
};

class FakeUsers final : public mgmt::Users::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);

  grpc::Status Login(ServerContext* context, const mgmt::LoginRequest* in,
                     mgmt::LoginResponse* out) override {
    if (in->name() != "eve" || in->password() != "right") {
      return rpc::ToGrpc(absl::UnauthenticatedError("they do not belong together"));
    }
    out->set_token("t1");
    return Called(context, "Login", *in);
  }
  grpc::Status Logout(ServerContext* context, const mgmt::LogoutRequest* in,
                      mgmt::LogoutResponse*) override {
    return Called(context, "Logout", *in);
  }
  grpc::Status ChangeOwnPassword(ServerContext* context, const mgmt::ChangeOwnPasswordRequest* in,
                                 mgmt::User*) override {
    return Called(context, "ChangeOwnPassword", *in);
  }
  grpc::Status ListLogins(ServerContext*, const mgmt::ListLoginsRequest*,
                          mgmt::ListLoginsResponse* out) override {
    out->add_logins()->set_user("eve");
    return grpc::Status::OK;
  }
  grpc::Status ListUsers(ServerContext*, const mgmt::ListUsersRequest* in,
                         mgmt::ListUsersResponse* out) override {
    for (const char* name : {"adam", "eve"}) {
      if (!in->name().empty() && in->name() != name) continue;
      mgmt::User* user = out->add_users();
      user->set_name(name);
      user->add_roles(mgmt::ROLE_MONITOR);
      user->add_roles(mgmt::ROLE_SECURE_CONNECT);
      user->set_revision(3);
      mgmt::SshKey* key = user->add_ssh_keys();
      key->set_type("ssh-ed25519");
      key->set_fingerprint("SHA256:abc");
      key->set_comment("laptop");
    }
    return grpc::Status::OK;
  }
  grpc::Status AddUser(ServerContext* context, const mgmt::AddUserRequest* in,
                       mgmt::UserWithPassword* out) override {
    out->mutable_user()->set_name(in->name());
    if (in->generate_password()) out->set_generated_password("made-up");
    return Called(context, "AddUser", *in);
  }
  grpc::Status UpdateUser(ServerContext* context, const mgmt::UpdateUserRequest* in,
                          mgmt::User*) override {
    Called(context, "UpdateUser", *in);
    return in->revision() == 1 ? rpc::ToGrpc(absl::AbortedError("has been changed since"))
                               : grpc::Status::OK;
  }
  grpc::Status DeleteUser(ServerContext* context, const mgmt::DeleteUserRequest* in,
                          mgmt::DeleteUserResponse*) override {
    return Called(context, "DeleteUser", *in);
  }
  grpc::Status SetUserPassword(ServerContext* context, const mgmt::SetUserPasswordRequest* in,
                               mgmt::UserWithPassword* out) override {
    if (in->generate_password()) out->set_generated_password("made-up");
    return Called(context, "SetUserPassword", *in);
  }
  grpc::Status AddUserKey(ServerContext* context, const mgmt::AddUserKeyRequest* in,
                          mgmt::User*) override {
    return Called(context, "AddUserKey", *in);
  }
  grpc::Status DeleteUserKey(ServerContext* context, const mgmt::DeleteUserKeyRequest* in,
                             mgmt::User*) override {
    return Called(context, "DeleteUserKey", *in);
  }
  grpc::Status ListAudit(ServerContext* context, const mgmt::ListAuditRequest* in,
                         mgmt::ListAuditResponse* out) override {
    auto* entry = out->add_entries();
    entry->set_user("eve");
    entry->set_method("AddContainer");
    entry->set_outcome(mgmt::OUTCOME_DONE);
    entry->set_before("{\"quota\":1}");
    return Called(context, "ListAudit", *in);
  }

 private:
  grpc::Status Called(ServerContext* context, const std::string& name,
                      const google::protobuf::Message& request) {
    std::string who;
    if (std::string token = Metadata(context, "oca-token"); !token.empty()) {
      who = "[" + token + "] ";
    } else if (std::string user = Metadata(context, "oca-user"); !user.empty()) {
      who = "{" + user + " from " + Metadata(context, "oca-from") + "} ";
    }
    absl::MutexLock lock(&mu);
    calls.push_back(who + name + ": " + request.ShortDebugString());
    return grpc::Status::OK;
  }
  static std::string Metadata(ServerContext* context, const char* key) {
    auto found = context->client_metadata().find(key);
    return found == context->client_metadata().end()
               ? ""
               : std::string(found->second.data(), found->second.size());
  }
};

// One library, "lib1". Remembers each call that changes something.
class FakeTapeLibraries final : public mgmt::TapeLibraries::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);

  grpc::Status ListTapeLibraries(ServerContext*, const mgmt::ListTapeLibrariesRequest*,
                                 mgmt::ListTapeLibrariesResponse* out) override {
    Fill(out->add_libraries());
    return grpc::Status::OK;
  }
  grpc::Status UpdateTapeLibrary(ServerContext*, const mgmt::UpdateTapeLibraryRequest* in,
                                 mgmt::TapeLibrary* out) override {
    Fill(out);
    return Called("UpdateTapeLibrary", *in);
  }
  grpc::Status AddTapes(ServerContext*, const mgmt::AddTapesRequest* in,
                        mgmt::AddTapesResponse* out) override {
    out->add_barcodes("ABCDEF007");
    return Called("AddTapes", *in);
  }
  grpc::Status DeleteTape(ServerContext*, const mgmt::DeleteTapeRequest* in,
                          mgmt::DeleteTapeResponse*) override {
    return Called("DeleteTape", *in);
  }
  grpc::Status ImportTape(ServerContext*, const mgmt::ImportTapeRequest* in,
                          mgmt::TapeLibrary*) override {
    return Called("ImportTape", *in);
  }
  grpc::Status ExportTape(ServerContext*, const mgmt::ExportTapeRequest* in,
                          mgmt::TapeLibrary*) override {
    return Called("ExportTape", *in);
  }
  grpc::Status SetTapeDriveMode(ServerContext*, const mgmt::SetTapeDriveModeRequest* in,
                                mgmt::TapeLibrary*) override {
    return Called("SetTapeDriveMode", *in);
  }
  grpc::Status ListConnections(ServerContext*, const mgmt::ListConnectionsRequest*,
                               mgmt::ListConnectionsResponse* out) override {
    auto* mount = out->add_connections();
    mount->set_name("a1");
    mount->set_type(mgmt::CONNECTION_TYPE_MOUNT);
    mount->set_enabled(true);
    mount->set_mount_path("/mnt/a1");
    auto* iscsi = out->add_connections();
    iscsi->set_name("lib1");
    iscsi->set_type(mgmt::CONNECTION_TYPE_ISCSI);
    iscsi->set_enabled(true);
    iscsi->set_portal("192.0.2.7:3260");
    iscsi->set_problem("the user is disabled");
    return grpc::Status::OK;
  }
  grpc::Status AddConnection(ServerContext*, const mgmt::AddConnectionRequest* in,
                             mgmt::Connection*) override {
    return Called("AddConnection", *in);
  }
  grpc::Status UpdateConnection(ServerContext*, const mgmt::UpdateConnectionRequest* in,
                                mgmt::Connection*) override {
    return Called("UpdateConnection", *in);
  }
  grpc::Status DeleteConnection(ServerContext*, const mgmt::DeleteConnectionRequest* in,
                                mgmt::DeleteConnectionResponse*) override {
    return Called("DeleteConnection", *in);
  }

 private:
  static void Fill(mgmt::TapeLibrary* library) {
    library->set_name("lib1");
    library->mutable_spec()->set_drives(1);
    auto* live = library->mutable_live();
    live->set_state(vtl::v1::SERVICE_STATE_SERVING);
    live->set_target("iqn.2026-11.local.oca:lib1");
    auto* drive = live->add_elements();
    drive->set_type(vtl::v1::ELEMENT_TYPE_DRIVE);
    drive->set_address(500);
    drive->set_barcode("ABCDEF000");
    drive->set_product("ULT3580-TD4");
    auto* slot = live->add_elements();
    slot->set_type(vtl::v1::ELEMENT_TYPE_SLOT);
    slot->set_address(1000);
    auto* loaded = live->add_cartridges();
    loaded->set_barcode("ABCDEF000");
    loaded->set_capacity_bytes(10'000'000'000);
    loaded->set_address(500);
    live->add_cartridges()->set_barcode("ABCDEF001");
    auto* session = live->add_sessions();
    session->set_initiator("iqn.2026-11.com.example:host");
    session->set_address("192.0.2.9");
  }
  grpc::Status Called(const std::string& name, const google::protobuf::Message& request) {
    absl::MutexLock lock(&mu);
    calls.push_back(name + ": " + request.ShortDebugString());
    return grpc::Status::OK;
  }
};

class FakeTokens final : public mgmt::Tokens::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);

  grpc::Status AddToken(ServerContext*, const mgmt::AddTokenRequest* in,
                        mgmt::TokenWithSecret* out) override {
    out->mutable_token()->set_name(in->name());
    out->mutable_token()->set_role(in->role());
    out->set_secret("made-up");
    return Called("AddToken", *in);
  }
  grpc::Status ListTokens(ServerContext*, const mgmt::ListTokensRequest* in,
                          mgmt::ListTokensResponse* out) override {
    mgmt::Token* token = out->add_tokens();
    token->set_name("prometheus");
    token->set_user("eve");
    token->set_role(mgmt::ROLE_MONITOR);
    return Called("ListTokens", *in);
  }
  grpc::Status RevokeToken(ServerContext*, const mgmt::RevokeTokenRequest* in,
                           mgmt::RevokeTokenResponse*) override {
    return Called("RevokeToken", *in);
  }

 private:
  grpc::Status Called(const std::string& name, const google::protobuf::Message& request) {
    absl::MutexLock lock(&mu);
    calls.push_back(name + ": " + request.ShortDebugString());
    return grpc::Status::OK;
  }
};

// Has one alert and two events, and keeps one channel.
class FakeAlerts final : public mgmt::Alerts::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);

  grpc::Status ListAlerts(ServerContext*, const mgmt::ListAlertsRequest* in,
                          mgmt::ListAlertsResponse* out) override {
    mgmt::Alert* alert = out->add_alerts();
    alert->set_index(1);
    alert->set_severity(mgmt::SEVERITY_CRITICAL);
    alert->set_times(3);
    alert->set_text("only 2 % are free");
    alert->set_what_to_do("add space");
    out->set_total(5);
    return Called("ListAlerts", *in);
  }
  grpc::Status ListEvents(ServerContext*, const mgmt::ListEventsRequest* in,
                          mgmt::ListEventsResponse* out) override {
    for (const char* text : {"it ended", "it serves again"}) {
      mgmt::EventEntry* event = out->add_events();
      event->set_severity(mgmt::SEVERITY_INFO);
      event->set_text(text);
    }
    out->set_total(2);
    return Called("ListEvents", *in);
  }
  grpc::Status GetAlertSummary(ServerContext*, const mgmt::GetAlertSummaryRequest* in,
                               mgmt::AlertSummary* out) override {
    out->set_critical(1);
    out->set_events(2);
    return Called("GetAlertSummary", *in);
  }
  grpc::Status GetChannel(ServerContext*, const mgmt::GetChannelRequest* in,
                          mgmt::Channel* out) override {
    out->set_name(in->name());
    out->set_security(mgmt::MAIL_SECURITY_NONE);
    out->set_interval(mgmt::INTERVAL_DAILY);
    return Called("GetChannel", *in);
  }
  grpc::Status ConfigureChannel(ServerContext*, const mgmt::ConfigureChannelRequest* in,
                                mgmt::Channel* out) override {
    out->set_name(in->name());
    out->set_enabled(in->enabled());
    return Called("ConfigureChannel", *in);
  }
  grpc::Status ClearChannel(ServerContext*, const mgmt::ClearChannelRequest* in,
                            mgmt::Channel* out) override {
    out->set_name(in->name());
    return Called("ClearChannel", *in);
  }
  grpc::Status TestChannel(ServerContext*, const mgmt::TestChannelRequest* in,
                           mgmt::Channel*) override {
    Called("TestChannel", *in);
    return rpc::ToGrpc(absl::UnavailableError("the mail relay says no"));
  }

 private:
  grpc::Status Called(const std::string& name, const google::protobuf::Message& request) {
    absl::MutexLock lock(&mu);
    calls.push_back(name + ": " + request.ShortDebugString());
    return grpc::Status::OK;
  }
};

// One path beside the repository, which is missing until somebody looks.
class FakeStorage final : public mgmt::Storage::Service {
 public:
  grpc::Status ListStoragePaths(ServerContext*, const mgmt::ListStoragePathsRequest*,
                                fs::v1::ListPathsResponse* out) override {
    Fill(fs::v1::PATH_STATE_MISSING, out);
    return grpc::Status::OK;
  }
  grpc::Status RescanStoragePaths(ServerContext*, const mgmt::RescanStoragePathsRequest*,
                                  fs::v1::ListPathsResponse* out) override {
    Fill(fs::v1::PATH_STATE_ONLINE, out);
    return grpc::Status::OK;
  }
  grpc::Status AddStoragePath(ServerContext*, const mgmt::AddStoragePathRequest* in,
                              fs::v1::StoragePath* out) override {
    if (in->path() == "/two") return rpc::ToGrpc(absl::AlreadyExistsError("it is one already"));
    out->set_path(in->path());
    return grpc::Status::OK;
  }

 private:
  static void Fill(fs::v1::PathState state, fs::v1::ListPathsResponse* out) {
    out->add_paths()->set_name("repository");
    fs::v1::StoragePath* two = out->add_paths();
    two->set_path("/two");
    two->set_state(state);
    two->set_packs(17);
    if (state == fs::v1::PATH_STATE_MISSING) two->set_problem("/two: is it mounted?");
  }
};

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::mkdir(home_.Path("run").c_str(), 0700), 0);
    ASSERT_OK_AND_ASSIGN(
        server_, rpc::UnixServer::Start(api::ManagementSocket(home_.path()),
                                        {&management_, &recycle_bin_, &users_, &tokens_, &alerts_,
                                         &libraries_, &storage_}));
  }

  // Runs the words of `line`; answers to questions come from `in_`.
  int Oca(const std::string& line) {
    std::istringstream words(line);
    std::vector<std::string> args;
    for (std::string word; words >> word;) args.push_back(word == "''" ? "" : word);
    return OcaWords(args);
  }
  int OcaWords(const std::vector<std::string>& args) {
    out_.str("");
    err_.str("");
    in_.clear();
    Context context{in_,
                    out_,
                    err_,
                    terminal_,
                    terminal_,
                    home_.path(),
                    [](absl::Duration) {},
                    [this](bool on) { echoes_ += on ? '+' : '-'; }};
    return cli::Run(args, context);
  }
  nlohmann::json Json() { return nlohmann::json::parse(out_.str()); }
  void Fail(absl::Status status) {
    absl::MutexLock lock(&management_.mu);
    management_.result = std::move(status);
  }
  std::string LastCall() {
    absl::MutexLock lock(&management_.mu);
    return management_.calls.empty() ? "" : management_.calls.back();
  }

  std::string LastBinCall() {
    absl::MutexLock lock(&recycle_bin_.mu);
    return recycle_bin_.calls.empty() ? "" : recycle_bin_.calls.back();
  }
  std::vector<std::string> UserCalls() {
    absl::MutexLock lock(&users_.mu);
    return users_.calls;
  }

  std::vector<std::string> TokenCalls() {
    absl::MutexLock lock(&tokens_.mu);
    return tokens_.calls;
  }
  // Since the last time.
  std::vector<std::string> AlertCalls() {
    absl::MutexLock lock(&alerts_.mu);
    return std::exchange(alerts_.calls, {});
  }
  std::string LastTapeCall() {
    absl::MutexLock lock(&libraries_.mu);
    return libraries_.calls.empty() ? "" : libraries_.calls.back();
  }

  support::TempDir home_;
  FakeManagement management_;
  FakeRecycleBin recycle_bin_;
  FakeUsers users_;
  FakeTokens tokens_;
  FakeAlerts alerts_;
  FakeTapeLibraries libraries_;
  FakeStorage storage_;
  std::unique_ptr<rpc::UnixServer> server_;
  bool terminal_ = false;
  std::string echoes_;  // '-': what is typed is hidden from here; '+': shown again
  std::istringstream in_;
  std::ostringstream out_, err_;
};

}  // namespace oca::cli

#endif  // OCA_T_UNIT_CLI_CLI_TEST_H_
