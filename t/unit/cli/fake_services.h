// The other services of ocaconfigsvc, which remember what they were asked for.
#ifndef OCA_T_UNIT_CLI_FAKE_SERVICES_H_
#define OCA_T_UNIT_CLI_FAKE_SERVICES_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/api/alerts.grpc.pb.h"
#include "lib/api/problem.h"
#include "lib/api/recycle_bin.grpc.pb.h"
#include "lib/api/storage.grpc.pb.h"
#include "lib/api/tape_libraries.grpc.pb.h"
#include "lib/api/tokens.grpc.pb.h"
#include "lib/api/users.grpc.pb.h"
#include "lib/rpc/status.h"

namespace oca::cli {

namespace mgmt = management::v1;
using grpc::ServerContext;

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

// Takes "right" as the password of "eve" and of "mfa", who needs the code "123456" too. Remembers
// each call, with the login that it belongs to.
class FakeUsers final : public mgmt::Users::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);

  grpc::Status Login(ServerContext* context, const mgmt::LoginRequest* in,
                     mgmt::LoginResponse* out) override {
    if ((in->name() != "eve" && in->name() != "mfa") || in->password() != "right") {
      return rpc::ToGrpc(absl::UnauthenticatedError("they do not belong together"));
    }
    if (in->name() == "mfa" && in->one_time_code().empty()) {
      return rpc::ToGrpc(api::OfType(absl::UnauthenticatedError("a code"), api::kCodeNeeded));
    }
    if (in->name() == "mfa" && in->one_time_code() != "123456") {
      return rpc::ToGrpc(api::OfType(absl::UnauthenticatedError("not it"), api::kCodeWrong));
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
      user->set_has_totp(user->name() == "eve");
      user->set_recovery_codes_left(user->has_totp() ? 9 : 0);
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
  // Of /two something is left; another one holds nothing.
  grpc::Status RemoveStoragePath(ServerContext*, const mgmt::RemoveStoragePathRequest* in,
                                 fs::v1::StoragePath* out) override {
    out->set_path(in->path());
    out->set_removed(in->force() || in->path() != "/two");
    if (out->removed()) return grpc::Status::OK;
    out->set_state(fs::v1::PATH_STATE_DRAINING);
    out->set_draining(true);
    out->set_packs(17);
    return grpc::Status::OK;
  }
  // /slow is slow.
  grpc::Status TestStoragePath(ServerContext*, const mgmt::TestStoragePathRequest* in,
                               fs::v1::PathTest* out) override {
    out->set_path(in->path());
    out->set_sequential_iops_required(2000);
    out->set_random_iops_required(850);
    out->set_sequential_iops(4321);
    out->set_random_iops(in->path() == "/slow" ? 77 : 9876);
    out->set_passed(in->path() != "/slow");
    return grpc::Status::OK;
  }
  grpc::Status AddPerformanceTier(ServerContext*, const mgmt::AddPerformanceTierRequest* in,
                                  mgmt::StorageGroup* out) override {
    if (in->path() == "/slow") return rpc::ToGrpc(absl::FailedPreconditionError("too slow"));
    out->set_name("PerformanceTier");
    out->set_compression_mode(in->compression_mode());
    out->set_quota_bytes(in->quota_bytes());
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

}  // namespace oca::cli

#endif  // OCA_T_UNIT_CLI_FAKE_SERVICES_H_
