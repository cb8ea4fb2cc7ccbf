// The key ring of a storage group as it stands in its file: content keys wrapped by a key that
// comes from the passphrase. Pure: no I/O. Byte map in docs/format/keys.md.
#ifndef OCA_FS_FORMAT_KEY_RING_H_
#define OCA_FS_FORMAT_KEY_RING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "fs/format/sealed.h"
#include "lib/base/ids.h"
#include "lib/crypto/keys.h"
#include "lib/crypto/secret.h"

namespace oca::format {

inline constexpr size_t kMaxContentKeys = 1023;
inline constexpr uint64_t kMinRotationSeconds = 7ull * 86400;
inline constexpr uint64_t kMaxRotationSeconds = 70ull * 366 * 86400;
inline constexpr size_t kKeyRingSaltBytes = 32;

// static: one content key for good. internal: a new one at each interval.
enum class KeyMode : uint8_t { kStatic = 0, kInternal = 1 };

// What the file says without the passphrase.
struct KeyRingInfo {
  GroupId group{};
  uint64_t generation = 0;  // each write of the ring adds 1
  KeyMode mode = KeyMode::kStatic;
  bool encrypting = false;        // new data is encrypted; never cleared again
  bool names_converted = false;   // no inode holds a plain recipe root any more
  uint64_t rotation_seconds = 0;  // internal: kMinRotationSeconds..kMaxRotationSeconds; static: 0
  int64_t passphrase_set = 0;     // Unix seconds
  crypto::ScryptCost cost;
  friend bool operator==(const KeyRingInfo&, const KeyRingInfo&) = default;
};

struct ContentKey {
  KeyId id = 0;         // ascending in the ring, never used twice
  int64_t created = 0;  // Unix seconds
  crypto::Secret key;   // 32 bytes
};

// Keys that open a ring, from the passphrase and the ring's salt.
struct RingKeys {
  crypto::Secret wrapping;        // 32 bytes
  crypto::Secret authentication;  // 32 bytes
};
absl::StatusOr<RingKeys> DeriveRingKeys(std::string_view passphrase, std::string_view salt,
                                        const crypto::ScryptCost& cost);

// The file's bytes. `salt`: kKeyRingSaltBytes, those that `ring_keys` came from. 1 to
// kMaxContentKeys keys.
absl::StatusOr<std::string> EncodeKeyRing(const KeyRingInfo& info, std::string_view salt,
                                          const std::vector<ContentKey>& keys,
                                          const RingKeys& ring_keys);

struct DecodedKeyRing {
  KeyRingInfo info;
  std::string salt;
  struct Wrapped {
    KeyId id = 0;
    int64_t created = 0;
    std::string wrapped;
  };
  std::vector<Wrapped> keys;
  std::string authenticated;  // bytes that the code covers
  std::string code;           // HMAC-SHA-256
};
// kDataLoss when the bytes are damaged, kFailedPrecondition when they are of a newer version.
absl::StatusOr<DecodedKeyRing> DecodeKeyRing(std::string_view bytes);
// The content keys. kPermissionDenied when the passphrase is another one; kDataLoss when the
// passphrase is right but the file was changed by somebody who does not have it.
absl::StatusOr<std::vector<ContentKey>> OpenKeyRing(const DecodedKeyRing& ring,
                                                    const RingKeys& ring_keys);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_KEY_RING_H_
