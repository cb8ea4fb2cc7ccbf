#include "fs/names/records.h"

#include <sys/stat.h>

#include <limits>

#include "fmt/format.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

// The first version of each record, and the one of those that know of the recycle bin. What has
// nothing to do with it is written as before, so that older programs can read it.
constexpr uint8_t kVersion = 1;
constexpr uint8_t kRecycleVersion = 2;

absl::Status Damaged(std::string_view record) {
  return absl::DataLossError(fmt::format("names: damaged {} record", record));
}

// Opens a record: its version byte, which must be one that this code knows.
absl::StatusOr<uint8_t> TakeVersion(ByteReader* in, std::string_view record,
                                    uint8_t newest = kVersion) {
  const uint8_t version = in->Le<uint8_t>();
  if (!in->ok() || version == 0) return Damaged(record);
  if (version > newest) {
    return absl::DataLossError(fmt::format("names: {} record of version {}; this program knows {}",
                                           record, version, newest));
  }
  return version;
}

// A varint that fits `Int`; wrong values make the reader's owner fail through `*fits`.
template <typename Int>
Int TakeVarint(ByteReader* in, bool* fits) {
  const uint64_t value = in->Varint();
  if (value > std::numeric_limits<Int>::max()) *fits = false;
  return static_cast<Int>(value);
}

bool KnownType(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFIFO:
    case S_IFSOCK:
    case S_IFCHR:
    case S_IFBLK:
      return (mode & ~uint32_t{S_IFMT | 07777}) == 0;
    default:
      return false;
  }
}

}  // namespace

std::string EncodeInode(const Inode& inode) {
  std::string out;
  out.reserve(96 + inode.content.size());
  PutLe<uint8_t>(&out, inode.recycled_ns == 0 ? kVersion : kRecycleVersion);
  PutVarint(&out, inode.ino.value);
  PutVarint(&out, inode.container.value);
  PutVarint(&out, inode.mode);
  PutVarint(&out, inode.flags);
  PutVarint(&out, inode.uid);
  PutVarint(&out, inode.gid);
  PutVarint(&out, inode.nlink);
  PutVarint(&out, inode.rdev);
  PutVarint(&out, inode.size);
  PutVarint(&out, inode.data_bytes);
  PutVarint(&out, inode.parent.value);
  PutVarint(&out, inode.entries);
  PutVarint(&out, static_cast<uint64_t>(inode.retain_until_ns));
  if (inode.recycled_ns != 0) PutVarint(&out, static_cast<uint64_t>(inode.recycled_ns));
  PutLe(&out, inode.atime_ns);
  PutLe(&out, inode.mtime_ns);
  PutLe(&out, inode.ctime_ns);
  PutLe(&out, inode.btime_ns);
  PutLengthPrefixed(&out, inode.content);
  return out;
}

absl::StatusOr<Inode> DecodeInode(std::string_view bytes) {
  ByteReader in(bytes);
  OCA_ASSIGN_OR_RETURN(const uint8_t version, TakeVersion(&in, "inode", kRecycleVersion));
  Inode inode;
  bool fits = true;
  inode.ino = InodeNo(in.Varint());
  inode.container = ContainerId(TakeVarint<uint32_t>(&in, &fits));
  inode.mode = TakeVarint<uint32_t>(&in, &fits);
  inode.flags = TakeVarint<uint32_t>(&in, &fits);
  inode.uid = TakeVarint<uint32_t>(&in, &fits);
  inode.gid = TakeVarint<uint32_t>(&in, &fits);
  inode.nlink = TakeVarint<uint32_t>(&in, &fits);
  inode.rdev = in.Varint();
  inode.size = in.Varint();
  inode.data_bytes = in.Varint();
  inode.parent = InodeNo(in.Varint());
  inode.entries = in.Varint();
  inode.retain_until_ns = static_cast<int64_t>(in.Varint());
  const bool recycled = version >= kRecycleVersion;
  if (recycled) inode.recycled_ns = static_cast<int64_t>(in.Varint());
  inode.atime_ns = in.Le<int64_t>();
  inode.mtime_ns = in.Le<int64_t>();
  inode.ctime_ns = in.Le<int64_t>();
  inode.btime_ns = in.Le<int64_t>();
  inode.content = in.LengthPrefixed();
  if (!in.ok() || !in.empty() || !fits || inode.ino.value == 0 || !KnownType(inode.mode) ||
      inode.retain_until_ns < 0 || (inode.retain_until_ns != 0 && !S_ISREG(inode.mode)) ||
      (recycled && (inode.recycled_ns <= 0 || inode.nlink != 0))) {
    return Damaged("inode");
  }
  return inode;
}

namespace {

// Of the byte that holds a storage group's compression.
constexpr uint8_t kHasKeysBit = 0x80;
constexpr uint8_t kTierBit = 0x40;

}  // namespace

std::string EncodeStorageGroup(const StorageGroup& group) {
  std::string out;
  PutLe<uint8_t>(&out, kVersion);
  PutLe<uint32_t>(&out, group.id.value);
  PutLe<uint8_t>(&out, static_cast<uint8_t>(static_cast<uint8_t>(group.compression) |
                                            (group.has_keys ? kHasKeysBit : 0) |
                                            (group.performance_tier ? kTierBit : 0)));
  PutLe<uint32_t>(&out, group.chunk_target_bytes);
  PutLe<uint64_t>(&out, group.quota_bytes);
  PutLengthPrefixed(&out, group.name);
  return out;
}

absl::StatusOr<StorageGroup> DecodeStorageGroup(std::string_view bytes) {
  ByteReader in(bytes);
  OCA_RETURN_IF_ERROR(TakeVersion(&in, "storage group").status());
  StorageGroup group;
  group.id = GroupId(in.Le<uint32_t>());
  const uint8_t flags = in.Le<uint8_t>();
  const uint8_t compression = flags & ~(kHasKeysBit | kTierBit);
  group.compression = static_cast<GroupCompression>(compression);
  group.has_keys = (flags & kHasKeysBit) != 0;
  group.performance_tier = (flags & kTierBit) != 0;
  group.chunk_target_bytes = in.Le<uint32_t>();
  group.quota_bytes = in.Le<uint64_t>();
  group.name = in.LengthPrefixed();
  if (!in.ok() || !in.empty() || group.id.value == 0 || group.name.empty() ||
      compression > static_cast<uint8_t>(GroupCompression::kLz4)) {
    return Damaged("storage group");
  }
  return group;
}

std::string EncodeContainer(const Container& container) {
  const bool recycles = container.recycle.days != 0;
  std::string out;
  PutLe<uint8_t>(&out, recycles ? kRecycleVersion : kVersion);
  PutLe<uint32_t>(&out, container.id.value);
  PutLe<uint32_t>(&out, container.group.value);
  PutLe<uint64_t>(&out, container.root.value);
  PutLe<uint8_t>(&out, container.deleting ? 1 : 0);
  PutLe<int64_t>(&out, container.created_ns);
  PutLe<uint8_t>(&out, static_cast<uint8_t>(container.marker));
  PutLe<uint8_t>(&out, static_cast<uint8_t>(container.retention.mode));
  PutVarint(&out, container.retention.min_seconds);
  PutVarint(&out, container.retention.max_seconds);
  PutVarint(&out, container.retention.default_seconds);
  PutVarint(&out, container.retention.auto_lock_seconds);
  if (recycles) {
    PutLe<uint8_t>(&out, container.recycle.on ? 1 : 0);
    PutLe<uint8_t>(&out, static_cast<uint8_t>(container.recycle.days));
  }
  PutLengthPrefixed(&out, container.name);
  return out;
}

absl::StatusOr<Container> DecodeContainer(std::string_view bytes) {
  ByteReader in(bytes);
  OCA_ASSIGN_OR_RETURN(const uint8_t version, TakeVersion(&in, "container", kRecycleVersion));
  Container container;
  container.id = ContainerId(in.Le<uint32_t>());
  container.group = GroupId(in.Le<uint32_t>());
  container.root = InodeNo(in.Le<uint64_t>());
  const uint8_t deleting = in.Le<uint8_t>();
  container.deleting = deleting != 0;
  container.created_ns = in.Le<int64_t>();
  const uint8_t marker = in.Le<uint8_t>();
  container.marker = static_cast<ContainerMarker>(marker);
  const uint8_t mode = in.Le<uint8_t>();
  container.retention.mode = static_cast<RetentionMode>(mode);
  container.retention.min_seconds = in.Varint();
  container.retention.max_seconds = in.Varint();
  container.retention.default_seconds = in.Varint();
  container.retention.auto_lock_seconds = in.Varint();
  bool sane = true;
  if (version >= kRecycleVersion) {
    const uint8_t on = in.Le<uint8_t>();
    container.recycle.on = on != 0;
    container.recycle.days = in.Le<uint8_t>();
    sane = on <= 1 && container.recycle.days >= kMinRecycleDays &&
           container.recycle.days <= kMaxRecycleDays;
  }
  container.name = in.LengthPrefixed();
  if (!in.ok() || !in.empty() || !sane || container.id.value == 0 || container.group.value == 0 ||
      container.root.value == 0 || container.name.empty() || deleting > 1 ||
      marker > static_cast<uint8_t>(ContainerMarker::kTar) ||
      mode > static_cast<uint8_t>(RetentionMode::kCompliance)) {
    return Damaged("container");
  }
  return container;
}

std::string EncodeCounters(const ContainerCounters& counters) {
  const bool recycled = counters.recycled_inodes != 0;
  std::string out;
  PutLe<uint8_t>(&out, recycled ? kRecycleVersion : kVersion);
  PutLe<uint64_t>(&out, counters.inodes);
  PutLe<uint64_t>(&out, counters.files);
  PutLe<uint64_t>(&out, counters.current_bytes);
  if (recycled) {
    PutLe<uint64_t>(&out, counters.recycled_inodes);
    PutLe<uint64_t>(&out, counters.recycled_files);
    PutLe<uint64_t>(&out, counters.recycled_bytes);
  }
  return out;
}

absl::StatusOr<ContainerCounters> DecodeCounters(std::string_view bytes) {
  ByteReader in(bytes);
  OCA_ASSIGN_OR_RETURN(const uint8_t version, TakeVersion(&in, "counters", kRecycleVersion));
  ContainerCounters counters;
  counters.inodes = in.Le<uint64_t>();
  counters.files = in.Le<uint64_t>();
  counters.current_bytes = in.Le<uint64_t>();
  const bool recycled = version >= kRecycleVersion;
  if (recycled) {
    counters.recycled_inodes = in.Le<uint64_t>();
    counters.recycled_files = in.Le<uint64_t>();
    counters.recycled_bytes = in.Le<uint64_t>();
  }
  if (!in.ok() || !in.empty() || (recycled && counters.recycled_inodes == 0)) {
    return Damaged("counters");
  }
  return counters;
}

std::string EncodeRecycledName(const RecycledName& name) {
  std::string out;
  PutLe<uint8_t>(&out, kVersion);
  PutLe<int64_t>(&out, name.deleted_ns);
  PutLe<uint64_t>(&out, name.parent.value);
  PutLengthPrefixed(&out, name.name);
  return out;
}

absl::StatusOr<RecycledName> DecodeRecycledName(std::string_view bytes) {
  ByteReader in(bytes);
  OCA_RETURN_IF_ERROR(TakeVersion(&in, "recycle bin").status());
  RecycledName name;
  name.deleted_ns = in.Le<int64_t>();
  name.parent = InodeNo(in.Le<uint64_t>());
  name.name = in.LengthPrefixed();
  if (!in.ok() || !in.empty() || name.parent.value == 0 || name.name.empty()) {
    return Damaged("recycle bin");
  }
  return name;
}

std::string EncodeCleanerSchedule(const CleanerSchedule& schedule) {
  std::string out;
  PutLe<uint8_t>(&out, kVersion);
  for (const CleanerWindow& window : schedule) {
    PutLe<uint16_t>(&out, static_cast<uint16_t>(window.start_minute));
    PutLe<uint16_t>(&out, static_cast<uint16_t>(window.stop_minute));
  }
  return out;
}

absl::StatusOr<CleanerSchedule> DecodeCleanerSchedule(std::string_view bytes) {
  ByteReader in(bytes);
  OCA_RETURN_IF_ERROR(TakeVersion(&in, "cleaner schedule").status());
  CleanerSchedule schedule;
  bool sane = true;
  for (CleanerWindow& window : schedule) {
    window.start_minute = in.Le<uint16_t>();
    window.stop_minute = in.Le<uint16_t>();
    sane &= window == CleanerWindow() ||
            (window.start_minute < window.stop_minute && window.stop_minute <= kDayMinutes);
  }
  if (!in.ok() || !in.empty() || !sane) return Damaged("cleaner schedule");
  return schedule;
}

}  // namespace oca::names
