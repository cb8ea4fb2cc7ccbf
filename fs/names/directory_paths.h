// Paths of directories, from their inodes back to their names. Only fs/names includes this.
#ifndef OCA_FS_NAMES_DIRECTORY_PATHS_H_
#define OCA_FS_NAMES_DIRECTORY_PATHS_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "fs/names/impl.h"

namespace oca::names {

// Each directory is looked up once: what is renamed after that keeps its old path here. Not
// thread-safe; `impl` must outlive it.
class DirectoryPaths {
 public:
  explicit DirectoryPaths(const Names::Impl& impl) : impl_(impl) {}

  // "/container/folder"; "" for the mount's root. A directory in the recycle bin has the path that
  // it had. kNotFound: it, or one above it, has no name (any more).
  absl::StatusOr<std::string> Of(InodeNo dir);

 private:
  absl::StatusOr<std::string> NameOf(const Inode& dir) const;

  const Names::Impl& impl_;
  absl::flat_hash_map<InodeNo, std::string> known_;
};

}  // namespace oca::names

#endif  // OCA_FS_NAMES_DIRECTORY_PATHS_H_
