// What says that a folder is a storage path of a repository, and which paths a repository has. Byte
// maps in docs/format/paths.md. Pure: no I/O.
#ifndef OCA_FS_FORMAT_STORAGE_PATHS_H_
#define OCA_FS_FORMAT_STORAGE_PATHS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/format/repository.h"

namespace oca::format {

inline constexpr size_t kMaxStoragePaths = 64;
inline constexpr size_t kMaxStoragePathBytes = 4095;

// The file `oca-storage-path` in each storage path.
struct PathIdentity {
  RepositoryUuid path{};        // random, made once with the path
  RepositoryUuid repository{};  // that the packs belong to
  bool tier = false;            // packs of the performance tier only; else of all other groups
  friend bool operator==(const PathIdentity&, const PathIdentity&) = default;
};
inline constexpr size_t kPathIdentitySize = 64;
std::string EncodePathIdentity(const PathIdentity& identity);
// kDataLoss when the bytes are damaged; kFailedPrecondition when they are of a newer version.
absl::StatusOr<PathIdentity> DecodePathIdentity(std::string_view bytes);

// The file `storage-paths` in the repository.
struct StoragePath {
  RepositoryUuid uuid{};
  std::string dir;                // absolute
  bool tier = false;              // as in its identity
  bool draining = false;          // it takes no new packs, and those that it holds are moved away
  uint64_t drain_from_bytes = 0;  // in packs there when draining began
  friend bool operator==(const StoragePath&, const StoragePath&) = default;
};
std::string EncodeStoragePaths(const std::vector<StoragePath>& paths);
// Errors as above. What it returns has at most kMaxStoragePaths, each with an absolute folder.
absl::StatusOr<std::vector<StoragePath>> DecodeStoragePaths(std::string_view bytes);

// The file `pack-ids` in a storage group: packs in storage paths have ids below `bound`.
std::string EncodePackIdBound(uint64_t bound);
absl::StatusOr<uint64_t> DecodePackIdBound(std::string_view bytes);

}  // namespace oca::format

#endif  // OCA_FS_FORMAT_STORAGE_PATHS_H_
