// Who may log in to tape libraries. The rest of the class is in tape_libraries.cc.
#include <algorithm>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "lib/api/iscsi.h"
#include "lib/base/status.h"
#include "lib/crypto/secret.h"
#include "lib/log/log.h"
#include "services/config/find.h"
#include "services/config/roles.h"
#include "services/config/rules.h"
#include "services/config/tape_libraries.h"

namespace oca::config {
namespace {

namespace mgmt = management::v1;

constexpr size_t kMaxInitiators = 100;

// Under what the target's own password is sealed; no user has such a name.
std::string TargetSealName(std::string_view container) {
  return fmt::format("target of {}", container);
}

mgmt::Connection ConnectionMessage(const ConnectionRow& row, const LibraryRow& library) {
  mgmt::Connection out;
  out.set_name(row.name);
  out.set_type(mgmt::CONNECTION_TYPE_ISCSI);
  out.set_enabled(row.enabled);
  for (const std::string& each : row.initiators) out.add_initiators(each);
  out.set_chap_user(row.chap_user);
  out.set_target_user(row.target_user);
  out.set_target(library.target);
  out.set_portal(library.portal);
  out.set_revision(row.revision);
  return out;
}

mgmt::Connection MountOf(const mgmt::Container& container) {
  mgmt::Connection out;
  out.set_name(container.name());
  out.set_type(mgmt::CONNECTION_TYPE_MOUNT);
  out.set_enabled(true);
  out.set_mount_path(container.mount_path());
  return out;
}

absl::Status CheckInitiators(const std::vector<std::string>& initiators) {
  if (initiators.empty() || initiators.size() > kMaxInitiators) {
    return absl::InvalidArgumentError(
        fmt::format("who may log in? Give 1 to {} initiators", kMaxInitiators));
  }
  size_t names = 0;
  for (const std::string& each : initiators) {
    if (api::IsIscsiName(each)) {
      ++names;
      OCA_RETURN_IF_ERROR(api::CheckIscsiName("initiator", each));
    } else {
      OCA_RETURN_IF_ERROR(api::CheckNetwork(each));
    }
  }
  if (names == 0 || names == initiators.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "give iSCSI names or addresses, not both: who matches any of them would be let in");
}

absl::Status NoConnection(const std::string& name) {
  return absl::NotFoundError(fmt::format(
      "tape library '{}' has no iSCSI connection; make one: oca connection --add --name {} --type "
      "ISCSI",
      name, name));
}

}  // namespace

absl::StatusOr<vtl::v1::HostAccess> TapeLibraries::AccessOf(const ConnectionRow& row) {
  OCA_ASSIGN_OR_RETURN(std::optional<UserRow> user, parts_.users.Find(row.chap_user));
  auto refuse = [&](std::string_view why) {
    return absl::FailedPreconditionError(
        fmt::format("user '{}' cannot be used for CHAP: {}", row.chap_user, why));
  };
  if (!user.has_value()) return refuse("there is no such user");
  if (!user->enabled) return refuse("the user is disabled");
  if (!HasRole(user->roles, mgmt::ROLE_ISCSI)) return refuse("the user has not the role iscsi");
  if (user->secret_sealed.empty()) {
    return refuse("the password is not kept: set it again (oca iscsi --setpassword)");
  }
  OCA_ASSIGN_OR_RETURN(crypto::Secret password, parts_.seal.Open(user->name, user->secret_sealed));
  absl::Status fit = api::CheckChapAccount("CHAP", row.chap_user, password.view());
  if (!fit.ok()) return refuse(MessageOf(fit));
  vtl::v1::HostAccess access;
  for (const std::string& each : row.initiators) access.add_initiators(each);
  access.set_user(row.chap_user);
  access.set_password(std::string(password.view()));
  if (row.target_user.empty()) return access;
  OCA_ASSIGN_OR_RETURN(crypto::Secret own,
                       parts_.seal.Open(TargetSealName(row.name), row.target_secret_sealed));
  if (own.view() == password.view()) return refuse("the target has the same password");
  access.set_target_user(row.target_user);
  access.set_target_password(std::string(own.view()));
  return access;
}

absl::Status TapeLibraries::CheckConnection(const ConnectionRow& row) {
  OCA_RETURN_IF_ERROR(CheckInitiators(row.initiators));
  if (row.chap_user.empty()) {
    return absl::InvalidArgumentError("whose password shall hosts log in with? Give a CHAP user");
  }
  for (const std::string& user : {row.chap_user, row.target_user}) {
    if (user != api::kGatewayUser) continue;
    return absl::InvalidArgumentError(
        fmt::format("{} is for the appliance's own gateways", api::kGatewayUser));
  }
  if (row.chap_user == row.target_user) {
    return absl::InvalidArgumentError("the target needs a user of its own");
  }
  return AccessOf(row).status();
}

absl::Status TapeLibraries::PutTargetSecret(std::string_view password, ConnectionRow* row) {
  if (row->target_user.empty()) {
    row->target_secret_sealed.clear();
    return password.empty() ? absl::OkStatus()
                            : absl::InvalidArgumentError("a target's password needs its user");
  }
  OCA_RETURN_IF_ERROR(api::CheckChapAccount("target", row->target_user, password));
  OCA_ASSIGN_OR_RETURN(row->target_secret_sealed,
                       parts_.seal.Seal(TargetSealName(row->name), password));
  return absl::OkStatus();
}

absl::StatusOr<mgmt::ListConnectionsResponse> TapeLibraries::ListConnections(
    const std::string& name) {
  OCA_ASSIGN_OR_RETURN(mgmt::ListContainersResponse containers, parts_.views.ListContainers(name));
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  mgmt::ListConnectionsResponse response;
  for (const mgmt::Container& container : containers.containers()) {
    if (container.type() != mgmt::CONTAINER_TYPE_VTL) {
      *response.add_connections() = MountOf(container);
      continue;
    }
    const ConnectionRow* row = FindByName(rows.connections, container.name());
    const LibraryRow* library = FindByName(rows.libraries, container.name());
    if (row == nullptr || library == nullptr) continue;
    mgmt::Connection* out = response.add_connections();
    *out = ConnectionMessage(*row, *library);
    absl::Status access = AccessOf(*row).status();
    if (!access.ok()) out->set_problem(std::string(MessageOf(access)));
  }
  return response;
}

absl::StatusOr<mgmt::Connection> TapeLibraries::GetConnection(const std::string& name) {
  if (name.empty()) return absl::InvalidArgumentError("the name of the container is missing");
  OCA_ASSIGN_OR_RETURN(mgmt::ListConnectionsResponse list, ListConnections(name));
  if (list.connections().empty()) return NoConnection(name);
  return std::move(*list.mutable_connections(0));
}

absl::Status TapeLibraries::AddConnection(const mgmt::AddConnectionRequest& request) {
  if (request.type() != mgmt::CONNECTION_TYPE_ISCSI) {
    return absl::InvalidArgumentError(
        "only connections of type iscsi are made: the mount is always there");
  }
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  if (FindByName(rows.libraries, request.name()) == nullptr) {
    OCA_RETURN_IF_ERROR(parts_.views.ListContainers(request.name()).status());
    return absl::FailedPreconditionError(fmt::format(
        "container '{}' is no tape library: it is reached by the mount", request.name()));
  }
  if (FindByName(rows.connections, request.name()) != nullptr) {
    return absl::AlreadyExistsError(
        fmt::format("tape library '{}' has an iSCSI connection", request.name()));
  }
  ConnectionRow row;
  row.name = request.name();
  row.initiators.assign(request.initiators().begin(), request.initiators().end());
  row.chap_user = request.chap_user();
  row.target_user = request.target_user();
  OCA_RETURN_IF_ERROR(PutTargetSecret(request.target_password(), &row));
  OCA_RETURN_IF_ERROR(CheckConnection(row));
  OCA_RETURN_IF_ERROR(parts_.store.Insert(row));
  OCA_RETURN_IF_ERROR(
      PushOrRestore([&] { return parts_.store.DeleteConnection(row.name); }, row.name));
  log::Info("connection_added", "container", row.name, "chap_user", row.chap_user);
  return absl::OkStatus();
}

absl::Status TapeLibraries::UpdateConnection(const mgmt::UpdateConnectionRequest& request) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  const ConnectionRow* before = FindByName(rows.connections, request.name());
  if (before == nullptr) return NoConnection(request.name());
  OCA_RETURN_IF_ERROR(
      CheckRevision(Kind::kTapeLibrary, before->name, before->revision, request.revision()));
  ConnectionRow row = *before;
  if (request.has_enabled()) row.enabled = request.enabled();
  if (request.has_chap_user()) row.chap_user = request.chap_user();
  if (request.has_initiators()) {
    const auto& initiators = request.initiators().initiators();
    row.initiators.assign(initiators.begin(), initiators.end());
  }
  if (request.has_target_user()) {
    row.target_user = request.target_user();
    OCA_RETURN_IF_ERROR(PutTargetSecret(request.target_password(), &row));
  }
  // What cannot be used may still be turned off.
  if (row.enabled) OCA_RETURN_IF_ERROR(CheckConnection(row));
  OCA_RETURN_IF_ERROR(CheckInitiators(row.initiators));
  OCA_RETURN_IF_ERROR(parts_.store.Update(row));
  if (!row.enabled) return Push().status();
  return PushOrRestore([&] { return parts_.store.Update(*before); }, row.name);
}

absl::Status TapeLibraries::DeleteConnection(const std::string& name) {
  Turn turn(turns_);
  OCA_RETURN_IF_ERROR(turn.status());
  OCA_ASSIGN_OR_RETURN(VtlRows rows, parts_.store.Load());
  const ConnectionRow* row = FindByName(rows.connections, name);
  if (row == nullptr) return NoConnection(name);
  OCA_RETURN_IF_ERROR(parts_.store.DeleteConnection(name));
  log::Info("connection_deleted", "container", name);
  return Push().status();
}

}  // namespace oca::config
