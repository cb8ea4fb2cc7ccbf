// The records that the names database holds, and their encodings (versioned; docs/format/names.md).
#ifndef OCA_FS_NAMES_RECORDS_H_
#define OCA_FS_NAMES_RECORDS_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/ids.h"

namespace oca::names {

enum class GroupCompression : uint8_t { kFast = 0, kBest = 1, kLz4 = 2 };

// Which stream formats a container's files are looked through for; as markers::Setting.
enum class ContainerMarker : uint8_t { kAuto = 0, kNone = 1, kTar = 2 };

struct StorageGroup {
  GroupId id = {};
  std::string name = {};
  GroupCompression compression = GroupCompression::kFast;
  uint32_t chunk_target_bytes = 16384;  // fixed when the group is made
  uint64_t quota_bytes = 0;             // of physical bytes; 0 = none
  bool has_keys = false;                // a key ring was made for it: a missing one is an error
  bool performance_tier = false;        // its packs belong in the paths of that tier; for good
};

// How long a container keeps its files from being changed or removed. Periods are in seconds.
enum class RetentionMode : uint8_t {
  kNone = 0,
  kGovernance = 1,  // an administrator can end a lock early
  kCompliance = 2   // nobody can
};
inline constexpr uint64_t kMaxRetentionSeconds = uint64_t{100} * 366 * 24 * 3600;

struct RetentionPolicy {
  RetentionMode mode = RetentionMode::kNone;
  uint64_t min_seconds = 0;        // each lock holds at least as long
  uint64_t max_seconds = 0;        // and at most as long
  uint64_t default_seconds = 0;    // of a lock that names no end; 0 = such a file is not locked
  uint64_t auto_lock_seconds = 0;  // a file that does not change for so long is locked; 0 = never
  friend bool operator==(const RetentionPolicy&, const RetentionPolicy&) = default;
};

// What is deleted in a container goes into its recycle bin, which keeps it for some days.
inline constexpr uint32_t kMinRecycleDays = 7;
inline constexpr uint32_t kMaxRecycleDays = 30;
struct RecyclePolicy {
  bool on = false;
  uint32_t days = 0;  // stays when it is turned off, for what the bin holds; 0 = it was never on
  friend bool operator==(const RecyclePolicy&, const RecyclePolicy&) = default;
};

struct Container {
  ContainerId id = {};
  std::string name = {};
  GroupId group = {};
  InodeNo root = {};
  bool deleting = false;
  int64_t created_ns = 0;
  ContainerMarker marker = ContainerMarker::kAuto;
  RetentionPolicy retention = {};
  RecyclePolicy recycle = {};
};

struct ContainerCounters {
  uint64_t inodes = 0;         // of all types, the container's root included
  uint64_t files = 0;          // regular files
  uint64_t current_bytes = 0;  // sum of the regular files' sizes, each inode once
  // Those of them that are in the recycle bin.
  uint64_t recycled_inodes = 0;
  uint64_t recycled_files = 0;
  uint64_t recycled_bytes = 0;
  friend bool operator==(const ContainerCounters&, const ContainerCounters&) = default;
};

// When the cleaner may work without giving way, on one day of the week: minutes from midnight,
// local time, stop > start, at most kDayMinutes. Both 0: never.
inline constexpr uint32_t kDayMinutes = 24 * 60;
struct CleanerWindow {
  uint32_t start_minute = 0;
  uint32_t stop_minute = 0;
  friend bool operator==(const CleanerWindow&, const CleanerWindow&) = default;
};
using CleanerSchedule = std::array<CleanerWindow, 7>;  // Monday first

// Inode::flags: what hangs on the inode, so that the common case needs no look-up. Kept by Names.
inline constexpr uint32_t kInodeHasXattrs = 1;  // any, posix ACLs included
inline constexpr uint32_t kInodeHasAccessAcl = 2;
inline constexpr uint32_t kInodeHasDefaultAcl = 4;  // of a directory

struct Inode {
  InodeNo ino = {};
  ContainerId container = {};  // 0 for the mount's root
  uint32_t mode = 0;           // type and permission bits
  uint32_t flags = 0;          // kInodeHas*
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t nlink = 0;
  uint64_t rdev = 0;
  uint64_t size = 0;
  uint64_t data_bytes = 0;  // not in holes; st_blocks is made of it
  int64_t atime_ns = 0;     // since the epoch
  int64_t mtime_ns = 0;
  int64_t ctime_ns = 0;
  int64_t btime_ns = 0;
  InodeNo parent = {};   // of a directory
  uint64_t entries = 0;  // of a directory
  // Of a regular file: the trusted time until which it is locked, or was; 0 = it never was.
  int64_t retain_until_ns = 0;
  // The trusted time at which its last name was taken away, while it is in the recycle bin; else 0.
  int64_t recycled_ns = 0;
  std::string content = {};  // regular file: encoded recipe root; symlink: target
};

// What the recycle bin knows of an inode that it holds.
struct RecycledName {
  int64_t deleted_ns = 0;  // by the wall clock
  InodeNo parent = {};     // the directory that held its last name; it may be in the bin too
  std::string name = {};
};

std::string EncodeInode(const Inode& inode);
absl::StatusOr<Inode> DecodeInode(std::string_view bytes);
std::string EncodeStorageGroup(const StorageGroup& group);
absl::StatusOr<StorageGroup> DecodeStorageGroup(std::string_view bytes);
std::string EncodeContainer(const Container& container);
absl::StatusOr<Container> DecodeContainer(std::string_view bytes);
std::string EncodeCounters(const ContainerCounters& counters);
absl::StatusOr<ContainerCounters> DecodeCounters(std::string_view bytes);
std::string EncodeRecycledName(const RecycledName& name);
absl::StatusOr<RecycledName> DecodeRecycledName(std::string_view bytes);
std::string EncodeCleanerSchedule(const CleanerSchedule& schedule);
absl::StatusOr<CleanerSchedule> DecodeCleanerSchedule(std::string_view bytes);

}  // namespace oca::names

#endif  // OCA_FS_NAMES_RECORDS_H_
