// An encrypted unit on disk: a group or the footer of a pack, whole, with all that it would say in
// plain. Pure framing: who has the key encrypts (fs/store/group_keys.h). Byte map in
// docs/format/keys.md.
#ifndef OCA_FS_FORMAT_SEALED_H_
#define OCA_FS_FORMAT_SEALED_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace oca::format {

// What is inside. Part of what is authenticated: one kind cannot be passed off as the other.
enum class SealedKind : uint16_t { kGroup = 1, kFooter = 2, kSnapshotBlock = 3 };

// Of a content key in the key ring of its storage group, from 1; 0 = not encrypted.
using KeyId = uint32_t;

struct SealedHeader {
  SealedKind kind = SealedKind::kGroup;
  KeyId key = 0;
  uint32_t plain_bytes = 0;  // as many are stored encrypted
  std::string_view nonce;    // borrowed
  friend bool operator==(const SealedHeader&, const SealedHeader&) = default;
};

inline constexpr std::string_view kSealedMagic = "OCASEALD";
inline constexpr size_t kSealedNonceBytes = 24;
inline constexpr size_t kSealedTagBytes = 16;
// Header before the encrypted bytes; the tag is in it.
inline constexpr size_t kSealedHeaderSize = 68;
inline constexpr uint32_t kMaxSealedPlainBytes = 8u << 20;

// True when `bytes` begin as a sealed unit does.
inline bool LooksSealed(std::string_view bytes) { return bytes.starts_with(kSealedMagic); }

// The header's first bytes, up to the nonce: what the authentication covers.
inline constexpr size_t kSealedBoundSize = 20;
std::string EncodeSealedBound(const SealedHeader& header);
// The whole unit. `encrypted`: ciphertext, then the tag.
std::string EncodeSealed(const SealedHeader& header, std::string_view encrypted);

struct DecodedSealed {
  SealedHeader header;
  std::string_view bound;  // borrowed, as the rest
  std::string encrypted;   // ciphertext, then the tag
  size_t encoded_size = 0;
};
// What the unit that begins at bytes[0] takes, from its first kSealedHeaderSize bytes. kDataLoss,
// kOutOfRange, kFailedPrecondition as DecodeGroup.
absl::StatusOr<size_t> EncodedSealedSize(std::string_view bytes);
// Decodes the unit that begins at bytes[0]; more may follow. Checksums are verified; whether it is
// what was encrypted, only the key can tell.
absl::StatusOr<DecodedSealed> DecodeSealed(std::string_view bytes);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_SEALED_H_
