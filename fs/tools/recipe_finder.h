// Finds the files of a storage group that nobody names any more.
#ifndef OCA_FS_TOOLS_RECIPE_FINDER_H_
#define OCA_FS_TOOLS_RECIPE_FINDER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fs/engine/chunk_store.h"
#include "fs/format/pack.h"
#include "fs/store/pack_store.h"
#include "fs/tools/findings.h"
#include "fs/tree/recipe.h"
#include "lib/base/ids.h"

namespace oca::ofsck {

struct FoundFile {
  Fingerprint fp = {};  // of the recipe's top node, or of the only chunk
  bool is_chunk = false;
  ContainerId container = {};  // that stored its first chunk; 0: not known
  tree::Root root = {};
};

// Reads footers three times and each recipe node once. Memory: 8 bytes and some for each chunk.
class RecipeFinder {
 public:
  RecipeFinder(store::PackStore& packs, engine::ChunkStore& chunks, Findings* findings)
      : packs_(packs), chunks_(chunks), findings_(findings) {}

  // In the order in which they lie in packs.
  absl::StatusOr<std::vector<FoundFile>> Find();

 private:
  // The first eight bytes of a fingerprint.
  using ShortFp = uint64_t;
  static ShortFp Short(const Fingerprint& fp);
  struct Node {
    uint32_t level = 0;
    std::vector<tree::Ref> refs;
  };

  template <typename Fn>
  absl::Status ForEachChunk(Fn fn);
  absl::StatusOr<Node> LoadNode(const Fingerprint& fp);
  absl::Status NoteReferences();
  absl::Status TakeTop(const Fingerprint& fp, std::vector<FoundFile>* files);
  // The first chunk of data below.
  absl::StatusOr<Fingerprint> FirstChunk(const std::vector<tree::Ref>& refs, uint32_t level);
  absl::Status NoteContainers(std::vector<FoundFile>* files);

  store::PackStore& packs_;
  engine::ChunkStore& chunks_;
  Findings* const findings_;
  absl::flat_hash_set<ShortFp> referenced_;  // by a node; then also what was taken
  absl::flat_hash_map<ShortFp, std::vector<size_t>> waiting_;  // first chunk -> files
};

}  // namespace oca::ofsck

#endif  // OCA_FS_TOOLS_RECIPE_FINDER_H_
