// POSIX access control lists as Linux keeps them in the xattrs system.posix_acl_access and
// _default. Pure functions. Behaviour is that of the kernel's generic ACL code (acl(5), and IEEE
// 1003.1e draft 17).
#ifndef OCA_FS_NAMES_ACL_H_
#define OCA_FS_NAMES_ACL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace oca::names {

inline constexpr std::string_view kAccessAclName = "system.posix_acl_access";
inline constexpr std::string_view kDefaultAclName = "system.posix_acl_default";

enum class AclTag : uint16_t {
  kUserObj = 0x01,
  kUser = 0x02,
  kGroupObj = 0x04,
  kGroup = 0x08,
  kMask = 0x10,
  kOther = 0x20,
};

struct AclEntry {
  AclTag tag = AclTag::kOther;
  uint16_t perm = 0;  // rwx
  uint32_t id = 0;    // of kUser and kGroup
};

// Valid: user::, named users, group::, named groups, mask (needed by named entries), other, in this
// order.
using Acl = std::vector<AclEntry>;

// The ACL in an xattr value. Without entries: an empty Acl, which stands for removal. EOPNOTSUPP:
// another version; EINVAL: malformed.
absl::StatusOr<Acl> ParseAcl(std::string_view value);
std::string FormatAcl(const Acl& acl);

// The permission bits (0777) that the ACL stands for.
uint32_t ModeOfAcl(const Acl& acl);
// Says no more than mode bits can.
bool IsMinimal(const Acl& acl);
// chmod: user::, other::, and the mask (or group:: without one) follow `mode`.
void ApplyModeToAcl(uint32_t mode, Acl* acl);
// A new inode under a default ACL: `acl`, a copy of it, becomes the inode's access ACL, cut down by
// the creator's `mode`; returns the mode cut down by the ACL.
uint32_t InheritAcl(uint32_t mode, Acl* acl);

}  // namespace oca::names

#endif  // OCA_FS_NAMES_ACL_H_
