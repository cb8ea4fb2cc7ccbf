// Reads of inodes, entries and directories.
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {

absl::Status PosixAt(int error_number, InodeNo parent, std::string_view name) {
  return PosixError(error_number, fmt::format("names: {}/{}", parent.value, name));
}

absl::Status NoContainer(ContainerId id) {
  return PosixError(ENOENT, fmt::format("no container has the id {}", id.value));
}

absl::Status CheckName(std::string_view name) {
  if (name.size() > kMaxNameBytes) return PosixError(ENAMETOOLONG, "names: name");
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos) {
    return PosixError(EINVAL, "names: name");
  }
  return absl::OkStatus();
}

int64_t Names::Impl::NowNs() const { return absl::ToUnixNanos(options.clock->Now()); }

absl::StatusOr<Inode> Names::Impl::LoadInode(InodeNo ino, const Snapshot* snapshot) const {
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists, db->Get(InodeKey(ino), &value, snapshot));
  if (!exists) return PosixError(ENOENT, fmt::format("names: inode {}", ino.value));
  OCA_ASSIGN_OR_RETURN(Inode inode, DecodeInode(value));
  if (inode.ino != ino) {
    return absl::DataLossError(
        fmt::format("names: inode {} stands at {}", inode.ino.value, ino.value));
  }
  return inode;
}

absl::StatusOr<Inode> Names::Impl::LoadDir(InodeNo ino) const {
  OCA_ASSIGN_OR_RETURN(Inode inode, LoadInode(ino));
  if (!IsDir(inode)) return PosixError(ENOTDIR, fmt::format("names: inode {}", ino.value));
  return inode;
}

absl::StatusOr<Inode> Names::Impl::LoadParent(InodeNo ino) const {
  OCA_ASSIGN_OR_RETURN(Inode dir, LoadDir(ino));
  if (ino == kRootInode) return PosixError(EPERM, "names: the mount's root");
  const std::optional<Container> container = FindContainer(dir.container);
  if (dir.nlink == 0 || !container || container->deleting) {
    return PosixError(ENOENT, fmt::format("names: removed directory {}", ino.value));
  }
  return dir;
}

absl::StatusOr<std::optional<EntryValue>> Names::Impl::FindEntry(InodeNo parent,
                                                                 std::string_view name) const {
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists, db->Get(EntryKey(parent, name), &value));
  if (!exists) return std::optional<EntryValue>();
  OCA_ASSIGN_OR_RETURN(EntryValue entry, DecodeEntry(value));
  return std::optional<EntryValue>(entry);
}

absl::StatusOr<EntryValue> Names::Impl::LoadEntry(InodeNo parent, std::string_view name) const {
  OCA_ASSIGN_OR_RETURN(std::optional<EntryValue> entry, FindEntry(parent, name));
  if (!entry) return PosixAt(ENOENT, parent, name);
  return *entry;
}

absl::StatusOr<std::optional<std::string>> Names::Impl::FindXattr(InodeNo ino,
                                                                  std::string_view name) const {
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists, db->Get(XattrKey(ino, name), &value));
  if (!exists) return std::optional<std::string>();
  return std::optional<std::string>(std::move(value));
}

std::optional<Container> Names::Impl::FindContainer(ContainerId id) const {
  absl::MutexLock lock(&tables_mu);
  const auto it = containers.find(id);
  if (it == containers.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<Inode> Names::GetInode(InodeNo ino) const { return impl_->LoadInode(ino); }

absl::StatusOr<Inode> Names::Lookup(InodeNo parent, std::string_view name) const {
  OCA_RETURN_IF_ERROR(CheckName(name));
  for (InodeNo missing;;) {
    OCA_ASSIGN_OR_RETURN(const std::optional<EntryValue> entry, impl_->FindEntry(parent, name));
    if (!entry) {
      OCA_RETURN_IF_ERROR(impl_->LoadDir(parent).status());
      return PosixAt(ENOENT, parent, name);
    }
    absl::StatusOr<Inode> inode = impl_->LoadInode(entry->ino);
    if (inode.ok() || ErrnoOf(inode.status()) != ENOENT) return inode;
    // Deleted between the two reads; then the entry has gone or points elsewhere.
    if (entry->ino == missing) {
      return absl::DataLossError(
          fmt::format("names: {}/{} points at no inode", parent.value, name));
    }
    missing = entry->ino;
  }
}

absl::Status Names::ReadDir(InodeNo dir, uint64_t after,
                            const std::function<bool(const DirEntry&)>& fn) const {
  OCA_RETURN_IF_ERROR(impl_->LoadDir(dir).status());
  if (after == UINT64_MAX) return absl::OkStatus();
  Cursor cursor =
      impl_->db->WalkFrom(OrderKey(dir, after + 1), NumberedPrefix(kOrderPrefix, dir.value));
  for (; cursor.Valid(); cursor.Next()) {
    EntryValue value;
    std::string_view name;
    OCA_RETURN_IF_ERROR(DecodeOrder(cursor.value(), &value, &name));
    DirEntry entry;
    entry.name = name;
    entry.ino = value.ino;
    entry.type = value.type;
    OCA_ASSIGN_OR_RETURN(entry.cookie, CookieOfKey(cursor.key()));
    if (!fn(entry)) return absl::OkStatus();
  }
  return cursor.status();
}

absl::StatusOr<std::vector<InodeNo>> Names::ListOrphans() const {
  std::vector<InodeNo> orphans;
  Cursor cursor = impl_->db->Walk(std::string(1, kOrphanPrefix));
  for (; cursor.Valid(); cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(const uint64_t ino, NumberOfKey(cursor.key()));
    orphans.push_back(InodeNo(ino));
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  return orphans;
}

absl::StatusOr<std::vector<Inode>> Names::ListInodes(InodeNo first, size_t limit) const {
  std::vector<Inode> inodes;
  Cursor cursor = impl_->db->WalkFrom(InodeKey(first), std::string(1, kInodePrefix), nullptr,
                                      /*fill_cache=*/false);
  for (; cursor.Valid() && inodes.size() < limit; cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(Inode inode, DecodeInode(cursor.value()));
    inodes.push_back(std::move(inode));
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  return inodes;
}

absl::Status Names::ForEachInode(const std::function<absl::Status(const Inode&)>& fn,
                                 const std::function<void()>& at_moment) const {
  auto begin = [&] {
    absl::MutexLock lock(&impl_->mu);
    if (at_moment != nullptr) at_moment();
    return impl_->db->Walk(std::string(1, kInodePrefix), nullptr, /*fill_cache=*/false);
  };
  Cursor cursor = begin();
  for (; cursor.Valid(); cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(const Inode inode, DecodeInode(cursor.value()));
    OCA_RETURN_IF_ERROR(fn(inode));
  }
  return cursor.status();
}

}  // namespace oca::names
