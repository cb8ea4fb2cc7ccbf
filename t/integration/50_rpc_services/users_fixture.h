// ocaconfigsvc with users, and calls for them.
#ifndef OCA_T_INTEGRATION_50_RPC_SERVICES_USERS_FIXTURE_H_
#define OCA_T_INTEGRATION_50_RPC_SERVICES_USERS_FIXTURE_H_

#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "t/integration/50_rpc_services/config_service.h"

namespace oca::config {

inline constexpr char kPassword[] = "correct horse battery";

class UsersService : public ConfigService {
 protected:
  using Metadata = std::map<std::string, std::string>;
  static Metadata As(const std::string& user) { return {{"oca-user", user}}; }
  static Metadata With(const std::string& token) { return {{"oca-token", token}}; }

  // `metadata`: who calls.
  template <typename Stub, typename Request, typename Response>
  static absl::Status CallOn(Stub& stub, const Metadata& metadata,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                             const Request& request, Response* response) {
    grpc::ClientContext context;
    rpc::SetTimeout(&context, absl::Seconds(60));
    context.set_wait_for_ready(true);
    for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
    return rpc::FromGrpc((stub.*method)(&context, request, response));
  }
  template <typename Stub, typename Request, typename Response>
  absl::Status CallAs(const Metadata& metadata,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, Response* response) {
    if constexpr (std::is_same_v<Stub, mgmt::Users::Stub>) {
      return CallOn(*users_, metadata, method, request, response);
    } else {
      return CallOn(*stub_, metadata, method, request, response);
    }
  }

  absl::StatusOr<mgmt::User> AddUser(const std::string& name, std::vector<mgmt::Role> roles,
                                     const std::string& password = kPassword) {
    mgmt::AddUserRequest request;
    request.set_name(name);
    for (mgmt::Role role : roles) request.add_roles(role);
    request.set_password(password);
    mgmt::UserWithPassword made;
    absl::Status status = CallAs({}, &mgmt::Users::Stub::AddUser, request, &made);
    if (!status.ok()) return status;
    return made.user();
  }
  absl::StatusOr<mgmt::User> Update(const mgmt::UpdateUserRequest& request) {
    mgmt::User changed;
    absl::Status status = CallAs({}, &mgmt::Users::Stub::UpdateUser, request, &changed);
    if (!status.ok()) return status;
    return changed;
  }
  absl::StatusOr<mgmt::LoginResponse> SignIn(const std::string& name, const std::string& password,
                                             const std::string& from = "https 192.0.2.1",
                                             const std::string& code = "") {
    mgmt::LoginRequest request;
    request.set_name(name);
    request.set_password(password);
    request.set_one_time_code(code);
    mgmt::LoginResponse response;
    absl::Status status =
        CallAs({{"oca-from", from}}, &mgmt::Users::Stub::Login, request, &response);
    if (!status.ok()) return status;
    return response;
  }
  absl::Status Look(const Metadata& metadata) {
    mgmt::System system;
    return CallAs(metadata, &Management::Stub::GetSystem, mgmt::GetSystemRequest(), &system);
  }
  absl::Status Change(const Metadata& metadata, const std::string& container) {
    mgmt::AddContainerRequest request;
    request.set_name(container);
    mgmt::Container made;
    return CallAs(metadata, &Management::Stub::AddContainer, request, &made);
  }
  absl::StatusOr<std::string> Secret(const std::string& name, const Metadata& metadata = {}) {
    mgmt::GetUserSecretRequest request;
    request.set_name(name);
    mgmt::UserSecret secret;
    absl::Status status = CallAs(metadata, &mgmt::Users::Stub::GetUserSecret, request, &secret);
    if (!status.ok()) return status;
    return secret.password();
  }
  std::vector<mgmt::AuditEntry> Audit(const std::string& method) {
    mgmt::ListAuditRequest request;
    request.set_limit(10000);
    mgmt::ListAuditResponse list;
    EXPECT_OK(CallAs({}, &mgmt::Users::Stub::ListAudit, request, &list));
    std::vector<mgmt::AuditEntry> entries;
    for (const auto& entry : list.entries()) {
      if (entry.method() == method) entries.push_back(entry);
    }
    return entries;
  }
};

}  // namespace oca::config

#endif  // OCA_T_INTEGRATION_50_RPC_SERVICES_USERS_FIXTURE_H_
