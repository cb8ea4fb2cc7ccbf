// Roles as words, and what each lets its users do in the appliance itself.
#ifndef OCA_SERVICES_CONFIG_ROLES_H_
#define OCA_SERVICES_CONFIG_ROLES_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/api/options.pb.h"
#include "lib/api/users.pb.h"

namespace oca::config {

using management::v1::Role;

// "administrator": the role's name in the API, without "ROLE_", in small letters.
std::string RoleWord(Role role);
// kDataLoss for a word that names none.
absl::StatusOr<Role> RoleOf(std::string_view word);
// "administrator, monitor"; "none" for none.
std::string RolesText(std::span<const Role> roles);

// Sorted, each once. kInvalidArgument for the unspecified role and for numbers that name none.
absl::StatusOr<std::vector<Role>> CheckedRoles(std::vector<Role> roles);

bool HasRole(std::span<const Role> roles, Role role);

// Whether these roles include `wanted`: administrator all that users may do, monitor VIEW.
bool Allows(std::span<const Role> roles, Permission wanted);

// Whether a protocol of one of these roles needs the password in plain.
bool NeedsSecret(std::span<const Role> roles);

}  // namespace oca::config

#endif  // OCA_SERVICES_CONFIG_ROLES_H_
