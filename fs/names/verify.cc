// The check of all relations. Memory is bounded: link counts are compared for kInodesAtOnce inodes
// at a time, each time by a walk over all entries.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr size_t kInodesAtOnce = 2u << 20;
constexpr size_t kMaxKnownDirs = 2u << 20;
constexpr size_t kMaxFaults = 1000;

class Verifier {
 public:
  Verifier(const Names::Impl& impl, std::unique_ptr<Snapshot> snapshot,
           absl::flat_hash_map<ContainerId, ContainerCounters> counters_in_memory,
           const std::function<bool(uint64_t)>& progress)
      : db_(*impl.db),
        snapshot_(std::move(snapshot)),
        counters_in_memory_(std::move(counters_in_memory)),
        progress_(progress) {}

  // What was found is in TakeFaults().
  absl::Status Run();
  // A damaged record is a fault, other errors end the check.
  absl::Status FaultIfDamaged(const absl::Status& status);
  std::vector<std::string> TakeFaults() { return std::move(faults_); }

 private:
  template <typename... Args>
  void Fault(fmt::format_string<Args...> format, Args&&... args) {
    if (faults_.size() < kMaxFaults) {
      faults_.push_back(fmt::format(format, std::forward<Args>(args)...));
    }
  }
  absl::Status Progress();
  // Calls fn for each key with `prefix`.
  template <typename Fn>
  absl::Status ForEach(std::string_view prefix, Fn fn);
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key);
  absl::StatusOr<std::optional<Inode>> FindInode(InodeNo ino);
  uint64_t Limit(SuperItem item) const { return limits_.at(item); }

  absl::Status LoadTables();
  absl::Status CheckPrefixes();
  absl::Status CheckContainers();
  absl::Status CheckInode(std::string_view key, std::string_view value);
  absl::Status CheckOrphan(const Inode& inode);
  absl::Status CheckXattrs(const Inode& inode);
  absl::Status CheckDirectory(const Inode& dir);
  absl::Status CheckChild(const Inode& dir, std::string_view key, std::string_view value,
                          uint64_t* subdirs);
  absl::Status CheckReachable(const Inode& dir);
  absl::Status CheckEntryOrder(std::string_view key, std::string_view value);
  // Keys that start with an inode's number: the inode must be there.
  absl::Status CheckOwners(char prefix, std::string_view what);
  absl::Status CheckLinks();
  absl::Status CheckLinksOfSome(uint64_t* next_ino);
  void CheckCounters();

  const Database& db_;
  const std::unique_ptr<Snapshot> snapshot_;
  const absl::flat_hash_map<ContainerId, ContainerCounters> counters_in_memory_;
  const std::function<bool(uint64_t)>& progress_;
  std::vector<std::string> faults_;
  uint64_t inodes_seen_ = 0;
  uint64_t steps_ = 0;
  std::map<SuperItem, uint64_t> limits_;
  std::map<ContainerId, Container> containers_;
  absl::flat_hash_map<ContainerId, ContainerCounters> counted_;
  absl::flat_hash_set<InodeNo> reachable_;  // directories known to hang below the mount's root
};

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

template <typename Fn>
absl::Status Verifier::ForEach(std::string_view prefix, Fn fn) {
  Cursor cursor = db_.Walk(prefix, snapshot_.get(), /*fill_cache=*/false);
  for (; cursor.Valid(); cursor.Next()) {
    OCA_RETURN_IF_ERROR(Progress());
    OCA_RETURN_IF_ERROR(FaultIfDamaged(fn(cursor.key(), cursor.value())));
  }
  return FaultIfDamaged(cursor.status());
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

absl::Status Verifier::Run() {
  OCA_RETURN_IF_ERROR(LoadTables());
  OCA_RETURN_IF_ERROR(CheckPrefixes());
  OCA_RETURN_IF_ERROR(FaultIfDamaged(CheckContainers()));
  OCA_RETURN_IF_ERROR(
      ForEach(std::string(1, kInodePrefix), [&](std::string_view key, std::string_view value) {
        ++inodes_seen_;
        return CheckInode(key, value);
      }));
  OCA_RETURN_IF_ERROR(ForEach(
      std::string(1, kEntryPrefix),
      [&](std::string_view key, std::string_view value) { return CheckEntryOrder(key, value); }));
  OCA_RETURN_IF_ERROR(CheckOwners(kEntryPrefix, "a directory entry"));
  OCA_RETURN_IF_ERROR(CheckOwners(kOrderPrefix, "a directory entry"));
  OCA_RETURN_IF_ERROR(CheckOwners(kXattrPrefix, "an xattr"));
  OCA_RETURN_IF_ERROR(CheckOwners(kOrphanPrefix, "an orphan marker"));
  OCA_RETURN_IF_ERROR(CheckLinks());
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
  constexpr std::string_view kKnown = "CDGILNOSX";
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

absl::Status Verifier::CheckInode(std::string_view key, std::string_view value) {
  OCA_ASSIGN_OR_RETURN(const uint64_t number, NumberOfKey(key));
  absl::StatusOr<Inode> inode = DecodeInode(value);
  if (!inode.ok()) return Annotate(inode.status(), fmt::format("inode {}", number));
  if (inode->ino.value != number) Fault("inode {} stands at {}", inode->ino.value, number);
  if (number >= Limit(SuperItem::kInode)) Fault("inode {} may be numbered again", number);
  const bool is_root = inode->ino == kRootInode;
  if (is_root ? inode->container.value != 0 : !containers_.contains(inode->container)) {
    Fault("inode {} belongs to the missing container {}", number, inode->container.value);
  }
  if (S_ISLNK(inode->mode) && inode->size != inode->content.size()) {
    Fault("symlink {} has size {}, its target {}", number, inode->size, inode->content.size());
  }
  if (!is_root) {
    ContainerCounters& counters = counted_[inode->container];
    ++counters.inodes;
    if (IsRegular(*inode)) {
      ++counters.files;
      counters.current_bytes += inode->size;
    }
  }
  OCA_RETURN_IF_ERROR(CheckOrphan(*inode));
  OCA_RETURN_IF_ERROR(CheckXattrs(*inode));
  if (!IsDir(*inode)) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(CheckDirectory(*inode));
  return inode->nlink == 0 ? absl::OkStatus() : CheckReachable(*inode);
}

absl::Status Verifier::CheckOrphan(const Inode& inode) {
  OCA_ASSIGN_OR_RETURN(const auto marker, Get(OrphanKey(inode.ino)));
  if (marker.has_value() != (inode.nlink == 0)) {
    Fault("inode {} has {} links and {} orphan marker", inode.ino.value, inode.nlink,
          marker ? "an" : "no");
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckXattrs(const Inode& inode) {
  uint32_t flags = 0;
  if (inode.flags != 0) {
    OCA_RETURN_IF_ERROR(ForEach(NumberedPrefix(kXattrPrefix, inode.ino.value),
                                [&](std::string_view key, std::string_view) {
                                  const std::string_view name = TailOfKey(key);
                                  flags |= kInodeHasXattrs;
                                  if (name == kAccessAclName) flags |= kInodeHasAccessAcl;
                                  if (name == kDefaultAclName) flags |= kInodeHasDefaultAcl;
                                  return absl::OkStatus();
                                }));
  }
  if (flags != inode.flags) {
    Fault("inode {} has xattr flags {}, its xattrs {}", inode.ino.value, inode.flags, flags);
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckDirectory(const Inode& dir) {
  uint64_t entries = 0;
  uint64_t subdirs = 0;
  OCA_RETURN_IF_ERROR(ForEach(NumberedPrefix(kOrderPrefix, dir.ino.value),
                              [&](std::string_view key, std::string_view value) {
                                ++entries;
                                return CheckChild(dir, key, value, &subdirs);
                              }));
  if (entries != dir.entries) {
    Fault("directory {} counts {} entries, but has {}", dir.ino.value, dir.entries, entries);
  }
  const bool removed = dir.nlink == 0 && entries == 0;
  if (!removed && dir.nlink != 2 + subdirs) {
    Fault("directory {} has link count {}, but {} subdirectories", dir.ino.value, dir.nlink,
          subdirs);
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckChild(const Inode& dir, std::string_view key, std::string_view value,
                                  uint64_t* subdirs) {
  EntryValue entry;
  std::string_view name;
  OCA_RETURN_IF_ERROR(DecodeOrder(value, &entry, &name));
  OCA_ASSIGN_OR_RETURN(const uint64_t cookie, CookieOfKey(key));
  const std::string place = fmt::format("entry {}/{}", dir.ino.value, name);
  if (cookie < kFirstCookie || cookie >= Limit(SuperItem::kCookie)) {
    Fault("{} has cookie {}, which was never handed out", place, cookie);
  }
  if (entry.type == S_IFDIR) ++*subdirs;
  OCA_ASSIGN_OR_RETURN(const auto by_name, Get(EntryKey(dir.ino, name)));
  OCA_ASSIGN_OR_RETURN(const EntryValue same,
                       by_name ? DecodeEntry(*by_name) : absl::StatusOr<EntryValue>(EntryValue()));
  if (same.ino != entry.ino || same.type != entry.type || same.cookie != cookie) {
    Fault("{} is listed, but cannot be looked up", place);
  }
  OCA_ASSIGN_OR_RETURN(const auto child, FindInode(entry.ino));
  if (!child) {
    Fault("{} points at the missing inode {}", place, entry.ino.value);
    return absl::OkStatus();
  }
  if ((child->mode & S_IFMT) != entry.type) Fault("{} has the wrong type", place);
  if (dir.ino != kRootInode && child->container != dir.container) {
    Fault("{} points into container {}", place, child->container.value);
  }
  if (IsDir(*child) && child->parent != dir.ino) {
    Fault("{} is a directory with the parent {}", place, child->parent.value);
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckReachable(const Inode& dir) {
  if (reachable_.size() > kMaxKnownDirs) reachable_.clear();
  std::vector<InodeNo> chain;
  absl::flat_hash_set<InodeNo> on_chain;
  for (Inode at = dir; at.ino != kRootInode && !reachable_.contains(at.ino);) {
    chain.push_back(at.ino);
    if (!on_chain.insert(at.ino).second) {
      Fault("directory {} is below itself", at.ino.value);
      return absl::OkStatus();
    }
    OCA_ASSIGN_OR_RETURN(auto parent, FindInode(at.parent));
    if (!parent || !IsDir(*parent)) {
      Fault("directory {} has the missing parent {}", at.ino.value, at.parent.value);
      return absl::OkStatus();
    }
    at = *std::move(parent);
  }
  reachable_.insert(chain.begin(), chain.end());
  return absl::OkStatus();
}

absl::Status Verifier::CheckEntryOrder(std::string_view key, std::string_view value) {
  OCA_ASSIGN_OR_RETURN(const uint64_t parent, NumberOfKey(key));
  OCA_ASSIGN_OR_RETURN(const EntryValue entry, DecodeEntry(value));
  OCA_ASSIGN_OR_RETURN(const auto listed, Get(OrderKey(InodeNo(parent), entry.cookie)));
  EntryValue same;
  std::string_view name;
  if (listed) OCA_RETURN_IF_ERROR(DecodeOrder(*listed, &same, &name));
  if (same.ino != entry.ino || same.type != entry.type || name != TailOfKey(key)) {
    Fault("entry {}/{} can be looked up, but is not listed", parent, TailOfKey(key));
  }
  return absl::OkStatus();
}

absl::Status Verifier::CheckOwners(char prefix, std::string_view what) {
  uint64_t last = 0;
  return ForEach(std::string(1, prefix), [&](std::string_view key, std::string_view) {
    OCA_ASSIGN_OR_RETURN(const uint64_t number, NumberOfKey(key));
    if (number == std::exchange(last, number)) return absl::OkStatus();
    OCA_ASSIGN_OR_RETURN(const auto owner, FindInode(InodeNo(number)));
    if (!owner) Fault("{} belongs to the missing inode {}", what, number);
    if (owner && prefix == kXattrPrefix && owner->flags == 0) {
      Fault("inode {} has xattrs that its flags do not tell", number);
    }
    const bool names = prefix == kEntryPrefix || prefix == kOrderPrefix;
    if (owner && names && !IsDir(*owner))
      Fault("{} belongs to inode {}, no directory", what, number);
    return absl::OkStatus();
  });
}

absl::Status Verifier::CheckLinks() {
  uint64_t next_ino = 1;
  while (next_ino != 0) OCA_RETURN_IF_ERROR(CheckLinksOfSome(&next_ino));
  return absl::OkStatus();
}

// The next kInodesAtOnce inodes: as many names as links. *next_ino is 0 after the last one.
absl::Status Verifier::CheckLinksOfSome(uint64_t* next_ino) {
  struct Links {
    uint32_t expected = 0;
    uint32_t found = 0;
  };
  absl::flat_hash_map<uint64_t, Links> links;
  Cursor cursor = db_.WalkFrom(InodeKey(InodeNo(*next_ino)), std::string(1, kInodePrefix),
                               snapshot_.get(), /*fill_cache=*/false);
  for (; cursor.Valid() && links.size() < kInodesAtOnce; cursor.Next()) {
    const absl::StatusOr<Inode> inode = DecodeInode(cursor.value());
    if (!inode.ok()) continue;  // reported before
    const auto container = containers_.find(inode->container);
    const bool nameless =
        inode->ino == kRootInode || (container != containers_.end() && container->second.deleting &&
                                     container->second.root == inode->ino);
    const uint32_t names = IsDir(*inode) ? (inode->nlink != 0 && !nameless) : inode->nlink;
    links[inode->ino.value].expected = names;
  }
  OCA_RETURN_IF_ERROR(FaultIfDamaged(cursor.status()));
  *next_ino = 0;
  if (cursor.Valid()) {
    OCA_ASSIGN_OR_RETURN(*next_ino, NumberOfKey(cursor.key()));
  }
  OCA_RETURN_IF_ERROR(
      ForEach(std::string(1, kEntryPrefix), [&](std::string_view, std::string_view value) {
        const absl::StatusOr<EntryValue> entry = DecodeEntry(value);
        if (!entry.ok()) return absl::OkStatus();  // reported before
        const auto it = links.find(entry->ino.value);
        if (it != links.end()) ++it->second.found;
        return absl::OkStatus();
      }));
  for (const auto& [ino, link] : links) {
    if (link.expected != link.found) {
      Fault("inode {} should have {} names, but has {}", ino, link.expected, link.found);
    }
  }
  return absl::OkStatus();
}

void Verifier::CheckCounters() {
  for (const auto& entry : containers_) {
    const auto id = entry.first;
    const ContainerCounters& counted = counted_[id];
    const auto check = [&](std::string_view place, const ContainerCounters& kept) {
      if (kept == counted) return;
      Fault("container {} counts {} inodes, {} files, {} bytes in {}, but has {}, {}, {}", id.value,
            kept.inodes, kept.files, kept.current_bytes, place, counted.inodes, counted.files,
            counted.current_bytes);
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

}  // namespace

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
