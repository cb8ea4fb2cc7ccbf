// Inside oca_tree: bounds and cut rule of nodes, and the checks that the readers share.
#ifndef OCA_FS_TREE_NODE_H_
#define OCA_FS_TREE_NODE_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "fs/tree/recipe.h"

namespace oca::tree {

inline constexpr size_t kMinNodeRefs = 64;
inline constexpr size_t kMaxNodeRefs = 1024;
// An entry ends a node with probability 1/192, so that a node has 64 + 192 entries on average.
inline constexpr uint32_t kCutBelow = static_cast<uint32_t>((uint64_t{1} << 32) / 192);
// Nodes but the last of a level have at least 64 entries and each entry covers a byte: 2^63 bytes
// need fewer levels.
inline constexpr uint32_t kMaxHeight = 12;

// Whether a node with `count` entries ends after `last`, the latest of them. The last four bytes of
// the fingerprint decide; a hole has none, so only the greatest count ends a node there.
inline bool EndsNode(size_t count, const Ref& last) {
  if (count < kMinNodeRefs) return false;
  if (count >= kMaxNodeRefs) return true;
  if (last.is_hole()) return false;
  uint32_t tail;
  std::memcpy(&tail, last.fp.bytes.data() + 28, sizeof tail);
  return tail < kCutBelow;
}

// The entries of the node that `ref` (an entry of `level` + 1) names. kDataLoss when they do not
// add up to what `ref` says.
absl::StatusOr<std::shared_ptr<const std::vector<Ref>>> LoadNode(NodeStore& store, uint32_t level,
                                                                 const Ref& ref);

// InvalidArgument when `root` cannot be one: wrong number of entries for its height, too high,
// impossible lengths.
absl::Status CheckRoot(const Root& root);

}  // namespace oca::tree

#endif  // OCA_FS_TREE_NODE_H_
