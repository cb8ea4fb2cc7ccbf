#include "services/config/users_service.h"

#include <utility>

#include "lib/api/users.grpc.pb.h"
#include "lib/base/status.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;
using grpc::ServerContext;

template <typename Message>
absl::Status PutUser(absl::StatusOr<Message> result, Message* out) {
  if (result.ok()) *out = *std::move(result);
  return result.status();
}

class UsersService final : public mgmt::Users::Service {
 public:
  UsersService(Gate& gate, Users& users, Logins& logins, AuditTrail& audit)
      : gate_(gate), users_(users), logins_(logins), audit_(audit) {}

  grpc::Status Login(ServerContext* context, const mgmt::LoginRequest* in,
                     mgmt::LoginResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      return PutUser(users_.Login(*in, visit.caller.from), out);
    });
  }
  grpc::Status Logout(ServerContext* context, const mgmt::LogoutRequest* in,
                      mgmt::LogoutResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      logins_.End(visit.caller.token);
      return absl::OkStatus();
    });
  }
  grpc::Status ChangeOwnPassword(ServerContext* context, const mgmt::ChangeOwnPasswordRequest* in,
                                 mgmt::User* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      return PutUser(users_.ChangeOwnPassword(visit.caller.name, *in, visit.caller.token), out);
    });
  }
  grpc::Status ListLogins(ServerContext* context, const mgmt::ListLoginsRequest* in,
                          mgmt::ListLoginsResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) {
      *out = users_.ListLogins();
      return absl::OkStatus();
    });
  }

  grpc::Status ListUsers(ServerContext* context, const mgmt::ListUsersRequest* in,
                         mgmt::ListUsersResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return PutUser(users_.List(*in), out); });
  }
  grpc::Status AddUser(ServerContext* context, const mgmt::AddUserRequest* in,
                       mgmt::UserWithPassword* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) { return PutUser(users_.Add(*in), out); });
  }
  grpc::Status UpdateUser(ServerContext* context, const mgmt::UpdateUserRequest* in,
                          mgmt::User* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteUserBefore(users_, in->name(), visit);
      return PutUser(users_.Update(*in), out);
    });
  }
  grpc::Status DeleteUser(ServerContext* context, const mgmt::DeleteUserRequest* in,
                          mgmt::DeleteUserResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteUserBefore(users_, in->name(), visit);
      return users_.Delete(in->name());
    });
  }
  grpc::Status SetUserPassword(ServerContext* context, const mgmt::SetUserPasswordRequest* in,
                               mgmt::UserWithPassword* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteUserBefore(users_, in->name(), visit);
      return PutUser(users_.SetPassword(*in), out);
    });
  }
  grpc::Status AddUserKey(ServerContext* context, const mgmt::AddUserKeyRequest* in,
                          mgmt::User* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteUserBefore(users_, in->name(), visit);
      return PutUser(users_.AddKey(*in), out);
    });
  }
  grpc::Status DeleteUserKey(ServerContext* context, const mgmt::DeleteUserKeyRequest* in,
                             mgmt::User* out) override {
    return gate_.Pass(context, *in, out, [&](Visit& visit) {
      NoteUserBefore(users_, in->name(), visit);
      return PutUser(users_.DeleteKey(*in), out);
    });
  }
  grpc::Status GetUserSecret(ServerContext* context, const mgmt::GetUserSecretRequest* in,
                             mgmt::UserSecret* out) override {
    return gate_.Pass(context, *in, out,
                      [&](Visit&) { return PutUser(users_.Secret(in->name()), out); });
  }

  grpc::Status ListAudit(ServerContext* context, const mgmt::ListAuditRequest* in,
                         mgmt::ListAuditResponse* out) override {
    return gate_.Pass(context, *in, out, [&](Visit&) -> absl::Status {
      OCA_ASSIGN_OR_RETURN(auto entries, audit_.List(*in));
      for (mgmt::AuditEntry& entry : entries) *out->add_entries() = std::move(entry);
      return absl::OkStatus();
    });
  }

 private:
  Gate& gate_;
  Users& users_;
  Logins& logins_;
  AuditTrail& audit_;
};

}  // namespace

void NoteUserBefore(Users& users, const std::string& name, Visit& visit) {
  absl::StatusOr<mgmt::User> before = users.Get(name);
  if (before.ok()) visit.before = AuditJson(*before);
}

std::unique_ptr<grpc::Service> NewUsersService(Gate& gate, Users& users, Logins& logins,
                                               AuditTrail& audit) {
  return std::make_unique<UsersService>(gate, users, logins, audit);
}

}  // namespace oca::config
