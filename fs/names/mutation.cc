#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {

void Mutation::Put(std::string key, std::string value) {
  changes_.push_back({std::move(key), std::move(value)});
}

void Mutation::Delete(std::string key) { changes_.push_back({std::move(key), std::nullopt}); }

Mutation::~Mutation() {
  if (written_) return;
  for (const Taken& taken : taken_) taken.sequence->next = taken.next_before;
}

uint64_t Mutation::TakeNumber(Sequence* sequence, uint64_t least) {
  auto taken = std::find_if(taken_.begin(), taken_.end(),
                            [&](const Taken& t) { return t.sequence == sequence; });
  if (taken == taken_.end()) {
    taken = taken_.insert(taken, {sequence, sequence->next, sequence->limit});
  }
  const uint64_t number = std::max(sequence->next, least);
  sequence->next = number + 1;
  if (number >= taken->limit) {
    taken->limit = number + sequence->reserve;
    PutSuper(sequence->item, taken->limit);
  }
  return number;
}

void Mutation::PutInode(const Inode& inode) { Put(InodeKey(inode.ino), EncodeInode(inode)); }

void Mutation::DeleteInode(const Inode& inode) {
  Delete(InodeKey(inode.ino));
  if (inode.retain_until_ns != 0) {
    Delete(RetentionKey(inode.container, inode.retain_until_ns, inode.ino));
  }
}

void Mutation::PutEntry(InodeNo parent, std::string_view name, const EntryValue& entry) {
  Put(EntryKey(parent, name), EncodeEntry(entry));
  Put(OrderKey(parent, entry.cookie), EncodeOrder(entry, name));
}

void Mutation::DeleteEntry(InodeNo parent, std::string_view name, uint64_t cookie) {
  Delete(EntryKey(parent, name));
  Delete(OrderKey(parent, cookie));
}

void Mutation::PutInBin(int64_t recycled_ns, const RecycledName& name, Inode* inode) {
  inode->recycled_ns = recycled_ns;
  Put(RecycleKey(inode->container, recycled_ns, inode->ino), EncodeRecycledName(name));
  CountRecycled(*inode, 1);
}

void Mutation::TakeFromBin(Inode* inode) {
  Delete(RecycleKey(inode->container, inode->recycled_ns, inode->ino));
  CountRecycled(*inode, -1);
  inode->recycled_ns = 0;
}

void Mutation::PutOrphan(InodeNo ino) { Put(OrphanKey(ino), {}); }
void Mutation::DeleteOrphan(InodeNo ino) { Delete(OrphanKey(ino)); }

void Mutation::PutXattr(InodeNo ino, std::string_view name, std::string_view value) {
  Put(XattrKey(ino, name), std::string(value));
}

void Mutation::DeleteXattr(InodeNo ino, std::string_view name) { Delete(XattrKey(ino, name)); }

absl::Status Mutation::DeleteAllXattrs(const Inode& inode) {
  if ((inode.flags & kInodeHasXattrs) == 0) return absl::OkStatus();
  Cursor cursor = impl_.db->Walk(NumberedPrefix(kXattrPrefix, inode.ino.value));
  for (; cursor.Valid(); cursor.Next()) Delete(std::string(cursor.key()));
  return cursor.status();
}

void Mutation::SetRetainUntil(int64_t until_ns, Inode* inode) {
  if (inode->retain_until_ns != 0) {
    Delete(RetentionKey(inode->container, inode->retain_until_ns, inode->ino));
  }
  inode->retain_until_ns = until_ns;
  if (until_ns != 0) Put(RetentionKey(inode->container, until_ns, inode->ino), {});
}

void Mutation::PutGroup(const StorageGroup& group) {
  Put(GroupKey(group.id), EncodeStorageGroup(group));
  put_groups_.push_back(group);
}

void Mutation::DeleteGroup(GroupId id) {
  Delete(GroupKey(id));
  deleted_groups_.push_back(id);
}

void Mutation::PutContainer(const Container& container) {
  Put(ContainerKey(container.id), EncodeContainer(container));
  put_containers_.push_back(container);
}

void Mutation::DeleteContainer(ContainerId id) {
  Delete(ContainerKey(id));
  Delete(CountersKey(id));
  deleted_containers_.push_back(id);
}

void Mutation::PutSuper(SuperItem item, uint64_t value) {
  Put(SuperKey(item), EncodeNumber(value));
}

void Mutation::DeleteSuper(SuperItem item) { Delete(SuperKey(item)); }

void Mutation::PutCleanerSchedule(const CleanerSchedule& schedule) {
  Put(SuperKey(SuperItem::kCleanerSchedule), EncodeCleanerSchedule(schedule));
}

void Mutation::CountInode(const Inode& inode, int sign) {
  if (inode.container.value == 0) return;
  Delta& delta = deltas_[inode.container];
  delta.inodes += sign;
  if (!IsRegular(inode)) return;
  delta.files += sign;
  delta.bytes += sign * static_cast<int64_t>(inode.size);
}

void Mutation::CountRecycled(const Inode& inode, int sign) {
  Delta& delta = deltas_[inode.container];
  delta.recycled_inodes += sign;
  if (!IsRegular(inode)) return;
  delta.recycled_files += sign;
  delta.recycled_bytes += sign * static_cast<int64_t>(inode.size);
}

void Mutation::CountBytes(const Inode& inode, uint64_t size) {
  if (inode.size == size) return;
  Delta& delta = deltas_[inode.container];
  delta.bytes += static_cast<int64_t>(size - inode.size);
  if (inode.recycled_ns != 0) delta.recycled_bytes += static_cast<int64_t>(size - inode.size);
}

absl::Status Mutation::Write() {
  absl::flat_hash_map<ContainerId, ContainerCounters> counted;
  {
    absl::MutexLock lock(&impl_.tables_mu);
    for (const auto& [id, delta] : deltas_) {
      ContainerCounters counters = impl_.counters[id];
      counters.inodes += delta.inodes;
      counters.files += delta.files;
      counters.current_bytes += delta.bytes;
      counters.recycled_inodes += delta.recycled_inodes;
      counters.recycled_files += delta.recycled_files;
      counters.recycled_bytes += delta.recycled_bytes;
      counted[id] = counters;
    }
  }
  for (ContainerId id : deleted_containers_) counted.erase(id);
  for (const auto& [id, counters] : counted) {
    Put(CountersKey(id), EncodeCounters(counters));
  }
  OCA_RETURN_IF_ERROR(impl_.db->Write(std::move(changes_)));
  written_ = true;
  for (const Taken& taken : taken_) taken.sequence->limit = taken.limit;
  if (counted.empty() && put_groups_.empty() && deleted_groups_.empty() &&
      put_containers_.empty() && deleted_containers_.empty()) {
    return absl::OkStatus();
  }
  absl::MutexLock lock(&impl_.tables_mu);
  for (const auto& [id, counters] : counted) impl_.counters[id] = counters;
  for (const StorageGroup& group : put_groups_) impl_.groups[group.id] = group;
  for (GroupId id : deleted_groups_) impl_.groups.erase(id);
  for (const Container& container : put_containers_) {
    impl_.containers[container.id] = container;
    impl_.counters.try_emplace(container.id);
  }
  for (ContainerId id : deleted_containers_) {
    impl_.containers.erase(id);
    impl_.counters.erase(id);
  }
  return absl::OkStatus();
}

}  // namespace oca::names
