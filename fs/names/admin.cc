// Storage groups and containers.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr size_t kMaxAdminNameBytes = 64;

bool IsAdminNameChar(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

// `what` says whose name it is, for the message.
absl::Status CheckAdminName(std::string_view what, std::string_view name) {
  if (name.empty()) return PosixError(EINVAL, fmt::format("the {} name is empty", what));
  if (name.size() > kMaxAdminNameBytes) {
    return PosixError(EINVAL, fmt::format("the {} name has {} characters, at most {} are allowed",
                                          what, name.size(), kMaxAdminNameBytes));
  }
  if (name.front() == '.' || name.front() == '-') {
    return PosixError(EINVAL,
                      fmt::format("the {} name \"{}\" starts with '{}'", what, name, name.front()));
  }
  if (!std::all_of(name.begin(), name.end(), IsAdminNameChar)) {
    return PosixError(
        EINVAL, fmt::format("the {} name may hold letters, digits, '.', '_' and '-' only", what));
  }
  return absl::OkStatus();
}

absl::Status CheckGroup(const StorageGroup& group) {
  OCA_RETURN_IF_ERROR(CheckAdminName("storage group", group.name));
  if (group.compression > GroupCompression::kLz4) {
    return PosixError(EINVAL, "unknown compression of a storage group");
  }
  const uint32_t target = group.chunk_target_bytes;
  if (target != 8192 && target != 16384 && target != 32768 && target != 65536) {
    return PosixError(EINVAL,
                      fmt::format("chunk size {}: must be 8192, 16384, 32768 or 65536", target));
  }
  return absl::OkStatus();
}

absl::Status NoGroup(GroupId id) {
  return PosixError(ENOENT, fmt::format("no storage group has the id {}", id.value));
}

Inode MakeRoot(const Container& container, const Options& options) {
  Inode root;
  root.ino = container.root;
  root.container = container.id;
  root.mode = S_IFDIR | 0755;
  root.uid = options.root_uid;
  root.gid = options.root_gid;
  root.nlink = 2;
  root.size = kDirectorySize;
  root.atime_ns = root.mtime_ns = root.ctime_ns = root.btime_ns = container.created_ns;
  root.parent = kRootInode;
  return root;
}

// The id that the caller asked for, or a new one. Ids below the sequence were handed out once.
template <typename Id>
absl::StatusOr<Id> ChooseId(Id wanted, Sequence* sequence, Mutation* mutation) {
  if (sequence->next > UINT32_MAX) return PosixError(ENOSPC, "names: all ids are used up");
  if (wanted.value != 0 && wanted.value < sequence->next) {
    return PosixError(EEXIST, fmt::format("id {} was used before", wanted.value));
  }
  return Id(static_cast<uint32_t>(mutation->TakeNumber(sequence, wanted.value)));
}

}  // namespace

absl::StatusOr<StorageGroup> Names::AddGroup(const StorageGroup& wanted) {
  OCA_RETURN_IF_ERROR(CheckGroup(wanted));
  absl::MutexLock lock(&impl_->mu);
  OCA_RETURN_IF_ERROR(impl_->CheckGroupName(wanted.name, GroupId()));
  Mutation mutation(*impl_);
  StorageGroup group = wanted;
  OCA_ASSIGN_OR_RETURN(group.id, ChooseId(wanted.id, &impl_->group_ids, &mutation));
  mutation.PutGroup(group);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return group;
}

absl::Status Names::UpdateGroup(const StorageGroup& group) {
  OCA_RETURN_IF_ERROR(CheckGroup(group));
  absl::MutexLock lock(&impl_->mu);
  const std::optional<StorageGroup> old = impl_->FindGroup(group.id);
  if (!old) return NoGroup(group.id);
  if (old->chunk_target_bytes != group.chunk_target_bytes) {
    return PosixError(EINVAL, "the chunk size of a storage group cannot change");
  }
  OCA_RETURN_IF_ERROR(impl_->CheckGroupName(group.name, group.id));
  Mutation mutation(*impl_);
  mutation.PutGroup(group);
  return mutation.Write();
}

absl::Status Names::DeleteGroup(GroupId id) {
  absl::MutexLock lock(&impl_->mu);
  if (!impl_->FindGroup(id)) return NoGroup(id);
  for (const Container& container : ListContainers()) {
    if (container.group != id) continue;
    return PosixError(ENOTEMPTY,
                      fmt::format("the storage group holds the container \"{}\"{}", container.name,
                                  container.deleting ? ", which is being deleted" : ""));
  }
  Mutation mutation(*impl_);
  mutation.DeleteGroup(id);
  return mutation.Write();
}

std::vector<StorageGroup> Names::ListGroups() const {
  std::vector<StorageGroup> groups;
  absl::MutexLock lock(&impl_->tables_mu);
  for (const auto& [id, group] : impl_->groups) groups.push_back(group);
  return groups;
}

absl::StatusOr<Container> Names::AddContainer(const Container& wanted) {
  OCA_RETURN_IF_ERROR(CheckAdminName("container", wanted.name));
  absl::MutexLock lock(&impl_->mu);
  if (!impl_->FindGroup(wanted.group)) return NoGroup(wanted.group);
  OCA_ASSIGN_OR_RETURN(const auto existing, impl_->FindEntry(kRootInode, wanted.name));
  if (existing) {
    return PosixError(EEXIST, fmt::format("the container \"{}\" exists", wanted.name));
  }
  OCA_ASSIGN_OR_RETURN(Inode mount_root, impl_->LoadDir(kRootInode));
  const int64_t now = impl_->NowNs();
  Mutation mutation(*impl_);
  Container container = wanted;
  OCA_ASSIGN_OR_RETURN(container.id, ChooseId(wanted.id, &impl_->container_ids, &mutation));
  container.root = InodeNo(mutation.TakeNumber(&impl_->inodes));
  container.deleting = false;
  container.created_ns = now;
  const Inode root = MakeRoot(container, impl_->options);
  mount_root.entries++;
  mount_root.nlink++;
  mount_root.mtime_ns = mount_root.ctime_ns = now;
  mutation.PutContainer(container);
  mutation.PutInode(root);
  mutation.PutInode(mount_root);
  mutation.PutEntry(
      kRootInode, container.name,
      {.ino = container.root, .type = S_IFDIR, .cookie = mutation.TakeNumber(&impl_->cookies)});
  mutation.CountInode(root, 1);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return container;
}

absl::Status Names::SetMarker(ContainerId id, ContainerMarker marker) {
  absl::MutexLock lock(&impl_->mu);
  for (Container container : ListContainers()) {
    if (container.id != id || container.deleting) continue;
    container.marker = marker;
    Mutation mutation(*impl_);
    mutation.PutContainer(container);
    return mutation.Write();
  }
  return PosixError(ENOENT, fmt::format("container {}", id.value));
}

std::vector<Container> Names::ListContainers() const {
  std::vector<Container> containers;
  absl::MutexLock lock(&impl_->tables_mu);
  for (const auto& [id, container] : impl_->containers) containers.push_back(container);
  return containers;
}

ContainerCounters Names::Counters(ContainerId id) const {
  absl::MutexLock lock(&impl_->tables_mu);
  const auto it = impl_->counters.find(id);
  return it == impl_->counters.end() ? ContainerCounters() : it->second;
}

absl::StatusOr<CleanerSchedule> Names::GetCleanerSchedule() const {
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists,
                       impl_->db->Get(SuperKey(SuperItem::kCleanerSchedule), &value));
  return exists ? DecodeCleanerSchedule(value) : CleanerSchedule();
}

absl::StatusOr<CleanerSchedule> Names::SetCleanerWindow(std::optional<int> day,
                                                        const CleanerWindow& window) {
  if (window != CleanerWindow() &&
      (window.start_minute >= window.stop_minute || window.stop_minute > kDayMinutes)) {
    return PosixError(EINVAL,
                      "a window of the cleaner begins before it ends, on the same day; one over "
                      "midnight is two windows");
  }
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(CleanerSchedule schedule, GetCleanerSchedule());
  for (int i = 0; i < static_cast<int>(schedule.size()); ++i) {
    if (day.value_or(i) == i) schedule[static_cast<size_t>(i)] = window;
  }
  Mutation mutation(*impl_);
  mutation.PutCleanerSchedule(schedule);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return schedule;
}

std::optional<StorageGroup> Names::Impl::FindGroup(GroupId id) const {
  absl::MutexLock lock(&tables_mu);
  const auto it = groups.find(id);
  if (it == groups.end()) return std::nullopt;
  return it->second;
}

absl::Status Names::Impl::CheckGroupName(std::string_view name, GroupId except) const {
  absl::MutexLock lock(&tables_mu);
  for (const auto& [id, group] : groups) {
    if (id != except && group.name == name) {
      return PosixError(EEXIST, fmt::format("the storage group \"{}\" exists", name));
    }
  }
  return absl::OkStatus();
}

}  // namespace oca::names
