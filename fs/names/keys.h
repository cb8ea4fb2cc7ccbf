// Keys of the names database: one prefix byte, then big-endian fields, so that byte order is the
// order of walks. Values of directory keys. Byte maps in docs/format/names.md. Pure functions.
#ifndef OCA_FS_NAMES_KEYS_H_
#define OCA_FS_NAMES_KEYS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/ids.h"

namespace oca::names {

// What a directory entry points at. `type` is S_IF* bits.
struct EntryValue {
  InodeNo ino;
  uint32_t type = 0;
  uint64_t cookie = 0;
};

// Items of the superblock: the first number that was never handed out or reserved, of each kind.
enum class SuperItem : char {
  kVersion = 'v',
  kInode = 'i',
  kCookie = 'c',
  kGroup = 'g',
  kContainer = 'k',
  kTrustedTime = 't',     // of the trusted clock in ns; there is none while nothing depends on it
  kCleanerSchedule = 'w'  // its record; there is none before it is set
};

inline constexpr char kInodePrefix = 'I';
inline constexpr char kEntryPrefix = 'D';
inline constexpr char kOrderPrefix = 'L';
inline constexpr char kXattrPrefix = 'X';
inline constexpr char kOrphanPrefix = 'O';
inline constexpr char kGroupPrefix = 'G';
inline constexpr char kContainerPrefix = 'C';
inline constexpr char kCountersPrefix = 'N';
inline constexpr char kSuperPrefix = 'S';
inline constexpr char kRetentionPrefix = 'R';
inline constexpr char kRecyclePrefix = 'B';

std::string InodeKey(InodeNo ino);
std::string EntryKey(InodeNo parent, std::string_view name);  // by name
std::string OrderKey(InodeNo parent, uint64_t cookie);        // by order of creation
std::string XattrKey(InodeNo ino, std::string_view name);
std::string OrphanKey(InodeNo ino);
std::string GroupKey(GroupId id);
std::string ContainerKey(ContainerId id);
std::string CountersKey(ContainerId id);
std::string SuperKey(SuperItem item);
// Of a file with a lock: by container, then by the lock's end.
std::string RetentionKey(ContainerId container, int64_t until_ns, InodeNo ino);
// The prefix of a container's retention keys, and its first one with an end after `ns`.
std::string RetentionPrefix(ContainerId container);
std::string RetentionAfter(ContainerId container, int64_t ns);
// Of an inode in the recycle bin: by container, then by the trusted time of its deletion.
std::string RecycleKey(ContainerId container, int64_t recycled_ns, InodeNo ino);
std::string RecyclePrefix(ContainerId container);

// The prefix of all keys of one directory, inode or kind.
std::string NumberedPrefix(char prefix, uint64_t number);
// The least key above all that start with `prefix`.
std::string PrefixEnd(std::string_view prefix);

// The number after the prefix byte; kDataLoss for a short key.
absl::StatusOr<uint64_t> NumberOfKey(std::string_view key);
// What follows prefix byte and number: a name or a cookie.
std::string_view TailOfKey(std::string_view key);
absl::StatusOr<uint64_t> CookieOfKey(std::string_view key);

// The time and the inode that a retention or recycle key names.
struct TimedKeyParts {
  int64_t ns = 0;
  InodeNo ino;
};
absl::StatusOr<TimedKeyParts> ParseTimedKey(std::string_view key);

std::string EncodeEntry(const EntryValue& entry);
absl::StatusOr<EntryValue> DecodeEntry(std::string_view bytes);
// The value of an order key: the entry without its cookie, and the name.
std::string EncodeOrder(const EntryValue& entry, std::string_view name);
// `name` borrows from `bytes`; the entry's cookie is 0.
absl::Status DecodeOrder(std::string_view bytes, EntryValue* entry, std::string_view* name);

std::string EncodeNumber(uint64_t value);
absl::StatusOr<uint64_t> DecodeNumber(std::string_view bytes);

}  // namespace oca::names

#endif  // OCA_FS_NAMES_KEYS_H_
