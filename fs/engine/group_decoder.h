// From what a pack holds of a group to the plain bytes of its chunks, each compared with its
// fingerprint.
#ifndef OCA_FS_ENGINE_GROUP_DECODER_H_
#define OCA_FS_ENGINE_GROUP_DECODER_H_

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/engine/caches.h"
#include "fs/engine/chunk.h"
#include "fs/format/pack.h"
#include "fs/store/group_keys.h"
#include "lib/base/ids.h"

namespace oca::engine {

// A group as it was read from its pack. `place` and `chunks` are of the pack's footer.
struct StoredGroup {
  PackId pack;
  const format::FooterGroup& place;
  std::span<const format::FooterChunk> chunks;
  std::string bytes;
};

// Thread-safe.
class GroupDecoder {
 public:
  // Gives a chunk that is stored plain: deltas are applied to such.
  using GetBase = std::function<absl::StatusOr<Chunk>(const Fingerprint&)>;

  // `keys`: of the storage group; null: it is never encrypted. Must outlive this.
  GroupDecoder(const store::GroupKeys* keys, GetBase get_base)
      : keys_(keys), get_base_(std::move(get_base)) {}

  // kDataLoss: damaged, unless OfBase says that it is whole.
  absl::StatusOr<GroupBytes> Decode(StoredGroup group) const;
  // Each of them; the more chunks are compared at once, the quicker (fs/chunk/sha256.h).
  std::vector<absl::StatusOr<GroupBytes>> DecodeAll(std::vector<StoredGroup> groups) const;

  // The group is whole, but what its deltas need cannot be read.
  static bool OfBase(const absl::Status& status);

 private:
  absl::StatusOr<GroupBytes> Expand(StoredGroup& group) const;
  absl::StatusOr<GroupBytes> ApplyDeltas(const format::DecodedGroup& group) const;

  const store::GroupKeys* const keys_;
  const GetBase get_base_;
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_GROUP_DECODER_H_
