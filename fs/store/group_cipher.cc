// Encryption of units, of an inode's content, and of a pack's parts.
#include <utility>

#include "fmt/format.h"
#include "fs/store/group_keys.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"

namespace oca::store {
namespace {

// First byte of an encrypted content; a plain recipe root begins with its version, far below.
constexpr char kSealedContent = '\x80';
constexpr std::string_view kContentLabel = "OCAINODE";

// What is authenticated besides the bytes: where they belong.
std::string Bound(std::string_view head, GroupId group, uint64_t place) {
  std::string out(head);
  PutLe<uint32_t>(&out, group.value);
  PutLe<uint64_t>(&out, place);
  return out;
}

}  // namespace

absl::StatusOr<GroupKeys::UsablePtr> GroupKeys::Find(format::KeyId key) const {
  OCA_RETURN_IF_ERROR(Ready());
  absl::MutexLock lock(&mu_);
  for (auto it = usable_.rbegin(); it != usable_.rend(); ++it) {
    if ((*it)->id == key) return *it;
  }
  return NoKeyError(
      fmt::format("content key {} is not in the key ring of storage group {}", key, group_.value));
}

absl::StatusOr<std::string> GroupKeys::Seal(format::KeyId key, format::SealedKind kind,
                                            uint64_t place, std::string_view plain) const {
  OCA_ASSIGN_OR_RETURN(UsablePtr usable, Find(key));
  OCA_ASSIGN_OR_RETURN(std::string nonce, crypto::RandomBytes(format::kSealedNonceBytes));
  format::SealedHeader header{kind, key, static_cast<uint32_t>(plain.size()), nonce};
  std::string encrypted;
  OCA_RETURN_IF_ERROR(usable->cipher.Seal(
      nonce, Bound(format::EncodeSealedBound(header), group_, place), plain, &encrypted));
  return format::EncodeSealed(header, encrypted);
}

absl::StatusOr<std::string> GroupKeys::Unseal(format::SealedKind kind, uint64_t place,
                                              const format::DecodedSealed& sealed) const {
  if (sealed.header.kind != kind) return absl::DataLossError("encrypted unit of another kind");
  OCA_ASSIGN_OR_RETURN(UsablePtr usable, Find(sealed.header.key));
  return usable->cipher.Open(sealed.header.nonce, Bound(sealed.bound, group_, place),
                             sealed.encrypted);
}

bool GroupKeys::IsSealedContent(std::string_view stored) {
  return !stored.empty() && stored[0] == kSealedContent;
}

absl::StatusOr<std::string> GroupKeys::SealContent(InodeNo ino, std::string_view plain) const {
  format::KeyId key = active();
  if (key == 0 || plain.empty()) return std::string(plain);
  OCA_ASSIGN_OR_RETURN(UsablePtr usable, Find(key));
  std::string out(1, kSealedContent);
  PutLe<uint32_t>(&out, key);
  const std::string bound = Bound(std::string(kContentLabel) + out, group_, ino.value);
  OCA_ASSIGN_OR_RETURN(std::string nonce, crypto::RandomBytes(format::kSealedNonceBytes));
  out.append(nonce);
  OCA_RETURN_IF_ERROR(usable->cipher.Seal(nonce, bound, plain, &out));
  return out;
}

absl::StatusOr<std::string> GroupKeys::UnsealContent(InodeNo ino, std::string_view stored) const {
  if (!IsSealedContent(stored)) return std::string(stored);
  ByteReader in(stored);
  std::string_view head = in.Take(1 + sizeof(format::KeyId));
  std::string_view nonce = in.Take(format::kSealedNonceBytes);
  if (!in.ok()) return absl::DataLossError("encrypted content of an inode is cut off");
  OCA_ASSIGN_OR_RETURN(UsablePtr usable, Find(GetLe<format::KeyId>(head.data() + 1)));
  return usable->cipher.Open(
      nonce, Bound(std::string(kContentLabel).append(head), group_, ino.value), in.rest());
}

absl::StatusOr<std::string> EncodeFooterWith(const GroupKeys* keys,
                                             const format::PackFooter& footer,
                                             uint64_t file_offset) {
  std::string body = format::EncodeFooterBody(footer, file_offset);
  if (footer.key != 0) {
    if (keys == nullptr) return NoKeyError("a pack is encrypted, but its group has no key ring");
    OCA_ASSIGN_OR_RETURN(
        body, keys->Seal(footer.key, format::SealedKind::kFooter, footer.pack.pack_id.value, body));
  }
  return body + format::EncodeTrailer(file_offset, static_cast<uint32_t>(body.size()));
}

absl::StatusOr<format::PackFooter> DecodeFooterWith(const GroupKeys* keys, PackId id,
                                                    std::string_view bytes, uint64_t file_offset) {
  if (!format::LooksSealed(bytes)) return format::DecodeFooter(bytes, file_offset);
  OCA_ASSIGN_OR_RETURN(format::DecodedSealed sealed, format::DecodeSealed(bytes));
  if (keys == nullptr) return NoKeyError("a pack is encrypted, but its group has no key ring");
  if (sealed.encoded_size != bytes.size()) {
    return absl::DataLossError("encrypted footer: its size contradicts the trailer");
  }
  OCA_ASSIGN_OR_RETURN(std::string plain,
                       keys->Unseal(format::SealedKind::kFooter, id.value, sealed));
  return format::DecodeFooter(plain, file_offset, sealed.header.key);
}

absl::StatusOr<std::string> DecryptGroup(const GroupKeys* keys, PackId id, std::string encoded) {
  if (!format::LooksSealed(encoded)) return encoded;
  OCA_ASSIGN_OR_RETURN(format::DecodedSealed sealed, format::DecodeSealed(encoded));
  if (keys == nullptr) return NoKeyError("a pack is encrypted, but its group has no key ring");
  return keys->Unseal(format::SealedKind::kGroup, id.value, sealed);
}

}  // namespace oca::store
