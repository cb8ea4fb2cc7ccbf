// From inodes back to their names.
#include <utility>

#include "fs/names/impl.h"
#include "lib/base/status.h"

namespace oca::names {
namespace {

// Paths of directories, each looked up once.
class DirectoryPaths {
 public:
  explicit DirectoryPaths(const Names::Impl& impl) : impl_(impl) {}

  // "/container/folder"; "" for the mount's root.
  absl::StatusOr<std::string> Of(InodeNo dir) {
    std::vector<InodeNo> up;
    std::string path;
    for (InodeNo at = dir; at != kRootInode;) {
      if (auto it = known_.find(at); it != known_.end()) {
        path = it->second;
        break;
      }
      if (up.size() > kMaxDepth) return absl::DataLossError("names: directories form a circle");
      up.push_back(at);
      OCA_ASSIGN_OR_RETURN(Inode inode, impl_.LoadInode(at));
      parents_[at] = inode.parent;
      at = inode.parent;
    }
    for (; !up.empty(); up.pop_back()) {
      OCA_ASSIGN_OR_RETURN(std::string name, NameIn(parents_[up.back()], up.back()));
      path += "/" + name;
      known_[up.back()] = path;
    }
    return path;
  }

 private:
  static constexpr size_t kMaxDepth = 1u << 16;

  absl::StatusOr<std::string> NameIn(InodeNo parent, InodeNo child) const {
    Cursor cursor = impl_.db->Walk(NumberedPrefix(kEntryPrefix, parent.value));
    for (; cursor.Valid(); cursor.Next()) {
      OCA_ASSIGN_OR_RETURN(const EntryValue entry, DecodeEntry(cursor.value()));
      if (entry.ino == child) return std::string(TailOfKey(cursor.key()));
    }
    OCA_RETURN_IF_ERROR(cursor.status());
    return absl::NotFoundError("names: a directory has no name");
  }

  const Names::Impl& impl_;
  absl::flat_hash_map<InodeNo, InodeNo> parents_;
  absl::flat_hash_map<InodeNo, std::string> known_;
};

}  // namespace

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
  return paths;
}

}  // namespace oca::names
