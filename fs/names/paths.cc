// From inodes back to their names.
#include <utility>

#include "fs/names/directory_paths.h"
#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

constexpr size_t kMaxPathDepth = 1u << 16;

}  // namespace

absl::StatusOr<std::string> DirectoryPaths::Of(InodeNo dir) {
  std::vector<Inode> up;
  std::string path;
  for (InodeNo at = dir; at != kRootInode;) {
    if (auto it = known_.find(at); it != known_.end()) {
      path = it->second;
      break;
    }
    if (up.size() > kMaxPathDepth) return absl::DataLossError("names: directories form a circle");
    OCA_ASSIGN_OR_RETURN(Inode inode, impl_.LoadInode(at));
    at = inode.parent;
    up.push_back(std::move(inode));
  }
  for (; !up.empty(); up.pop_back()) {
    OCA_ASSIGN_OR_RETURN(std::string name, NameOf(up.back()));
    path += "/" + name;
    known_[up.back().ino] = path;
  }
  return path;
}

absl::StatusOr<std::string> DirectoryPaths::NameOf(const Inode& dir) const {
  if (dir.recycled_ns != 0) {
    OCA_ASSIGN_OR_RETURN(RecycledName recycled, impl_.LoadRecycledName(dir));
    return std::move(recycled.name);
  }
  Cursor cursor = impl_.db->Walk(NumberedPrefix(kEntryPrefix, dir.parent.value));
  for (; cursor.Valid(); cursor.Next()) {
    OCA_ASSIGN_OR_RETURN(const EntryValue entry, DecodeEntry(cursor.value()));
    if (entry.ino == dir.ino) return std::string(TailOfKey(cursor.key()));
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  return absl::NotFoundError("names: a directory has no name");
}

absl::StatusOr<absl::flat_hash_map<InodeNo, std::vector<std::string>>> Names::PathsOf(
    const absl::flat_hash_set<InodeNo>& inodes) const {
  absl::flat_hash_map<InodeNo, std::vector<std::string>> paths;
  if (inodes.empty()) return paths;
  DirectoryPaths directories(*impl_);
  Cursor cursor = impl_->db->Walk(std::string(1, kEntryPrefix), nullptr, /*fill_cache=*/false);
  for (; cursor.Valid(); cursor.Next()) {
    absl::StatusOr<EntryValue> entry = DecodeEntry(cursor.value());
    if (!entry.ok() || !inodes.contains(entry->ino)) continue;
    OCA_ASSIGN_OR_RETURN(const uint64_t parent, NumberOfKey(cursor.key()));
    absl::StatusOr<std::string> path = directories.Of(InodeNo(parent));
    if (!path.ok()) continue;  // renamed or removed meanwhile, or a fault of its own
    paths[entry->ino].push_back(*path + "/" + std::string(TailOfKey(cursor.key())));
  }
  OCA_RETURN_IF_ERROR(cursor.status());
  for (const InodeNo ino : inodes) {
    if (paths.contains(ino)) continue;
    const absl::StatusOr<Inode> inode = impl_->LoadInode(ino);
    if (!inode.ok() || inode->recycled_ns == 0) continue;
    const absl::StatusOr<RecycledName> recycled = impl_->LoadRecycledName(*inode);
    if (!recycled.ok()) continue;  // as above
    const absl::StatusOr<std::string> dir = directories.Of(recycled->parent);
    paths[ino].push_back((dir.ok() ? *dir : "?") + "/" + recycled->name + " (in the recycle bin)");
  }
  return paths;
}

}  // namespace oca::names
