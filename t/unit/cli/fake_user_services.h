// Services of ocaconfigsvc that stand beside users: second factors, access to containers, limits of
// the record.
#ifndef OCA_T_UNIT_CLI_FAKE_USER_SERVICES_H_
#define OCA_T_UNIT_CLI_FAKE_USER_SERVICES_H_

#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "lib/api/access.grpc.pb.h"
#include "lib/api/audit_limits.grpc.pb.h"
#include "lib/api/second_factor.grpc.pb.h"
#include "lib/rpc/status.h"

namespace oca::cli {

namespace mgmt = management::v1;
using grpc::ServerContext;

// Remembers each call.
class FakeSecondFactor final : public mgmt::SecondFactor::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);

  grpc::Status BeginTotp(ServerContext*, const mgmt::BeginTotpRequest* in,
                         mgmt::TotpSecret* out) override {
    out->set_secret("MZXW6YTB");
    out->set_secret_uri("otpauth://totp/Oca:eve?secret=MZXW6YTB");
    return Called("BeginTotp", *in);
  }
  grpc::Status ConfirmTotp(ServerContext*, const mgmt::ConfirmTotpRequest* in,
                           mgmt::RecoveryCodes* out) override {
    out->add_one_time_codes("aaaa-bbbb");
    return Called("ConfirmTotp", *in);
  }
  grpc::Status RenewRecoveryCodes(ServerContext*, const mgmt::RenewRecoveryCodesRequest* in,
                                  mgmt::RecoveryCodes* out) override {
    out->add_one_time_codes("cccc-dddd");
    return Called("RenewRecoveryCodes", *in);
  }
  grpc::Status DisableTotp(ServerContext*, const mgmt::DisableTotpRequest* in,
                           mgmt::User* out) override {
    out->set_name("eve");
    return Called("DisableTotp", *in);
  }
  grpc::Status ResetTotp(ServerContext*, const mgmt::ResetTotpRequest* in,
                         mgmt::User* out) override {
    out->set_name(in->name());
    return Called("ResetTotp", *in);
  }

 private:
  grpc::Status Called(const std::string& name, const google::protobuf::Message& request) {
    absl::MutexLock lock(&mu);
    calls.push_back(name + ": " + request.ShortDebugString());
    return grpc::Status::OK;
  }
};

// Remembers each call.
class FakeAccess final : public mgmt::Access::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);

  grpc::Status ListAccess(ServerContext*, const mgmt::ListAccessRequest* in,
                          mgmt::ListAccessResponse* out) override {
    auto* entry = out->add_entries();
    entry->set_name("backups");
    entry->set_user("eve");
    entry->set_user_id(2);
    entry->set_mode(mgmt::ACCESS_MODE_RWD);
    entry = out->add_entries();
    entry->set_name("backups");
    entry->set_role(mgmt::ROLE_CIFS);
    entry->set_mode(mgmt::ACCESS_MODE_RW);
    return Called("ListAccess", *in);
  }
  grpc::Status AddAccess(ServerContext*, const mgmt::AddAccessRequest* in,
                         mgmt::AccessEntry* out) override {
    out->set_name(in->name());
    out->set_user(in->user());
    out->set_role(in->role());
    out->set_mode(in->mode());
    return Called("AddAccess", *in);
  }
  grpc::Status UpdateAccess(ServerContext*, const mgmt::UpdateAccessRequest* in,
                            mgmt::AccessEntry*) override {
    return Called("UpdateAccess", *in);
  }
  grpc::Status DeleteAccess(ServerContext*, const mgmt::DeleteAccessRequest* in,
                            mgmt::DeleteAccessResponse*) override {
    return Called("DeleteAccess", *in);
  }

 private:
  grpc::Status Called(const std::string& name, const google::protobuf::Message& request) {
    absl::MutexLock lock(&mu);
    calls.push_back(name + ": " + request.ShortDebugString());
    return grpc::Status::OK;
  }
};

// Remembers what was set.
class FakeAuditLimits final : public mgmt::AuditLimits::Service {
 public:
  absl::Mutex mu;
  std::vector<std::string> calls ABSL_GUARDED_BY(mu);

  grpc::Status GetAuditLimits(ServerContext*, const mgmt::GetAuditLimitsRequest*,
                              mgmt::AuditLimitsStatus* out) override {
    out->set_keep_days(1095);
    out->set_keep_entries(1000000);
    out->set_entries(17);
    out->set_revision(1);
    return grpc::Status::OK;
  }
  grpc::Status SetAuditLimits(ServerContext*, const mgmt::SetAuditLimitsRequest* in,
                              mgmt::AuditLimitsStatus* out) override {
    out->set_keep_days(in->keep_days());
    absl::MutexLock lock(&mu);
    calls.push_back(in->ShortDebugString());
    return in->revision() == 7 ? rpc::ToGrpc(absl::AbortedError("changed since"))
                               : grpc::Status::OK;
  }
};

}  // namespace oca::cli

#endif  // OCA_T_UNIT_CLI_FAKE_USER_SERVICES_H_
