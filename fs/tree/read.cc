// Reading a recipe: range lookup, search for data or holes, and the walk over all that it refers
// to. Recursion is as deep as the tree is high, at most kMaxHeight.
#include <algorithm>
#include <optional>
#include <utility>

#include "fs/tree/node.h"
#include "lib/base/status.h"

namespace oca::tree {
namespace {

class RangeReader {
 public:
  RangeReader(NodeStore& store, uint64_t begin, uint64_t end)
      : store_(store), begin_(begin), end_(end) {}

  // Collects from `refs`, entries of `level` that start at `offset`.
  absl::Status Collect(uint32_t level, uint64_t offset, std::span<const Ref> refs) {
    for (const Ref& ref : refs) {
      if (offset >= end_) break;
      if (offset + ref.length > begin_) {
        if (level == 0) {
          found_.push_back({offset, ref});
        } else {
          OCA_ASSIGN_OR_RETURN(auto below, LoadNode(store_, level - 1, ref));
          OCA_RETURN_IF_ERROR(Collect(level - 1, offset, *below));
        }
      }
      offset += ref.length;
    }
    return absl::OkStatus();
  }
  std::vector<PlacedRef>& found() { return found_; }

 private:
  NodeStore& store_;
  const uint64_t begin_, end_;
  std::vector<PlacedRef> found_;
};

struct Search {
  NodeStore& store;
  uint64_t from;
  bool want_data;

  bool MayHold(const Ref& ref) const {
    return want_data ? ref.data_length > 0 : ref.data_length < ref.length;
  }

  // The first fitting offset among `refs`, entries of `level` that start at `offset`.
  absl::StatusOr<std::optional<uint64_t>> In(uint32_t level, uint64_t offset,
                                             std::span<const Ref> refs) {
    for (const Ref& ref : refs) {
      if (offset + ref.length > from && MayHold(ref)) {
        if (level == 0) return std::max(offset, from);
        OCA_ASSIGN_OR_RETURN(auto below, LoadNode(store, level - 1, ref));
        OCA_ASSIGN_OR_RETURN(auto hit, In(level - 1, offset, *below));
        if (hit) return hit;
      }
      offset += ref.length;
    }
    return std::nullopt;
  }
};

using VisitFn = std::function<absl::StatusOr<bool>(const Fingerprint& fp, bool is_node)>;

absl::Status VisitAll(NodeStore& store, uint32_t level, std::span<const Ref> refs,
                      const VisitFn& visit) {
  for (const Ref& ref : refs) {
    if (ref.is_hole()) continue;
    OCA_ASSIGN_OR_RETURN(bool enter, visit(ref.fp, level > 0));
    if (level == 0 || !enter) continue;
    OCA_ASSIGN_OR_RETURN(auto below, LoadNode(store, level - 1, ref));
    OCA_RETURN_IF_ERROR(VisitAll(store, level - 1, *below, visit));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<PlacedRef>> Lookup(NodeStore& store, const Root& root, uint64_t begin,
                                              uint64_t end) {
  OCA_RETURN_IF_ERROR(CheckRoot(root));
  if (begin >= end) return std::vector<PlacedRef>();
  RangeReader reader(store, begin, end);
  OCA_RETURN_IF_ERROR(reader.Collect(root.height, 0, root.entries));
  return std::move(reader.found());
}

absl::StatusOr<uint64_t> Seek(NodeStore& store, const Root& root, uint64_t from, bool want_data) {
  OCA_RETURN_IF_ERROR(CheckRoot(root));
  Search search{store, from, want_data};
  OCA_ASSIGN_OR_RETURN(auto hit, search.In(root.height, 0, root.entries));
  return hit.value_or(root.length());
}

absl::Status Visit(NodeStore& store, const Root& root, const VisitFn& visit) {
  OCA_RETURN_IF_ERROR(CheckRoot(root));
  return VisitAll(store, root.height, root.entries, visit);
}

}  // namespace oca::tree
