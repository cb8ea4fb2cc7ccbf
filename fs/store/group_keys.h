// The keys of one storage group while the group is served: its key ring's file, whether it is
// locked, and encryption with its content keys. What is promised: docs/security.md; bytes:
// docs/format/keys.md.
#ifndef OCA_FS_STORE_GROUP_KEYS_H_
#define OCA_FS_STORE_GROUP_KEYS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "fs/format/key_ring.h"
#include "fs/format/pack.h"
#include "fs/format/sealed.h"
#include "lib/base/ids.h"
#include "lib/crypto/aead.h"
#include "lib/io/file_system.h"

namespace oca::store {

// kFailedPrecondition whose errno is ENOKEY.
absl::Status NoKeyError(std::string_view what);

inline constexpr size_t kMinPassphraseBytes = 8;
inline constexpr size_t kMaxPassphraseBytes = 512;
// EINVAL, saying why; never the passphrase.
absl::Status CheckPassphrase(std::string_view passphrase);

// Thread-safe. Two copies of the ring, `dir`/keys and `dir`/keys.copy, are written one after the
// other for each change; the newer whole one counts. A new content key is used once both have it.
class GroupKeys {
 public:
  enum class State {
    kNone,      // no passphrase was ever set: nothing is encrypted
    kLocked,    // there is a ring; its passphrase was not given yet
    kUnlocked,  // keys are in memory
    kUnusable,  // both copies are damaged, unreadable or (wanted) missing
  };

  // Reads the ring's files. Never fails: what is wrong is in Ready(). `wanted`: the group has a
  // ring, so that a missing one is an error. `cost` counts for passphrases set from now on.
  static std::unique_ptr<GroupKeys> Open(io::FileSystem& fs, const std::string& dir, GroupId group,
                                         bool wanted, const crypto::ScryptCost& cost);

  State state() const;
  // OK when the group's data can be read and written. ENOKEY when it is locked; why its ring is
  // unusable.
  absl::Status Ready() const;
  format::KeyRingInfo info() const;
  size_t key_count() const;
  // When the key in use was made, Unix seconds; 0 while locked.
  int64_t newest_key_created() const;

  // kPermissionDenied for a wrong passphrase. OK also when it is unlocked already.
  absl::Status Unlock(std::string_view passphrase);
  // Sets the first passphrase (and makes the first content key), or wraps the same content keys
  // with another one. ENOKEY while locked. After an I/O error either passphrase may be the one that
  // counts.
  absl::Status SetPassphrase(std::string_view passphrase, int64_t now);
  // From now on new data is encrypted; also changes mode and interval later. Needs a passphrase
  // set.
  absl::Status TurnOn(format::KeyMode mode, uint64_t rotation_seconds, int64_t now);
  // Makes a new content key when the mode says so and the newest is old enough; true when it did.
  // With kMaxContentKeys the newest stays in use.
  absl::StatusOr<bool> RotateIfDue(int64_t now);
  absl::Status SetNamesConverted();
  // Removes both copies: what is encrypted can never be read again.
  absl::Status Destroy();

  // The content key for new data; 0 = it is not encrypted.
  format::KeyId active() const { return active_.load(); }
  // A unit (fs/format/sealed.h) that holds `plain`, bound to this group, kind and place (a pack's
  // or block's number). ENOKEY when the key is not in the ring.
  absl::StatusOr<std::string> Seal(format::KeyId key, format::SealedKind kind, uint64_t place,
                                   std::string_view plain) const;
  // The plain bytes. kDataLoss when they were changed, or belong to another group, kind or place.
  absl::StatusOr<std::string> Unseal(format::SealedKind kind, uint64_t place,
                                     const format::DecodedSealed& sealed) const;
  // The same for the short content of an inode, in a form of its own: with active() == 0 the bytes
  // as they are.
  absl::StatusOr<std::string> SealContent(InodeNo ino, std::string_view plain) const;
  absl::StatusOr<std::string> UnsealContent(InodeNo ino, std::string_view stored) const;
  static bool IsSealedContent(std::string_view stored);

 private:
  struct Usable {
    format::KeyId id;
    int64_t created;
    crypto::Xaes cipher;
  };
  using UsablePtr = std::shared_ptr<const Usable>;

  GroupKeys(io::FileSystem& fs, const std::string& dir, GroupId group,
            const crypto::ScryptCost& cost);

  absl::StatusOr<format::DecodedKeyRing> ReadCopy(const std::string& path) const;
  void Load(bool wanted);
  // Writes both copies, then takes the ring as the one that counts.
  absl::Status Replace(format::KeyRingInfo info, std::string salt,
                       std::vector<format::ContentKey> keys, format::RingKeys ring_keys)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mu_);
  absl::Status Adopt(format::KeyRingInfo info, std::string salt,
                     std::vector<format::ContentKey> keys, format::RingKeys ring_keys)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(change_mu_);
  // Adds a content key made now.
  absl::Status AddKey(int64_t now, std::vector<format::ContentKey>* keys) const;
  absl::StatusOr<UsablePtr> Find(format::KeyId key) const;

  io::FileSystem& fs_;
  const std::string path_;
  const std::string copy_path_;
  const GroupId group_;
  const crypto::ScryptCost cost_;
  std::atomic<format::KeyId> active_{0};

  absl::Mutex change_mu_ ABSL_ACQUIRED_BEFORE(mu_);  // one change of the ring at a time
  format::DecodedKeyRing locked_ring_ ABSL_GUARDED_BY(change_mu_);
  std::string salt_ ABSL_GUARDED_BY(change_mu_);
  format::RingKeys ring_keys_ ABSL_GUARDED_BY(change_mu_);
  std::vector<format::ContentKey> keys_ ABSL_GUARDED_BY(change_mu_);
  bool copies_agree_ ABSL_GUARDED_BY(change_mu_) = true;

  mutable absl::Mutex mu_;
  State state_ ABSL_GUARDED_BY(mu_) = State::kNone;
  absl::Status unusable_ ABSL_GUARDED_BY(mu_);
  format::KeyRingInfo info_ ABSL_GUARDED_BY(mu_);
  size_t key_count_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<UsablePtr> usable_ ABSL_GUARDED_BY(mu_);  // ascending ids
};

// Footer and trailer as they end the pack, encrypted with footer.key when that is not 0.
absl::StatusOr<std::string> EncodeFooterWith(const GroupKeys* keys,
                                             const format::PackFooter& footer,
                                             uint64_t file_offset);
// The footer of pack `id` from its bytes, encrypted or not.
absl::StatusOr<format::PackFooter> DecodeFooterWith(const GroupKeys* keys, PackId id,
                                                    std::string_view bytes, uint64_t file_offset);
// The group of pack `id` that `encoded` is, as it was before encryption.
absl::StatusOr<std::string> DecryptGroup(const GroupKeys* keys, PackId id, std::string encoded);

}  // namespace oca::store

#endif  // OCA_FS_STORE_GROUP_KEYS_H_
