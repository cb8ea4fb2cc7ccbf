#include <linux/fs.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

// More levels than any tree has: a chain that goes on is a circle.
constexpr int kMaxDepth = 1 << 26;

// Whether `ancestor` is `dir` or above it.
absl::StatusOr<bool> IsAtOrAbove(const Names::Impl& impl, InodeNo ancestor, InodeNo dir) {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    if (dir == ancestor) return true;
    if (dir == kRootInode) return false;
    OCA_ASSIGN_OR_RETURN(const Inode inode, impl.LoadInode(dir));
    dir = inode.parent;
  }
  return absl::DataLossError("names: directories form a circle");
}

// Both names of a rename with what they name. `from` and `to` are one object when the directory is
// the same.
struct Places {
  Inode from_dir;
  Inode to_dir;  // unused when the same
  bool same_dir = false;
  std::string_view from_name;
  std::string_view to_name;
  EntryValue from_entry;
  std::optional<EntryValue> to_entry;

  Inode& from() { return from_dir; }
  Inode& to() { return same_dir ? from_dir : to_dir; }
};

absl::StatusOr<Places> FindPlaces(const Names::Impl& impl, InodeNo parent, std::string_view name,
                                  InodeNo new_parent, std::string_view new_name, uint32_t flags) {
  Places at;
  at.from_name = name;
  at.to_name = new_name;
  at.same_dir = parent == new_parent;
  OCA_ASSIGN_OR_RETURN(at.from_dir, impl.LoadParent(parent));
  if (!at.same_dir) {
    OCA_ASSIGN_OR_RETURN(at.to_dir, impl.LoadParent(new_parent));
  }
  OCA_ASSIGN_OR_RETURN(at.from_entry, impl.LoadEntry(parent, name));
  if (at.from().container != at.to().container) return PosixAt(EXDEV, new_parent, new_name);
  OCA_ASSIGN_OR_RETURN(at.to_entry, impl.FindEntry(new_parent, new_name));
  if (at.to_entry && flags == RENAME_NOREPLACE) return PosixAt(EEXIST, new_parent, new_name);
  if (!at.to_entry && flags == RENAME_EXCHANGE) return PosixAt(ENOENT, new_parent, new_name);
  if (at.same_dir) return at;
  if (at.from_entry.type == S_IFDIR) {
    OCA_ASSIGN_OR_RETURN(const bool below, IsAtOrAbove(impl, at.from_entry.ino, new_parent));
    if (below) return PosixAt(EINVAL, new_parent, new_name);
  }
  if (flags == RENAME_EXCHANGE && at.to_entry->type == S_IFDIR) {
    OCA_ASSIGN_OR_RETURN(const bool below, IsAtOrAbove(impl, at.to_entry->ino, parent));
    if (below) return PosixAt(EINVAL, parent, name);
  }
  return at;
}

// What must hold for `from` to take the place of an existing `to`.
absl::Status CheckReplace(const Places& at, const Inode& replaced) {
  const bool from_is_dir = at.from_entry.type == S_IFDIR;
  if (from_is_dir && !IsDir(replaced)) return PosixError(ENOTDIR, "names: rename target");
  if (!from_is_dir && IsDir(replaced)) return PosixError(EISDIR, "names: rename target");
  if (IsDir(replaced) && replaced.entries != 0) {
    return PosixError(ENOTEMPTY, "names: rename target");
  }
  return absl::OkStatus();
}

// Moves a subdirectory's link, its "..", from one parent to the other.
void MoveDirLink(Inode* from, Inode* to, Inode* dir) {
  if (from == to || !IsDir(*dir)) return;
  from->nlink--;
  to->nlink++;
  dir->parent = to->ino;
}

void PutParents(Places* at, int64_t now, Mutation* mutation) {
  at->from().mtime_ns = at->from().ctime_ns = now;
  mutation->PutInode(at->from());
  if (at->same_dir) return;
  at->to().mtime_ns = at->to().ctime_ns = now;
  mutation->PutInode(at->to());
}

}  // namespace

absl::StatusOr<RenameResult> Names::Rename(InodeNo parent, std::string_view name,
                                           InodeNo new_parent, std::string_view new_name,
                                           uint32_t flags) {
  if (flags != 0 && flags != RENAME_NOREPLACE && flags != RENAME_EXCHANGE) {
    return PosixError(EINVAL, "names: rename flags");
  }
  OCA_RETURN_IF_ERROR(CheckName(name));
  OCA_RETURN_IF_ERROR(CheckName(new_name));
  absl::MutexLock lock(&impl_->mu);
  OCA_ASSIGN_OR_RETURN(Places at, FindPlaces(*impl_, parent, name, new_parent, new_name, flags));
  RenameResult result;
  OCA_ASSIGN_OR_RETURN(result.moved, impl_->LoadInode(at.from_entry.ino));
  if (at.to_entry && at.to_entry->ino == at.from_entry.ino) return result;  // two links of one file
  OCA_RETURN_IF_ERROR(impl_->CheckMovable(result.moved));
  const int64_t now = impl_->NowNs();
  Mutation mutation(*impl_);
  result.moved.ctime_ns = now;
  EntryValue moved_entry = at.from_entry;

  if (flags == RENAME_EXCHANGE) {
    OCA_ASSIGN_OR_RETURN(result.exchanged, impl_->LoadInode(at.to_entry->ino));
    OCA_RETURN_IF_ERROR(impl_->CheckMovable(*result.exchanged));
    result.exchanged->ctime_ns = now;
    MoveDirLink(&at.from(), &at.to(), &result.moved);
    MoveDirLink(&at.to(), &at.from(), &*result.exchanged);
    EntryValue exchanged_entry = *at.to_entry;
    std::swap(moved_entry.cookie, exchanged_entry.cookie);  // the names stay where they are
    mutation.PutEntry(parent, name, exchanged_entry);
    mutation.PutInode(*result.exchanged);
  } else {
    if (at.to_entry) {
      OCA_ASSIGN_OR_RETURN(result.replaced, impl_->LoadInode(at.to_entry->ino));
      OCA_RETURN_IF_ERROR(CheckReplace(at, *result.replaced));
      OCA_RETURN_IF_ERROR(impl_->CheckUnlocked(*result.replaced));
      impl_->DropLink(now, new_parent, new_name, &*result.replaced, &mutation);
      mutation.PutInode(*result.replaced);
      at.to().entries--;
      if (IsDir(*result.replaced)) at.to().nlink--;
    }
    MoveDirLink(&at.from(), &at.to(), &result.moved);
    at.from().entries--;
    at.to().entries++;
    mutation.DeleteEntry(parent, name, at.from_entry.cookie);
    // A name that was there keeps its place: a reader of the directory meets it once.
    moved_entry.cookie = at.to_entry ? at.to_entry->cookie : mutation.TakeNumber(&impl_->cookies);
  }
  if (at.from().nlink > kMaxLinks) return PosixAt(EMLINK, parent, name);
  if (at.to().nlink > kMaxLinks) return PosixAt(EMLINK, new_parent, new_name);
  mutation.PutEntry(new_parent, new_name, moved_entry);
  mutation.PutInode(result.moved);
  PutParents(&at, now, &mutation);
  OCA_RETURN_IF_ERROR(mutation.Write());
  return result;
}

}  // namespace oca::names
