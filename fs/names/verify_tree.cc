// Names::Verify: directories, and what their entries point at.
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "fs/names/verifier.h"
#include "lib/base/status.h"

namespace oca::names {

void Verifier::Listing::Add(const EntryValue& entry, std::string_view name) {
  ++entries;
  if (entry.type == S_IFDIR) ++subdirs;
  sum += absl::HashOf(entry.ino, entry.type, entry.cookie, name);
}

// The inode's entries: none unless it is a directory; in a directory the same ones by order and by
// name, as many as it says.
absl::Status Verifier::CheckEntriesOf(const Inode& inode, Side* by_order, Side* by_name) {
  const uint64_t number = inode.ino.value;
  Listing ordered, named;
  OCA_RETURN_IF_ERROR(Advance(by_order, number, [&](std::string_view key, std::string_view value) {
    return AddOrder(inode, key, value, &ordered);
  }));
  OCA_RETURN_IF_ERROR(Advance(by_name, number, [&](std::string_view key, std::string_view value) {
    ++named.entries;
    OCA_ASSIGN_OR_RETURN(const EntryValue entry, DecodeEntry(value));
    --named.entries;
    named.Add(entry, TailOfKey(key));
    return absl::OkStatus();
  }));
  if (!IsDir(inode)) {
    if (ordered.entries + named.entries != 0) {
      Fault("a directory entry belongs to inode {}, no directory", number);
    }
    return absl::OkStatus();
  }
  if (ordered.entries != inode.entries) {
    Fault("directory {} counts {} entries, but has {}", number, inode.entries, ordered.entries);
  }
  const bool removed = inode.nlink == 0 && ordered.entries == 0;
  if (!removed && inode.nlink != 2 + ordered.subdirs) {
    Fault("directory {} has link count {}, but {} subdirectories", number, inode.nlink,
          ordered.subdirs);
  }
  if (ordered.entries != named.entries || ordered.sum != named.sum) {
    OCA_RETURN_IF_ERROR(CompareListings(inode.ino));
  }
  return inode.nlink == 0 ? absl::OkStatus() : CheckReachable(inode);
}

absl::Status Verifier::AddOrder(const Inode& dir, std::string_view key, std::string_view value,
                                Listing* listing) {
  ++listing->entries;
  EntryValue entry;
  std::string_view name;
  OCA_RETURN_IF_ERROR(DecodeOrder(value, &entry, &name));
  OCA_ASSIGN_OR_RETURN(entry.cookie, CookieOfKey(key));
  if (entry.cookie < kFirstCookie || entry.cookie >= Limit(SuperItem::kCookie)) {
    Fault("entry {}/{} has cookie {}, which was never handed out", dir.ino.value, name,
          entry.cookie);
  }
  --listing->entries;
  listing->Add(entry, name);
  return absl::OkStatus();
}

absl::Status Verifier::CompareListings(InodeNo dir) {
  OCA_RETURN_IF_ERROR(ForEach(
      NumberedPrefix(kOrderPrefix, dir.value), [&](std::string_view key, std::string_view value) {
        EntryValue entry;
        std::string_view name;
        if (!DecodeOrder(value, &entry, &name).ok()) return absl::OkStatus();  // reported before
        const absl::StatusOr<uint64_t> cookie = CookieOfKey(key);
        OCA_ASSIGN_OR_RETURN(const auto by_name, Get(EntryKey(dir, name)));
        const absl::StatusOr<EntryValue> same = DecodeEntry(by_name.value_or(""));
        if (!same.ok() || !cookie.ok() || same->ino != entry.ino || same->type != entry.type ||
            same->cookie != *cookie) {
          Fault("entry {}/{} is listed, but cannot be looked up", dir.value, name);
        }
        return absl::OkStatus();
      }));
  return ForEach(
      NumberedPrefix(kEntryPrefix, dir.value), [&](std::string_view key, std::string_view value) {
        const absl::StatusOr<EntryValue> entry = DecodeEntry(value);
        if (!entry.ok()) return absl::OkStatus();  // reported before
        OCA_ASSIGN_OR_RETURN(const auto listed, Get(OrderKey(dir, entry->cookie)));
        EntryValue same;
        std::string_view name;
        const std::string bytes = listed.value_or("");
        if (!DecodeOrder(bytes, &same, &name).ok() || same.ino != entry->ino ||
            same.type != entry->type || name != TailOfKey(key)) {
          Fault("entry {}/{} can be looked up, but is not listed", dir.value, TailOfKey(key));
        }
        return absl::OkStatus();
      });
}

absl::Status Verifier::CheckReachable(const Inode& dir) {
  if (reachable_.size() > kMaxKnownDirs) reachable_.clear();
  std::vector<InodeNo> chain;
  absl::flat_hash_set<InodeNo> on_chain;
  for (Inode at = dir; at.ino != kRootInode && !reachable_.contains(at.ino);) {
    chain.push_back(at.ino);
    if (at.parent == kRootInode || reachable_.contains(at.parent)) break;
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

absl::Status Verifier::CheckTargets() {
  for (uint64_t next = 1; next != 0;) {
    const uint64_t first = next;
    OCA_ASSIGN_OR_RETURN(std::vector<Target> targets, LoadTargets(&next));
    OCA_RETURN_IF_ERROR(
        ForEach(std::string(1, kEntryPrefix), [&](std::string_view key, std::string_view value) {
          return CheckEntry(key, value, first, next, &targets);
        }));
    for (const Target& target : targets) {
      if (target.type == 0 || target.expected == target.found) continue;
      Fault("inode {} should have {} names, but has {}", target.ino, target.expected, target.found);
    }
  }
  return absl::OkStatus();
}

// The inodes from *next_ino on, ascending, as many as may be held; *next_ino is what comes after, 0
// when nothing does.
absl::StatusOr<std::vector<Verifier::Target>> Verifier::LoadTargets(uint64_t* next_ino) {
  std::vector<Target> targets;
  Cursor cursor = db_.WalkFrom(InodeKey(InodeNo(*next_ino)), std::string(1, kInodePrefix),
                               snapshot_.get(), /*fill_cache=*/false);
  *next_ino = 0;
  for (; cursor.Valid(); cursor.Next()) {
    OCA_RETURN_IF_ERROR(Progress());
    const absl::StatusOr<uint64_t> number = NumberOfKey(cursor.key());
    if (!number.ok()) continue;  // reported before
    if (targets.size() == kInodesAtOnce) {
      *next_ino = *number;
      break;
    }
    targets.push_back(MakeTarget(*number, DecodeInode(cursor.value())));
  }
  OCA_RETURN_IF_ERROR(FaultIfDamaged(cursor.status()));
  return targets;
}

Verifier::Target Verifier::MakeTarget(uint64_t number, const absl::StatusOr<Inode>& inode) const {
  Target target;
  target.ino = number;
  if (!inode.ok()) return target;
  const auto container = containers_.find(inode->container);
  const bool nameless =
      number == kRootInode.value || (container != containers_.end() && container->second.deleting &&
                                     container->second.root.value == number);
  target.parent = inode->parent.value;
  target.container = inode->container.value;
  target.type = inode->mode & S_IFMT;
  target.expected = IsDir(*inode) ? (inode->nlink != 0 && !nameless) : inode->nlink;
  return target;
}

// Compares an entry with its inode, when that is among `targets`: all inodes from `first` to before
// `next` (0: no end).
absl::Status Verifier::CheckEntry(std::string_view key, std::string_view value, uint64_t first,
                                  uint64_t next, std::vector<Target>* targets) {
  const absl::StatusOr<EntryValue> entry = DecodeEntry(value);
  const absl::StatusOr<uint64_t> dir = NumberOfKey(key);
  if (!entry.ok() || !dir.ok()) return absl::OkStatus();  // reported before
  const uint64_t ino = entry->ino.value;
  if (ino < first || (next != 0 && ino >= next)) return absl::OkStatus();
  // Numbers have few gaps: the place is at most ino - first, and near it.
  const auto end = targets->begin() + std::min<uint64_t>(ino - first + 1, targets->size());
  auto target = end != targets->begin() && (end - 1)->ino == ino
                    ? end - 1
                    : std::lower_bound(targets->begin(), end, ino,
                                       [](const Target& t, uint64_t i) { return t.ino < i; });
  if (target == end || target->ino != ino) {
    Fault("entry {}/{} points at the missing inode {}", *dir, TailOfKey(key), ino);
    return absl::OkStatus();
  }
  ++target->found;
  if (target->type == 0) return absl::OkStatus();
  if (target->type != entry->type) Fault("entry {}/{} has the wrong type", *dir, TailOfKey(key));
  if (target->type == S_IFDIR && target->parent != *dir) {
    Fault("entry {}/{} is a directory with the parent {}", *dir, TailOfKey(key), target->parent);
  }
  OCA_ASSIGN_OR_RETURN(const uint32_t container, ContainerOf(*dir));
  if (container != 0 && container != target->container) {
    Fault("entry {}/{} points into container {}", *dir, TailOfKey(key), target->container);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> Verifier::ContainerOf(uint64_t dir) {
  if (last_container_.first == dir) return last_container_.second;
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists, db_.Get(InodeKey(InodeNo(dir)), &value, snapshot_.get()));
  const absl::StatusOr<Inode> inode = DecodeInode(value);
  last_container_ = {dir, exists && inode.ok() ? inode->container.value : 0};
  return last_container_.second;
}

}  // namespace oca::names
