// Inside oca_tree: the tree that Apply changes, read no further than asked.
#ifndef OCA_FS_TREE_OLD_TREE_H_
#define OCA_FS_TREE_OLD_TREE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "fs/tree/node.h"

namespace oca::tree {

using Refs = std::shared_ptr<const std::vector<Ref>>;

// A node of the old tree and the file range that it covers.
struct OldNode {
  uint64_t begin = 0;
  uint64_t end = 0;
  Ref ref;
};

// Not thread-safe. `root` must outlive it and satisfy CheckRoot. The root's own entries count as a
// node of level root.height that is not stored.
class OldTree {
 public:
  OldTree(NodeStore& store, const Root& root)
      : store_(store), root_(root), length_(root.length()) {}

  uint64_t length() const { return length_; }
  uint32_t height() const { return root_.height; }
  // The node of `level` that covers `offset` (< length()). Reads the nodes above it.
  absl::StatusOr<OldNode> Find(uint32_t level, uint64_t offset);
  absl::StatusOr<Refs> Load(uint32_t level, const OldNode& node);

 private:
  NodeStore& store_;
  const Root& root_;
  const uint64_t length_;
  // Nodes above level 0, so that each is read once; they are 1/256 of the whole.
  absl::flat_hash_map<Fingerprint, Refs> cache_;
};

// A place in one level of the old tree. Moves forward cheaply. Not thread-safe.
class OldCursor {
 public:
  OldCursor(OldTree& tree, uint32_t level) : tree_(tree), level_(level) {}

  // Moves to `offset` (< length of the file); does not read the node that covers it.
  absl::Status MoveTo(uint64_t offset);
  const OldNode& node() const { return node_; }
  // The entry at the offset last moved to.
  absl::StatusOr<PlacedRef> Entry();

 private:
  OldTree& tree_;
  const uint32_t level_;
  uint64_t offset_ = 0;
  OldNode node_;
  Refs entries_;  // of node_; null until asked for
  size_t index_ = 0;
  uint64_t entry_begin_ = 0;
};

}  // namespace oca::tree

#endif  // OCA_FS_TREE_OLD_TREE_H_
