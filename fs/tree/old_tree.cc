#include "fs/tree/old_tree.h"

#include <utility>

#include "lib/base/status.h"

namespace oca::tree {

absl::StatusOr<OldNode> OldTree::Find(uint32_t level, uint64_t offset) {
  OldNode at{0, length_, root_.height > 0 ? root_.entries[0] : Ref{}};
  for (uint32_t l = root_.height; l > level + 1; --l) {
    OCA_ASSIGN_OR_RETURN(Refs refs, Load(l - 1, at));
    // Lengths add up to that of `at` (LoadNode), so the search ends inside.
    size_t i = 0;
    while (offset - at.begin >= (*refs)[i].length) at.begin += (*refs)[i++].length;
    at.ref = (*refs)[i];
    at.end = at.begin + at.ref.length;
  }
  return at;
}

absl::StatusOr<Refs> OldTree::Load(uint32_t level, const OldNode& node) {
  if (level == root_.height) return std::make_shared<const std::vector<Ref>>(root_.entries);
  if (level == 0) return LoadNode(store_, level, node.ref);
  if (auto it = cache_.find(node.ref.fp); it != cache_.end()) return it->second;
  OCA_ASSIGN_OR_RETURN(Refs refs, LoadNode(store_, level, node.ref));
  cache_.emplace(node.ref.fp, refs);
  return refs;
}

absl::Status OldCursor::MoveTo(uint64_t offset) {
  offset_ = offset;
  if (offset >= node_.begin && offset < node_.end) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(node_, tree_.Find(level_, offset));
  entries_ = nullptr;
  return absl::OkStatus();
}

absl::StatusOr<PlacedRef> OldCursor::Entry() {
  if (entries_ == nullptr) {
    OCA_ASSIGN_OR_RETURN(entries_, tree_.Load(level_, node_));
    index_ = 0;
    entry_begin_ = node_.begin;
  } else if (offset_ < entry_begin_) {
    index_ = 0;
    entry_begin_ = node_.begin;
  }
  while (offset_ - entry_begin_ >= (*entries_)[index_].length) {
    entry_begin_ += (*entries_)[index_++].length;
  }
  return PlacedRef{entry_begin_, (*entries_)[index_]};
}

}  // namespace oca::tree
