#include "services/config/roles.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "fmt/format.h"

namespace oca::config {
namespace {

constexpr std::string_view kRolePrefix = "ROLE_";

}  // namespace

std::string RoleWord(Role role) {
  return absl::AsciiStrToLower(management::v1::Role_Name(role).substr(kRolePrefix.size()));
}

absl::StatusOr<Role> RoleOf(std::string_view word) {
  Role role;
  std::string name = fmt::format("{}{}", kRolePrefix, word);
  absl::AsciiStrToUpper(&name);
  if (management::v1::Role_Parse(name, &role)) return role;
  return absl::DataLossError(fmt::format("the database holds the unknown role '{}'", word));
}

std::string RolesText(std::span<const Role> roles) {
  std::string text;
  for (Role role : roles) text += (text.empty() ? "" : ", ") + RoleWord(role);
  return text.empty() ? "none" : text;
}

absl::StatusOr<std::vector<Role>> CheckedRoles(std::vector<Role> roles) {
  for (Role role : roles) {
    if (role == management::v1::ROLE_UNSPECIFIED || !management::v1::Role_IsValid(role)) {
      return absl::InvalidArgumentError(fmt::format("there is no role {}", static_cast<int>(role)));
    }
  }
  std::sort(roles.begin(), roles.end());
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  return roles;
}

bool HasRole(std::span<const Role> roles, Role role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

bool Allows(std::span<const Role> roles, Permission wanted) {
  switch (wanted) {
    case PERMISSION_NONE:
    case PERMISSION_SIGNED_IN:
      return true;
    case PERMISSION_VIEW:
      return HasRole(roles, management::v1::ROLE_MONITOR) ||
             HasRole(roles, management::v1::ROLE_ADMINISTRATOR);
    case PERMISSION_OPERATE:
    case PERMISSION_ADMINISTER:
      return HasRole(roles, management::v1::ROLE_ADMINISTRATOR);
    default:
      return false;
  }
}

bool NeedsSecret(std::span<const Role> roles) {
  return HasRole(roles, management::v1::ROLE_NDMP) || HasRole(roles, management::v1::ROLE_ISCSI) ||
         HasRole(roles, management::v1::ROLE_OBJECT);
}

}  // namespace oca::config
