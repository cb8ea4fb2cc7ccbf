#include "fs/names/acl.h"

#include <cerrno>

#include "lib/base/coding.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr uint32_t kAclVersion = 2;
constexpr size_t kAclHeaderBytes = 4;
constexpr size_t kAclEntryBytes = 8;
constexpr uint32_t kNoId = 0xffffffff;

bool HasId(AclTag tag) { return tag == AclTag::kUser || tag == AclTag::kGroup; }

// Place of a tag in a valid list; kUser and kGroup may repeat, the others stand once. -1: no tag.
int Rank(AclTag tag) {
  switch (tag) {
    case AclTag::kUserObj:
      return 0;
    case AclTag::kUser:
      return 1;
    case AclTag::kGroupObj:
      return 2;
    case AclTag::kGroup:
      return 3;
    case AclTag::kMask:
      return 4;
    case AclTag::kOther:
      return 5;
  }
  return -1;
}

AclEntry* Find(AclTag tag, Acl* acl) {
  for (AclEntry& entry : *acl) {
    if (entry.tag == tag) return &entry;
  }
  return nullptr;
}

// The entry that the group bits of the mode show.
AclEntry* GroupClass(Acl* acl) {
  AclEntry* mask = Find(AclTag::kMask, acl);
  return mask != nullptr ? mask : Find(AclTag::kGroupObj, acl);
}

bool IsValid(const Acl& acl) {
  int last = -1;
  uint32_t seen = 0;
  for (const AclEntry& entry : acl) {
    const int rank = Rank(entry.tag);
    if (rank < 0 || (entry.perm & ~7u) != 0) return false;
    if (rank < last || (rank == last && !HasId(entry.tag))) return false;
    if (HasId(entry.tag) && entry.id == kNoId) return false;
    last = rank;
    seen |= 1u << rank;
  }
  const bool has_base = (seen & 0b100101) == 0b100101;
  const bool has_named = (seen & 0b001010) != 0;
  const bool has_mask = (seen & 0b010000) != 0;
  return has_base && (!has_named || has_mask);
}

}  // namespace

absl::StatusOr<Acl> ParseAcl(std::string_view value) {
  if (value.size() < kAclHeaderBytes) return PosixError(EINVAL, "short ACL");
  ByteReader in(value);
  if (in.Le<uint32_t>() != kAclVersion) return PosixError(EOPNOTSUPP, "ACL of another version");
  if (in.remaining() % kAclEntryBytes != 0) return PosixError(EINVAL, "ACL of an odd length");
  Acl acl;
  acl.reserve(in.remaining() / kAclEntryBytes);
  while (!in.empty()) {
    AclEntry entry;
    entry.tag = static_cast<AclTag>(in.Le<uint16_t>());
    entry.perm = in.Le<uint16_t>();
    entry.id = in.Le<uint32_t>();
    acl.push_back(entry);
  }
  if (!acl.empty() && !IsValid(acl)) return PosixError(EINVAL, "ACL is not valid");
  return acl;
}

std::string FormatAcl(const Acl& acl) {
  std::string out;
  out.reserve(kAclHeaderBytes + acl.size() * kAclEntryBytes);
  PutLe<uint32_t>(&out, kAclVersion);
  for (const AclEntry& entry : acl) {
    PutLe<uint16_t>(&out, static_cast<uint16_t>(entry.tag));
    PutLe<uint16_t>(&out, entry.perm);
    PutLe<uint32_t>(&out, HasId(entry.tag) ? entry.id : kNoId);
  }
  return out;
}

uint32_t ModeOfAcl(const Acl& acl) {
  uint32_t user = 0, group = 0, mask = 0, other = 0;
  bool has_mask = false;
  for (const AclEntry& entry : acl) {
    if (entry.tag == AclTag::kUserObj) user = entry.perm;
    if (entry.tag == AclTag::kGroupObj) group = entry.perm;
    if (entry.tag == AclTag::kOther) other = entry.perm;
    if (entry.tag == AclTag::kMask) {
      mask = entry.perm;
      has_mask = true;
    }
  }
  return user << 6 | (has_mask ? mask : group) << 3 | other;
}

bool IsMinimal(const Acl& acl) {
  for (const AclEntry& entry : acl) {
    if (HasId(entry.tag) || entry.tag == AclTag::kMask) return false;
  }
  return true;
}

void ApplyModeToAcl(uint32_t mode, Acl* acl) {
  if (AclEntry* user = Find(AclTag::kUserObj, acl)) user->perm = mode >> 6 & 7;
  if (AclEntry* group = GroupClass(acl)) group->perm = mode >> 3 & 7;
  if (AclEntry* other = Find(AclTag::kOther, acl)) other->perm = mode & 7;
}

uint32_t InheritAcl(uint32_t mode, Acl* acl) {
  if (AclEntry* user = Find(AclTag::kUserObj, acl)) user->perm &= mode >> 6 & 7;
  if (AclEntry* group = GroupClass(acl)) group->perm &= mode >> 3 & 7;
  if (AclEntry* other = Find(AclTag::kOther, acl)) other->perm &= mode & 7;
  return (mode & ~0777u) | ModeOfAcl(*acl);
}

}  // namespace oca::names
