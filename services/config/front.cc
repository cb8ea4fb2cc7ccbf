#include "services/config/front.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "fmt/format.h"
#include "lib/api/home.h"
#include "lib/base/status.h"
#include "services/config/access_service.h"
#include "services/config/audit_limits_service.h"
#include "services/config/diagnostics_service.h"
#include "services/config/management_service.h"
#include "services/config/ndmp_service.h"
#include "services/config/recycle_bin_service.h"
#include "services/config/replication_service.h"
#include "services/config/second_factor_service.h"
#include "services/config/storage_service.h"
#include "services/config/tape_libraries_service.h"
#include "services/config/tokens_service.h"
#include "services/config/users_service.h"

namespace oca::config {

absl::StatusOr<gid_t> MakeSharedFolder(const std::string& path, const std::string& group) {
  gid_t gid = getegid();
  if (!group.empty()) {
    struct group entry {};
    struct group* found = nullptr;
    std::array<char, 65536> buffer{};
    if (getgrnam_r(group.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr) {
      return absl::FailedPreconditionError(
          fmt::format("there is no group '{}', which oca.toml names", group));
    }
    gid = found->gr_gid;
  }
  if (::mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) return PosixError(errno, path);
  if (::chown(path.c_str(), static_cast<uid_t>(-1), gid) != 0 ||
      ::chmod(path.c_str(), 02750) != 0) {
    return PosixError(errno, path);
  }
  return gid;
}

Front::Front(const Behind& behind, Gate::Believes believes)
    : gate_(behind.user_store, behind.logins, behind.tokens, behind.access, behind.audit,
            behind.events, believes) {
  services_.push_back(NewManagementService(gate_, behind.changes, behind.libraries,
                                           behind.replication, behind.views, behind.filesystem));
  services_.push_back(NewStorageService(gate_, behind.changes, behind.views, behind.filesystem));
  services_.push_back(NewRecycleBinService(gate_, behind.views, behind.filesystem));
  services_.push_back(NewUsersService(gate_, behind.users, behind.logins, behind.audit));
  services_.push_back(
      NewSecondFactorService(gate_, behind.users, behind.second_factor, behind.logins));
  services_.push_back(NewTokensService(gate_, behind.tokens));
  services_.push_back(NewAccessService(gate_, behind.access, behind.store, behind.user_store));
  services_.push_back(NewAuditLimitsService(gate_, behind.audit_limits));
  services_.push_back(NewAlertsService(gate_, behind.health));
  services_.push_back(NewStatisticsService(gate_, behind.monitor));
  services_.push_back(NewTapeLibrariesService(gate_, behind.libraries));
  services_.push_back(NewNdmpService(gate_, behind.ndmp));
  services_.push_back(NewReplicationService(gate_, behind.replication));
  services_.push_back(NewDiagnosticsService(gate_, behind.diagnostics));
}

absl::Status Front::Open(const std::string& socket, std::optional<gid_t> shared_with) {
  std::vector<grpc::Service*> services;
  for (const auto& service : services_) services.push_back(service.get());
  OCA_ASSIGN_OR_RETURN(server_, rpc::UnixServer::Start(socket, services, shared_with));
  return absl::OkStatus();
}

void Front::Close() { server_->Stop(kFrontStopGrace); }

absl::Status AccountEntrance::Open(const std::string& home, const conf::Ssh& config) {
  if (config.account_group == config.group) {
    return absl::InvalidArgumentError(
        "[ssh] account_group must be another group than [ssh] group, whose accounts may speak for "
        "every user");
  }
  OCA_ASSIGN_OR_RETURN(gid_t group,
                       MakeSharedFolder(api::AccountsFolder(home), config.account_group));
  OCA_RETURN_IF_ERROR(front_.Open(api::AccountsSocket(home), group));
  OCA_ASSIGN_OR_RETURN(door_, rpc::AccountDoor::Open(api::AccountsDoor(home), group,
                                                     [this](const rpc::Knock& knock) {
                                                       return logins_.Enter(knock);
                                                     }));
  return absl::OkStatus();
}

void AccountEntrance::Close() {
  door_.reset();
  front_.Close();
}

}  // namespace oca::config
