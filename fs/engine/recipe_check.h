// Which files a damage affects: walks recipes and looks whether all that they refer to is held.
#ifndef OCA_FS_ENGINE_RECIPE_CHECK_H_
#define OCA_FS_ENGINE_RECIPE_CHECK_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "fs/engine/chunk_store.h"
#include "fs/tree/recipe.h"

namespace oca::engine {

// Of one storage group. Remembers what it saw, so that what many files share is looked at once. Not
// thread-safe.
class RecipeCheck {
 public:
  explicit RecipeCheck(ChunkStore* store) : store_(store) {}

  struct Loss {
    uint64_t chunks = 0;  // references to chunks that are held nowhere
    std::string error;    // of a part of the recipe that cannot be read
    bool none() const { return chunks == 0 && error.empty(); }
  };
  // kCancelled as soon as `stopping` is true.
  absl::StatusOr<Loss> Check(const tree::Root& root, const std::function<bool()>& stopping);

 private:
  absl::StatusOr<Loss> CheckRefs(uint32_t level, std::span<const tree::Ref> refs,
                                 const std::function<bool()>& stopping);
  absl::StatusOr<Loss> CheckNode(uint32_t level, const tree::Ref& ref,
                                 const std::function<bool()>& stopping);

  ChunkStore* const store_;
  absl::flat_hash_set<Fingerprint> held_;             // chunks
  absl::flat_hash_set<Fingerprint> sound_;            // nodes with all below them
  absl::flat_hash_map<Fingerprint, Loss> not_sound_;  // nodes, few
};

}  // namespace oca::engine

#endif  // OCA_FS_ENGINE_RECIPE_CHECK_H_
