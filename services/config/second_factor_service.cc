#include "services/config/second_factor_service.h"

#include <utility>

#include "lib/api/second_factor.grpc.pb.h"
#include "lib/base/status.h"
#include "services/config/users_service.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

class SecondFactorService final : public mgmt::SecondFactor::Service {
 public:
  SecondFactorService(Gate& gate, Users& users, SecondFactor& second_factor, Logins& logins)
      : gate_(gate), users_(users), second_factor_(second_factor), logins_(logins) {}

  grpc::Status BeginTotp(ServerContext* context, const mgmt::BeginTotpRequest* in,
                         mgmt::TotpSecret* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_RETURN_IF_ERROR(users_.CheckOwnPassword(visit.caller.name, in->password()).status());
      OCA_ASSIGN_OR_RETURN(*out, second_factor_.Begin(visit.caller.name));
      return absl::OkStatus();
    });
  }
  grpc::Status ConfirmTotp(ServerContext* context, const mgmt::ConfirmTotpRequest* in,
                           mgmt::RecoveryCodes* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(*out, second_factor_.Confirm(visit.caller.name, in->one_time_code()));
      logins_.EndAllOf(visit.caller.name, visit.caller.token);
      return absl::OkStatus();
    });
  }
  grpc::Status RenewRecoveryCodes(ServerContext* context, const mgmt::RenewRecoveryCodesRequest* in,
                                  mgmt::RecoveryCodes* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      OCA_RETURN_IF_ERROR(users_.CheckOwnPassword(visit.caller.name, in->password()).status());
      OCA_ASSIGN_OR_RETURN(*out, second_factor_.RenewRecoveryCodes(visit.caller.name));
      return absl::OkStatus();
    });
  }
  grpc::Status DisableTotp(ServerContext* context, const mgmt::DisableTotpRequest* in,
                           mgmt::User* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      NoteUserBefore(users_, visit.caller.name, visit);
      OCA_RETURN_IF_ERROR(users_.CheckOwnPassword(visit.caller.name, in->password()).status());
      OCA_ASSIGN_OR_RETURN(UserRow changed, second_factor_.Remove(visit.caller.name, 0));
      *out = ToProto(changed);
      return absl::OkStatus();
    });
  }
  grpc::Status ResetTotp(ServerContext* context, const mgmt::ResetTotpRequest* in,
                         mgmt::User* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) -> absl::Status {
      if (!visit.caller.is_account && visit.caller.name == in->name()) {
        return absl::FailedPreconditionError(
            "one's own second factor is disabled, with the password, and not reset");
      }
      NoteUserBefore(users_, in->name(), visit);
      OCA_ASSIGN_OR_RETURN(UserRow changed, second_factor_.Remove(in->name(), in->revision()));
      logins_.EndAllOf(in->name(), "");
      *out = ToProto(changed);
      return absl::OkStatus();
    });
  }

 private:
  Gate& gate_;
  Users& users_;
  SecondFactor& second_factor_;
  Logins& logins_;
};

}  // namespace

std::unique_ptr<grpc::Service> NewSecondFactorService(Gate& gate, Users& users,
                                                      SecondFactor& second_factor, Logins& logins) {
  return std::make_unique<SecondFactorService>(gate, users, second_factor, logins);
}

}  // namespace oca::config
