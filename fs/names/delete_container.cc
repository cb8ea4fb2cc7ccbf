// Deletion of a container's tree, depth first, in small batches that each leave a sound tree. The
// way down is kept in memory, 16 bytes a level; after a restart the next step finds it again.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr int kBatchEntries = 256;

using DeletionPath = std::vector<DeletionFrame>;

// One batch of a container's deletion. Lives under Impl::mu.
class Eraser {
 public:
  Eraser(Names::Impl& impl, const Container& container, int budget)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(impl.mu)
      : impl_(impl), container_(container), mutation_(impl), budget_(budget), now_(impl.NowNs()) {}

  // Erases the next files of the path's last directory, then the directory if it is empty, and
  // moves `path` along.
  absl::Status Run(DeletionPath* path);

  int used() const { return used_; }
  bool finished() const { return finished_; }
  std::vector<Inode> TakeDeleted() { return std::move(deleted_); }

 private:
  bool Full() const { return used_ >= budget_; }
  // Stops at a subdirectory, which it returns, or when the batch is full.
  absl::StatusOr<InodeNo> EraseFiles(DeletionFrame* frame, Inode* dir);
  absl::Status DropFile(Inode inode);
  absl::Status EraseInode(const Inode& inode);
  absl::Status EraseFromParent(const DeletionFrame& parent_frame);
  absl::Status EraseOrphans();

  Names::Impl& impl_;
  const Container& container_;
  Mutation mutation_;
  const int budget_;
  const int64_t now_;
  int used_ = 0;
  bool full_ = false;
  bool finished_ = false;
  absl::flat_hash_set<InodeNo> relinked_;  // inodes that the batch holds a change of
  std::vector<Inode> deleted_;
};

absl::Status Eraser::Run(DeletionPath* path) {
  OCA_ASSIGN_OR_RETURN(Inode dir, impl_.LoadDir(path->back().dir));
  OCA_ASSIGN_OR_RETURN(const InodeNo subdirectory, EraseFiles(&path->back(), &dir));
  const bool dir_done = subdirectory.value == 0 && !full_ && !Full();
  const bool is_root = path->size() == 1;
  if (!dir_done || is_root) mutation_.PutInode(dir);
  if (dir_done && is_root) {
    OCA_RETURN_IF_ERROR(EraseOrphans());
    finished_ = !Full();
  }
  if (dir_done && (!is_root || finished_)) OCA_RETURN_IF_ERROR(EraseInode(dir));
  if (dir_done && !is_root) OCA_RETURN_IF_ERROR(EraseFromParent((*path)[path->size() - 2]));
  if (finished_) mutation_.DeleteContainer(container_.id);
  OCA_RETURN_IF_ERROR(mutation_.Write());
  if (subdirectory.value != 0) path->push_back({subdirectory, 0});
  if (dir_done) path->pop_back();
  return absl::OkStatus();
}

absl::StatusOr<InodeNo> Eraser::EraseFiles(DeletionFrame* frame, Inode* dir) {
  Cursor cursor = impl_.db->WalkFrom(OrderKey(frame->dir, frame->cookie + 1),
                                     NumberedPrefix(kOrderPrefix, frame->dir.value));
  for (; cursor.Valid() && !Full(); cursor.Next()) {
    EntryValue entry;
    std::string_view name;
    OCA_RETURN_IF_ERROR(DecodeOrder(cursor.value(), &entry, &name));
    OCA_ASSIGN_OR_RETURN(const uint64_t cookie, CookieOfKey(cursor.key()));
    if (entry.type == S_IFDIR) {
      frame->cookie = cookie;
      return entry.ino;
    }
    if (relinked_.contains(entry.ino)) {  // its record is out of date until the batch is written
      full_ = true;
      return InodeNo();
    }
    OCA_ASSIGN_OR_RETURN(Inode inode, impl_.LoadInode(entry.ino));
    OCA_RETURN_IF_ERROR(DropFile(std::move(inode)));
    mutation_.DeleteEntry(frame->dir, name, cookie);
    dir->entries--;
    frame->cookie = cookie;
    ++used_;
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  return InodeNo();
}

// A name of a file is gone: the last one takes the inode along.
absl::Status Eraser::DropFile(Inode inode) {
  if (inode.nlink <= 1) return EraseInode(inode);
  inode.nlink--;
  inode.ctime_ns = now_;
  mutation_.PutInode(inode);
  relinked_.insert(inode.ino);
  return absl::OkStatus();
}

absl::Status Eraser::EraseInode(const Inode& inode) {
  OCA_RETURN_IF_ERROR(mutation_.DeleteAllXattrs(inode));
  mutation_.DeleteInode(inode);
  mutation_.CountInode(inode, -1);
  deleted_.push_back(inode);
  if (IsDir(inode)) ++used_;
  return absl::OkStatus();
}

// Takes the directory that was reached through parent_frame's entry out of its parent.
absl::Status Eraser::EraseFromParent(const DeletionFrame& parent_frame) {
  std::string value;
  OCA_ASSIGN_OR_RETURN(const bool exists,
                       impl_.db->Get(OrderKey(parent_frame.dir, parent_frame.cookie), &value));
  if (!exists) return absl::DataLossError("names: a directory's entry is missing");
  EntryValue entry;
  std::string_view name;
  OCA_RETURN_IF_ERROR(DecodeOrder(value, &entry, &name));
  OCA_ASSIGN_OR_RETURN(Inode parent, impl_.LoadDir(parent_frame.dir));
  parent.entries--;
  parent.nlink--;
  mutation_.PutInode(parent);
  mutation_.DeleteEntry(parent_frame.dir, name, parent_frame.cookie);
  return absl::OkStatus();
}

absl::Status Eraser::EraseOrphans() {
  Cursor cursor = impl_.db->Walk(std::string(1, kOrphanPrefix));
  for (; cursor.Valid() && !Full(); cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(const uint64_t ino, NumberOfKey(cursor.key()));
    OCA_ASSIGN_OR_RETURN(const Inode inode, impl_.LoadInode(InodeNo(ino)));
    if (inode.container != container_.id) continue;
    OCA_RETURN_IF_ERROR(EraseInode(inode));
    mutation_.DeleteOrphan(inode.ino);
    if (!IsDir(inode)) ++used_;
  }
  return cursor.status();
}

}  // namespace

absl::Status Names::StartDeleteContainer(ContainerId id, bool with_files) {
  absl::MutexLock lock(&impl_->mu);
  std::optional<Container> container = impl_->FindContainer(id);
  if (!container) return NoContainer(id);
  if (container->deleting) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(const Inode root, impl_->LoadDir(container->root));
  if (root.entries != 0 && !with_files) {
    return PosixError(ENOTEMPTY, fmt::format("the container \"{}\" holds files", container->name));
  }
  OCA_RETURN_IF_ERROR(impl_->CheckDeletable(*container));
  OCA_RETURN_IF_ERROR(impl_->CheckBinEmpty(*container));
  OCA_ASSIGN_OR_RETURN(Inode mount_root, impl_->LoadDir(kRootInode));
  OCA_ASSIGN_OR_RETURN(const EntryValue entry, impl_->LoadEntry(kRootInode, container->name));
  mount_root.entries--;
  mount_root.nlink--;
  mount_root.mtime_ns = mount_root.ctime_ns = impl_->NowNs();
  container->deleting = true;
  Mutation mutation(*impl_);
  mutation.PutContainer(*container);
  mutation.PutInode(mount_root);
  mutation.DeleteEntry(kRootInode, container->name, entry.cookie);
  return mutation.Write();
}

absl::StatusOr<bool> Names::DeleteContainerStep(ContainerId id, int budget,
                                                const std::function<void(const Inode&)>& deleted) {
  while (budget > 0) {
    std::vector<Inode> inodes;
    bool finished = false;
    {
      absl::MutexLock lock(&impl_->mu);
      const std::optional<Container> container = impl_->FindContainer(id);
      if (!container) return NoContainer(id);
      if (!container->deleting) {
        return PosixError(EBUSY, fmt::format("the container \"{}\" is in use", container->name));
      }
      DeletionPath& path = impl_->deletions[id];
      if (path.empty()) path.push_back({container->root, 0});
      Eraser eraser(*impl_, *container, std::min(budget, kBatchEntries));
      absl::Status status = eraser.Run(&path);
      finished = eraser.finished();
      if (!status.ok() || finished) impl_->deletions.erase(id);  // else start again from the root
      OCA_RETURN_IF_ERROR(status);
      inodes = eraser.TakeDeleted();
      for (const Inode& inode : inodes) impl_->ContentChanged(inode, nullptr);
      budget -= eraser.used();
    }
    for (const Inode& inode : inodes) deleted(inode);
    if (finished) return true;
  }
  return false;
}

}  // namespace oca::names
