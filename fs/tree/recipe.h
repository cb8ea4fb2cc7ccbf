// The recipe of a file: a Merkle tree of chunk references. See docs/format/recipe.md.
//
// Level 0 entries are chunks and holes; each level above lists the nodes of the level below. Nodes
// are cut by content (a property of their last entry's fingerprint, with a least and a most count),
// encoded canonically, and stored as chunks of kind kNode, so equal contents with equal cuts give
// equal trees. A recipe with few entries is kept inline in its root.
//
// All functions are thread-safe as far as their NodeStore is. A recipe that contradicts itself is
// kDataLoss; errors of the NodeStore are handed on.
#ifndef OCA_FS_TREE_RECIPE_H_
#define OCA_FS_TREE_RECIPE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/ids.h"

namespace oca::tree {

// Reads and stores encoded nodes by fingerprint. Get verifies: wrong bytes are kDataLoss, never
// returned. The fingerprint that Put returns is a function of the bytes, never all zeros.
class NodeStore {
 public:
  virtual ~NodeStore() = default;
  virtual absl::StatusOr<std::shared_ptr<const std::string>> GetNode(const Fingerprint& fp) = 0;
  virtual absl::StatusOr<Fingerprint> PutNode(std::string_view encoded) = 0;
};

// Files are no longer than off_t can say.
inline constexpr uint64_t kMaxFileBytes = INT64_MAX;

// An entry of a node. In level 0: data (fp, length == data_length), a slice (data that is a part of
// its chunk) or hole (fp zero, data_length 0). Above: a node below (fp of the node, length and
// data_length summed over its subtree).
struct Ref {
  Fingerprint fp;
  uint64_t length = 0;       // bytes of file that it covers; > 0
  uint64_t data_length = 0;  // of them not in holes
  bool slice = false;        // the chunk may be longer than `skip` + `length`
  uint32_t skip = 0;         // of a slice: where in the chunk it begins
  bool is_hole() const { return data_length == 0 && fp == Fingerprint{}; }
  friend bool operator==(const Ref&, const Ref&) = default;
};
inline Ref DataRef(const Fingerprint& fp, uint64_t length) { return {fp, length, length}; }
inline Ref SliceRef(const Fingerprint& fp, uint32_t skip, uint64_t length) {
  return {fp, length, length, true, skip};
}
inline Ref HoleRef(uint64_t length) { return {{}, length, 0}; }

// A whole file's recipe. height 0: `entries` are level-0 refs, inline, at most kMaxInlineRefs.
// height h > 0: `entries` is one ref to a node of level h-1 (level 0 nodes list chunks). An empty
// file is Root{}. Apply makes all others.
struct Root {
  uint32_t height = 0;
  std::vector<Ref> entries;

  uint64_t length() const;
  uint64_t data_length() const;
  friend bool operator==(const Root&, const Root&) = default;
};
inline constexpr size_t kMaxInlineRefs = 4;
// No chunk is longer: a slice ends there at the latest.
inline constexpr uint64_t kMaxChunkBytes = 1u << 20;

// Root as it stands in an inode record. That of an empty file has no bytes.
std::string EncodeRoot(const Root& root);
absl::StatusOr<Root> DecodeRoot(std::string_view bytes);
// Node as it stands in a chunk. DecodeNode checks every bound; `level` must match what is stored.
std::string EncodeNode(uint32_t level, std::span<const Ref> entries);
// The level that an encoded node says it has.
absl::StatusOr<uint32_t> NodeLevel(std::string_view bytes);
absl::StatusOr<std::vector<Ref>> DecodeNode(uint32_t level, std::string_view bytes);

// Replaces file range [begin, end) by `refs`. begin and end lie on boundaries of level-0 entries of
// the root that it is applied to, but for holes, which may be split anywhere; begin <= end <= the
// file's length (begin == length appends), or end is UINT64_MAX = to the end of the file. The new
// refs may have another total length: what follows shifts.
struct Splice {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::vector<Ref> refs;
};
// The recipe after `splices` (ascending, not overlapping, offsets in the old file). Adjacent holes
// are merged. Nodes that are not touched are not read. The result depends only on the resulting
// sequence of level-0 refs, not on the history. InvalidArgument for splices that break the rules
// above, EFBIG when the file would be longer than kMaxFileBytes. On failure some nodes may have
// been put that nothing refers to.
absl::StatusOr<Root> Apply(NodeStore& store, const Root& root, std::vector<Splice> splices);

// Level-0 refs that lie in [begin, end) of `root`: a data ref cut by the border is given whole (its
// offset may be before begin or its end beyond end), a hole likewise. Reads only the nodes needed.
struct PlacedRef {
  uint64_t offset = 0;
  Ref ref;
  friend bool operator==(const PlacedRef&, const PlacedRef&) = default;
};
absl::StatusOr<std::vector<PlacedRef>> Lookup(NodeStore& store, const Root& root, uint64_t begin,
                                              uint64_t end);

// First offset >= from that is data (want_data) or hole; the file's length when there is none or
// `from` is not in the file.
absl::StatusOr<uint64_t> Seek(NodeStore& store, const Root& root, uint64_t from, bool want_data);

// Calls visit(fp, is_node) for each node and each chunk that `root` refers to, once for each
// reference, in file order, nodes before what they list. Where visit returns false for a node, the
// node is not read and its subtree skipped (seen already). Stops at the first error.
absl::Status Visit(
    NodeStore& store, const Root& root,
    const std::function<absl::StatusOr<bool>(const Fingerprint& fp, bool is_node)>& visit);

}  // namespace oca::tree

#endif  // OCA_FS_TREE_RECIPE_H_
