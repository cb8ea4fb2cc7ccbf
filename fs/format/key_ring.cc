#include "fs/format/key_ring.h"

#include <algorithm>

#include "fmt/format.h"
#include "fs/format/pack_parts.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"
#include "lib/crypto/aead.h"

namespace oca::format {
namespace {

constexpr std::string_view kRingMagic = "OCA-KEYS";
constexpr uint32_t kRingVersion = 1;
constexpr size_t kRingHeaderSize = 96;
constexpr size_t kWrappedBytes = crypto::kKeyBytes + 8;
constexpr size_t kEntrySize = 12 + kWrappedBytes;
constexpr size_t kCodeBytes = 32;
constexpr uint8_t kFlagEncrypting = 1;
constexpr uint8_t kFlagNamesConverted = 2;

bool IntervalHolds(const KeyRingInfo& info) {
  if (info.mode == KeyMode::kStatic) return info.rotation_seconds == 0;
  return info.rotation_seconds >= kMinRotationSeconds &&
         info.rotation_seconds <= kMaxRotationSeconds;
}

// Magic, version and size stay where they are in every version, as does the checksum at the end.
absl::Status CheckFrame(std::string_view bytes) {
  if (bytes.size() < kRingHeaderSize || !bytes.starts_with(kRingMagic)) {
    return absl::DataLossError("key ring: no magic, or cut off");
  }
  if (!CrcHolds(bytes)) return absl::DataLossError("key ring: checksum is wrong");
  ByteReader in(bytes.substr(kRingMagic.size()));
  auto version = in.Le<uint32_t>();
  if (version > kRingVersion) {
    return absl::FailedPreconditionError(
        fmt::format("key ring has format version {}; this version of Oca reads up to {}", version,
                    kRingVersion));
  }
  if (version == 0 || in.Le<uint32_t>() != bytes.size()) {
    return absl::DataLossError("key ring: size or version is wrong");
  }
  return absl::OkStatus();
}

absl::Status TakeKeys(ByteReader& in, uint32_t count, DecodedKeyRing* out) {
  KeyId last = 0;
  for (uint32_t i = 0; i < count; ++i) {
    DecodedKeyRing::Wrapped key;
    key.id = in.Le<uint32_t>();
    key.created = in.Le<int64_t>();
    key.wrapped = std::string(in.Take(kWrappedBytes));
    if (key.id <= last) return absl::DataLossError("key ring: keys are out of order");
    last = key.id;
    out->keys.push_back(std::move(key));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RingKeys> DeriveRingKeys(std::string_view passphrase, std::string_view salt,
                                        const crypto::ScryptCost& cost) {
  OCA_ASSIGN_OR_RETURN(crypto::Secret both,
                       crypto::Scrypt(passphrase, salt, cost, 2 * crypto::kKeyBytes));
  return RingKeys{crypto::Secret(both.view().substr(0, crypto::kKeyBytes)),
                  crypto::Secret(both.view().substr(crypto::kKeyBytes))};
}

absl::StatusOr<std::string> EncodeKeyRing(const KeyRingInfo& info, std::string_view salt,
                                          const std::vector<ContentKey>& keys,
                                          const RingKeys& ring_keys) {
  if (keys.empty() || keys.size() > kMaxContentKeys || salt.size() != kKeyRingSaltBytes ||
      !IntervalHolds(info)) {
    return absl::InvalidArgumentError("key ring: fields are outside their limits");
  }
  std::string out(kRingMagic);
  PutLe<uint32_t>(&out, kRingVersion);
  PutLe<uint32_t>(&out, static_cast<uint32_t>(kRingHeaderSize + keys.size() * kEntrySize +
                                              kCodeBytes + kCrcSize));
  PutLe<uint64_t>(&out, info.generation);
  PutLe<uint32_t>(&out, info.group.value);
  PutLe<uint8_t>(&out, static_cast<uint8_t>(info.mode));
  PutLe<uint8_t>(&out, static_cast<uint8_t>((info.encrypting ? kFlagEncrypting : 0) |
                                            (info.names_converted ? kFlagNamesConverted : 0)));
  PutLe<uint16_t>(&out, 0);
  PutLe<uint8_t>(&out, info.cost.log2_n);
  PutLe<uint8_t>(&out, info.cost.r);
  PutLe<uint8_t>(&out, info.cost.p);
  PutLe<uint8_t>(&out, 0);
  PutLe<uint64_t>(&out, info.rotation_seconds);
  PutLe<int64_t>(&out, info.passphrase_set);
  PutLe<uint32_t>(&out, static_cast<uint32_t>(keys.size()));
  PutLe<uint64_t>(&out, 0);
  out.append(salt);
  for (const ContentKey& key : keys) {
    PutLe<uint32_t>(&out, key.id);
    PutLe<int64_t>(&out, key.created);
    OCA_ASSIGN_OR_RETURN(std::string wrapped,
                         crypto::WrapKey(ring_keys.wrapping.view(), key.key.view()));
    out.append(wrapped);
  }
  OCA_ASSIGN_OR_RETURN(std::string code, crypto::HmacSha256(ring_keys.authentication.view(), out));
  out.append(code);
  PutCrc(&out);
  return out;
}

absl::StatusOr<DecodedKeyRing> DecodeKeyRing(std::string_view bytes) {
  OCA_RETURN_IF_ERROR(CheckFrame(bytes));
  ByteReader in(bytes.substr(kRingMagic.size() + 8));
  DecodedKeyRing out;
  out.info.generation = in.Le<uint64_t>();
  out.info.group = GroupId(in.Le<uint32_t>());
  auto mode = in.Le<uint8_t>();
  auto flags = in.Le<uint8_t>();
  uint32_t reserved = in.Le<uint16_t>();
  out.info.mode = static_cast<KeyMode>(mode);
  out.info.encrypting = (flags & kFlagEncrypting) != 0;
  out.info.names_converted = (flags & kFlagNamesConverted) != 0;
  out.info.cost.log2_n = in.Le<uint8_t>();
  out.info.cost.r = in.Le<uint8_t>();
  out.info.cost.p = in.Le<uint8_t>();
  reserved |= in.Le<uint8_t>();
  out.info.rotation_seconds = in.Le<uint64_t>();
  out.info.passphrase_set = in.Le<int64_t>();
  auto count = in.Le<uint32_t>();
  bool zero = in.Le<uint64_t>() == 0 && reserved == 0;
  out.salt = std::string(in.Take(kKeyRingSaltBytes));
  if (!zero || mode > 1 || (flags & ~(kFlagEncrypting | kFlagNamesConverted)) != 0 ||
      !IntervalHolds(out.info) || !crypto::IsSane(out.info.cost)) {
    return absl::DataLossError("key ring: fields are outside their limits");
  }
  if (count < 1 || count > kMaxContentKeys ||
      bytes.size() != kRingHeaderSize + count * kEntrySize + kCodeBytes + kCrcSize) {
    return absl::DataLossError("key ring: the number of keys contradicts its size");
  }
  OCA_RETURN_IF_ERROR(TakeKeys(in, count, &out));
  out.code = std::string(in.Take(kCodeBytes));
  out.authenticated = std::string(bytes.substr(0, bytes.size() - kCodeBytes - kCrcSize));
  return out;
}

absl::StatusOr<std::vector<ContentKey>> OpenKeyRing(const DecodedKeyRing& ring,
                                                    const RingKeys& ring_keys) {
  OCA_ASSIGN_OR_RETURN(std::string code,
                       crypto::HmacSha256(ring_keys.authentication.view(), ring.authenticated));
  bool authentic = crypto::EqualInConstantTime(code, ring.code);
  std::vector<ContentKey> keys;
  for (const DecodedKeyRing::Wrapped& each : ring.keys) {
    absl::StatusOr<crypto::Secret> key = crypto::UnwrapKey(ring_keys.wrapping.view(), each.wrapped);
    if (!key.ok() && !absl::IsDataLoss(key.status())) return key.status();
    if (key.ok()) keys.push_back({each.id, each.created, *std::move(key)});
  }
  if (authentic && keys.size() == ring.keys.size()) return keys;
  if (!authentic && keys.empty()) return absl::PermissionDeniedError("the passphrase is wrong");
  return absl::DataLossError("the key ring was changed by somebody who has no passphrase for it");
}

}  // namespace oca::format
