// Operations on names: fs/names does the work; open files add what they know of their size and
// times.
#include <sys/stat.h>

#include <cerrno>

#include "fs/engine/filesystem_impl.h"
#include "lib/base/status.h"

namespace oca::engine {

absl::StatusOr<Inode> FilesystemImpl::GetAttr(InodeNo ino) {
  // The open file first: once it is gone from the table, names know all that it knew.
  std::shared_ptr<OpenFile> file = files_.Find(ino);
  OCA_ASSIGN_OR_RETURN(Inode inode, names_->GetInode(ino));
  if (file != nullptr) file->Overlay(&inode);
  return inode;
}

absl::StatusOr<Inode> FilesystemImpl::Lookup(InodeNo parent, std::string_view name) {
  OCA_ASSIGN_OR_RETURN(Inode inode, names_->Lookup(parent, name));
  return GetAttr(inode.ino);
}

absl::StatusOr<Inode> FilesystemImpl::Create(InodeNo parent, std::string_view name,
                                             const NewInode& what) {
  if (S_ISREG(what.mode)) OCA_RETURN_IF_ERROR(CheckUnlocked(parent));
  return names_->Create(parent, name, what);
}

absl::StatusOr<Inode> FilesystemImpl::Link(InodeNo ino, InodeNo new_parent,
                                           std::string_view new_name) {
  OCA_RETURN_IF_ERROR(names_->Link(ino, new_parent, new_name).status());
  return GetAttr(ino);
}

// An inode without names goes when nobody uses it any more.
void FilesystemImpl::DeleteIfUnused(InodeNo ino) {
  if (files_.TakeIfUnused(ino))
    names_->DeleteOrphan(ino).IgnoreError();  // a start finds what was left
}

// `inode` lost a name; what its container's recycle bin holds stays.
void FilesystemImpl::DeleteWithoutName(const Inode& inode) {
  if (inode.nlink != 0 || inode.recycled_ns != 0) return;
  files_.MarkOrphan(inode.ino);
  DeleteIfUnused(inode.ino);
}

absl::Status FilesystemImpl::Unlink(InodeNo parent, std::string_view name) {
  OCA_ASSIGN_OR_RETURN(Inode inode, names_->Unlink(parent, name));
  DeleteWithoutName(inode);
  return absl::OkStatus();
}

absl::Status FilesystemImpl::Rmdir(InodeNo parent, std::string_view name) {
  OCA_ASSIGN_OR_RETURN(Inode inode, names_->Rmdir(parent, name));
  DeleteWithoutName(inode);
  return absl::OkStatus();
}

absl::Status FilesystemImpl::Rename(InodeNo parent, std::string_view name, InodeNo new_parent,
                                    std::string_view new_name, uint32_t flags) {
  OCA_ASSIGN_OR_RETURN(names::RenameResult result,
                       names_->Rename(parent, name, new_parent, new_name, flags));
  if (result.replaced) DeleteWithoutName(*result.replaced);
  return absl::OkStatus();
}

absl::StatusOr<Inode> FilesystemImpl::SetAttr(InodeNo ino, const AttrChange& change) {
  GatePass pass(&operations_gate_);
  if (names_->RetentionInUse()) {
    OCA_ASSIGN_OR_RETURN(const Inode before, names_->GetInode(ino));
    std::shared_ptr<ContainerRuntime> container = FindContainer(before.container);
    if (S_ISREG(before.mode) && container != nullptr && container->retention.load()) {
      return SetAttrWithRetention(ino, change);
    }
  }
  std::shared_ptr<OpenFile> file = files_.Find(ino);
  OCA_ASSIGN_OR_RETURN(Inode inode, names_->SetAttr(ino, change));
  if (file != nullptr) {
    if (change.mtime_ns) file->SetMtime(*change.mtime_ns);
    file->Overlay(&inode);
  }
  return inode;
}

absl::Status FilesystemImpl::ReadDir(InodeNo dir, uint64_t after,
                                     const std::function<bool(const DirEntry&)>& fn) {
  return names_->ReadDir(dir, after, fn);
}

absl::StatusOr<std::string> FilesystemImpl::GetXattr(InodeNo ino, std::string_view name) {
  return names_->GetXattr(ino, name);
}

absl::Status FilesystemImpl::SetXattr(InodeNo ino, std::string_view name, std::string_view value,
                                      int flags) {
  return names_->SetXattr(ino, name, value, flags);
}

absl::Status FilesystemImpl::RemoveXattr(InodeNo ino, std::string_view name) {
  return names_->RemoveXattr(ino, name);
}

absl::StatusOr<std::vector<std::string>> FilesystemImpl::ListXattrs(InodeNo ino) {
  return names_->ListXattrs(ino);
}

void FilesystemImpl::AddReference(InodeNo ino) { files_.AddReference(ino); }

void FilesystemImpl::DropReferences(InodeNo ino, uint64_t count) {
  files_.DropReferences(ino, count);
  DeleteIfUnused(ino);
}

}  // namespace oca::engine
