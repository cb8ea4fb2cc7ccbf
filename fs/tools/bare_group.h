// The chunks of one storage group, opened without names.
#ifndef OCA_FS_TOOLS_BARE_GROUP_H_
#define OCA_FS_TOOLS_BARE_GROUP_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "fs/engine/chunk_store.h"
#include "fs/store/storage_paths.h"
#include "lib/base/ids.h"
#include "lib/crypto/keys.h"
#include "lib/io/file_system.h"

namespace oca::ofsck {

// Its parts, in the order in which they must be made.
class BareGroup {
 public:
  // Recovers packs as the daemon's start does. `keys`: see store::GroupKeys; may be locked, then
  // the store refuses. `memory_bytes` bounds index and caches.
  static absl::StatusOr<std::unique_ptr<BareGroup>> Open(io::FileSystem& fs,
                                                         const std::string& repository, GroupId id,
                                                         std::unique_ptr<store::GroupKeys> keys,
                                                         uint64_t memory_bytes);

  engine::ChunkStore& chunks() { return *chunks_; }
  const store::GroupKeys& keys() const { return *keys_; }
  store::StoragePaths& paths() { return *paths_; }

 private:
  BareGroup(std::unique_ptr<store::GroupKeys> keys, uint64_t memory_bytes);

  const std::unique_ptr<store::GroupKeys> keys_;
  std::unique_ptr<store::StoragePaths> paths_;
  engine::Caches caches_;
  engine::WorkQueue workers_, sealers_;
  std::unique_ptr<engine::ChunkStore> chunks_;
};

}  // namespace oca::ofsck

#endif  // OCA_FS_TOOLS_BARE_GROUP_H_
