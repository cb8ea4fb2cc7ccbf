// Names::Verify: tables, each inode with what hangs on it, counters.
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "fs/names/acl.h"
#include "fs/names/verifier.h"
#include "lib/base/status.h"

namespace oca::names {

absl::Status Verifier::FaultIfDamaged(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kDataLoss) return status;
  Fault("{}", MessageOf(status));
  return absl::OkStatus();
}

absl::Status Verifier::Progress() {
  if (++steps_ % 256 == 1 && !progress_(inodes_seen_)) {
    return absl::CancelledError("names: check stopped");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> Verifier::Get(std::string_view key) {
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists, db_.Get(key, &value, snapshot_.get()));
  if (!exists) return std::optional<std::string>();
  return std::optional<std::string>(std::move(value));
}

absl::StatusOr<std::optional<Inode>> Verifier::FindInode(InodeNo ino) {
  OCA_ASSIGN_OR_RETURN(const auto value, Get(InodeKey(ino)));
  if (!value) return std::optional<Inode>();
  OCA_ASSIGN_OR_RETURN(Inode inode, DecodeInode(*value));
  return std::optional<Inode>(std::move(inode));
}

Verifier::Side Verifier::WalkSide(char prefix, std::string_view what) const {
  return {.cursor = db_.Walk(std::string(1, prefix), snapshot_.get(), /*fill_cache=*/false),
          .what = what};
}

absl::Status Verifier::Run() {
  OCA_RETURN_IF_ERROR(FaultIfDamaged(db_.VerifyChecksums()));
  OCA_RETURN_IF_ERROR(LoadTables());
  OCA_RETURN_IF_ERROR(CheckPrefixes());
  OCA_RETURN_IF_ERROR(FaultIfDamaged(CheckContainers()));
  OCA_RETURN_IF_ERROR(CheckInodes());
  OCA_RETURN_IF_ERROR(CheckTargets());
  OCA_RETURN_IF_ERROR(CheckRetentionKeys());
  OCA_RETURN_IF_ERROR(CheckRecycleKeys());
  CheckCounters();
  progress_(inodes_seen_);
  return absl::OkStatus();
}

absl::Status Verifier::LoadTables() {
  for (SuperItem item :
       {SuperItem::kInode, SuperItem::kCookie, SuperItem::kGroup, SuperItem::kContainer}) {
    OCA_ASSIGN_OR_RETURN(const auto value, Get(SuperKey(item)));
    if (!value) return absl::DataLossError("names: a sequence is missing");
    OCA_ASSIGN_OR_RETURN(limits_[item], DecodeNumber(*value));
  }
  return ForEach(std::string(1, kContainerPrefix), [&](std::string_view, std::string_view value) {
    OCA_ASSIGN_OR_RETURN(const Container container, DecodeContainer(value));
    containers_[container.id] = container;
    return absl::OkStatus();
  });
}

absl::Status Verifier::CheckPrefixes() {
  constexpr std::string_view kKnown = "BCDGILNORSX";
  Cursor cursor = db_.Walk({}, snapshot_.get(), /*fill_cache=*/false);
  while (cursor.Valid()) {
    const std::string prefix(cursor.key().substr(0, 1));
    if (prefix.empty() || kKnown.find(prefix) == std::string_view::npos) {
      Fault("keys of the unknown kind {:#x} exist", prefix.empty() ? 0 : uint8_t(prefix[0]));
    }
    const std::string next = PrefixEnd(prefix);
    if (next.empty()) break;
    cursor.Seek(next);
  }
  return FaultIfDamaged(cursor.status());
}

absl::Status Verifier::CheckContainers() {
  absl::flat_hash_set<GroupId> groups;
  OCA_RETURN_IF_ERROR(
      ForEach(std::string(1, kGroupPrefix), [&](std::string_view, std::string_view value) {
        OCA_ASSIGN_OR_RETURN(const StorageGroup group, DecodeStorageGroup(value));
        groups.insert(group.id);
        if (group.id.value >= Limit(SuperItem::kGroup)) {
          Fault("storage group {} may be numbered again", group.id.value);
        }
        return absl::OkStatus();
      }));
  uint64_t mounted = 0;
  for (const auto& [id, container] : containers_) {
    if (id.value >= Limit(SuperItem::kContainer)) {
      Fault("container {} may be numbered again", id.value);
    }
    if (!groups.contains(container.group)) {
      Fault("container {} belongs to the missing storage group {}", id.value,
            container.group.value);
    }
    OCA_ASSIGN_OR_RETURN(const auto root, FindInode(container.root));
    if (!root || !IsDir(*root) || root->container != id || root->parent != kRootInode) {
      Fault("container {} has no root directory", id.value);
    }
    if (container.deleting) continue;
    ++mounted;
    OCA_ASSIGN_OR_RETURN(const auto value, Get(EntryKey(kRootInode, container.name)));
    OCA_ASSIGN_OR_RETURN(const EntryValue entry,
                         value ? DecodeEntry(*value) : absl::StatusOr<EntryValue>(EntryValue()));
    if (entry.ino != container.root) {
      Fault("container {} does not stand in the mount's root", id.value);
    }
  }
  OCA_ASSIGN_OR_RETURN(const auto mount_root, FindInode(kRootInode));
  if (!mount_root || !IsDir(*mount_root) || mount_root->entries != mounted) {
    Fault("the mount's root does not hold the {} containers alone", mounted);
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckInodes() {
  Side orphans = WalkSide(kOrphanPrefix, "an orphan marker");
  Side xattrs = WalkSide(kXattrPrefix, "an xattr");
  Side by_order = WalkSide(kOrderPrefix, "a directory entry");
  Side by_name = WalkSide(kEntryPrefix, "a directory entry");
  const auto nothing = [](std::string_view, std::string_view) { return absl::OkStatus(); };
  // Whatever belongs to the inodes up to `number` is dealt with.
  const auto pass = [&](uint64_t number) {
    for (Side* side : {&orphans, &xattrs, &by_order, &by_name}) {
      OCA_RETURN_IF_ERROR(Advance(side, number, nothing));
    }
    return absl::OkStatus();
  };
  const auto check = [&](std::string_view key, std::string_view value) -> absl::Status {
    ++inodes_seen_;
    OCA_ASSIGN_OR_RETURN(const uint64_t number, NumberOfKey(key));
    absl::StatusOr<Inode> inode = DecodeInode(value);
    if (!inode.ok()) {
      const std::string place = fmt::format("inode {}", number);
      OCA_RETURN_IF_ERROR(FaultIfDamaged(Annotate(inode.status(), place)));
      return pass(number);
    }
    CheckInode(*inode, number);
    inode->ino = InodeNo(number);
    OCA_RETURN_IF_ERROR(CheckOrphan(*inode, &orphans));
    OCA_RETURN_IF_ERROR(CheckXattrs(*inode, &xattrs));
    return CheckEntriesOf(*inode, &by_order, &by_name);
  };
  OCA_RETURN_IF_ERROR(ForEach(std::string(1, kInodePrefix), check));
  return pass(UINT64_MAX);
}

// The record at `number` by itself.
void Verifier::CheckInode(const Inode& inode, uint64_t number) {
  if (inode.ino.value != number) Fault("inode {} stands at {}", inode.ino.value, number);
  if (number >= Limit(SuperItem::kInode)) Fault("inode {} may be numbered again", number);
  const bool is_root = number == kRootInode.value;
  if (is_root ? inode.container.value != 0 : !containers_.contains(inode.container)) {
    Fault("inode {} belongs to the missing container {}", number, inode.container.value);
  }
  if (S_ISLNK(inode.mode) && inode.size != inode.content.size()) {
    Fault("symlink {} has size {}, its target {}", number, inode.size, inode.content.size());
  }
  if (!is_root) CountInode(inode);
  if (inode.retain_until_ns != 0) ++locks_;
  if (inode.recycled_ns != 0) ++recycled_;
}

// Each lock's key names a file with that lock, and there are as many keys as locks.
absl::Status Verifier::CheckRetentionKeys() {
  uint64_t keys = 0;
  OCA_RETURN_IF_ERROR(
      ForEach(std::string(1, kRetentionPrefix), [&](std::string_view key, std::string_view) {
        ++keys;
        OCA_ASSIGN_OR_RETURN(const TimedKeyParts parts, ParseTimedKey(key));
        OCA_ASSIGN_OR_RETURN(const auto inode, FindInode(parts.ino));
        if (!inode || key != RetentionKey(inode->container, inode->retain_until_ns, inode->ino)) {
          Fault("a lock of inode {} stands where none is", parts.ino.value);
        }
        return absl::OkStatus();
      }));
  if (keys != locks_) Fault("{} files have a lock, but {} locks are listed", locks_, keys);
  return absl::OkStatus();
}

// As CheckRetentionKeys, of what is in recycle bins.
absl::Status Verifier::CheckRecycleKeys() {
  uint64_t keys = 0;
  const auto check = [&](std::string_view key, std::string_view value) -> absl::Status {
    ++keys;
    OCA_ASSIGN_OR_RETURN(const TimedKeyParts parts, ParseTimedKey(key));
    OCA_ASSIGN_OR_RETURN(const auto inode, FindInode(parts.ino));
    if (!inode || key != RecycleKey(inode->container, inode->recycled_ns, inode->ino)) {
      Fault("a recycle bin lists inode {}, which is not in it", parts.ino.value);
    }
    return DecodeRecycledName(value).status();
  };
  OCA_RETURN_IF_ERROR(ForEach(std::string(1, kRecyclePrefix), check));
  if (keys != recycled_) {
    Fault("{} inodes are in a recycle bin, but {} are listed", recycled_, keys);
  }
  return absl::OkStatus();
}

void Verifier::CountInode(const Inode& inode) {
  ContainerCounters& counters = counted_[inode.container];
  ++counters.inodes;
  if (inode.recycled_ns != 0) ++counters.recycled_inodes;
  if (!IsRegular(inode)) return;
  ++counters.files;
  counters.current_bytes += inode.size;
  if (inode.recycled_ns == 0) return;
  ++counters.recycled_files;
  counters.recycled_bytes += inode.size;
}

absl::Status Verifier::CheckOrphan(const Inode& inode, Side* orphans) {
  bool marker = false;
  OCA_RETURN_IF_ERROR(Advance(orphans, inode.ino.value, [&](std::string_view, std::string_view) {
    marker = true;
    return absl::OkStatus();
  }));
  if (marker != (inode.nlink == 0 && inode.recycled_ns == 0)) {
    Fault("inode {} has {} links and {} orphan marker", inode.ino.value, inode.nlink,
          marker ? "an" : "no");
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckXattrs(const Inode& inode, Side* xattrs) {
  uint32_t flags = 0;
  OCA_RETURN_IF_ERROR(Advance(xattrs, inode.ino.value, [&](std::string_view key, std::string_view) {
    const std::string_view name = TailOfKey(key);
    flags |= kInodeHasXattrs;
    if (name == kAccessAclName) flags |= kInodeHasAccessAcl;
    if (name == kDefaultAclName) flags |= kInodeHasDefaultAcl;
    return absl::OkStatus();
  }));
  if (flags == inode.flags) return absl::OkStatus();
  if (inode.flags == 0) {
    Fault("inode {} has xattrs that its flags do not tell", inode.ino.value);
  } else {
    Fault("inode {} has xattr flags {}, its xattrs {}", inode.ino.value, inode.flags, flags);
  }
  return absl::OkStatus();
}

void Verifier::CheckCounters() {
  for (const auto& entry : containers_) {
    const auto id = entry.first;
    const ContainerCounters& counted = counted_[id];
    const auto check = [&](std::string_view place, const ContainerCounters& kept) {
      if (kept.inodes != counted.inodes || kept.files != counted.files ||
          kept.current_bytes != counted.current_bytes) {
        Fault("container {} counts {} inodes, {} files, {} bytes in {}, but has {}, {}, {}",
              id.value, kept.inodes, kept.files, kept.current_bytes, place, counted.inodes,
              counted.files, counted.current_bytes);
      } else if (kept != counted) {
        Fault(
            "container {} counts {} inodes, {} files, {} bytes of its recycle bin in {}, but has "
            "{}, {}, {}",
            id.value, kept.recycled_inodes, kept.recycled_files, kept.recycled_bytes, place,
            counted.recycled_inodes, counted.recycled_files, counted.recycled_bytes);
      }
    };
    const auto in_memory = counters_in_memory_.find(id);
    check("memory",
          in_memory == counters_in_memory_.end() ? ContainerCounters() : in_memory->second);
    const auto value = Get(CountersKey(id));
    const auto stored = value.ok() && *value
                            ? DecodeCounters(**value)
                            : absl::StatusOr<ContainerCounters>(ContainerCounters());
    check("the database", stored.ok() ? *stored : ContainerCounters());
  }
}

absl::StatusOr<std::vector<std::string>> Names::Verify(
    const std::function<bool(uint64_t)>& progress) const {
  std::unique_ptr<Snapshot> snapshot;
  absl::flat_hash_map<ContainerId, ContainerCounters> counters;
  {
    absl::MutexLock lock(&impl_->mu);  // no mutation between the snapshot and the copy
    OCA_ASSIGN_OR_RETURN(snapshot, impl_->db->TakeSnapshot());
    absl::MutexLock tables_lock(&impl_->tables_mu);
    counters = impl_->counters;
  }
  Verifier verifier(*impl_, std::move(snapshot), std::move(counters), progress);
  OCA_RETURN_IF_ERROR(verifier.FaultIfDamaged(verifier.Run()));
  return verifier.TakeFaults();
}

}  // namespace oca::names
