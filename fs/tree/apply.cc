// Changes a recipe level by level. The edits of a level are splices of its entries, told by offsets
// in the old file: each entry covers at least one byte, so an offset names it. Around each splice
// the level is cut anew from the begin of the first node touched until a cut falls on the begin of
// an old node; from there on the old nodes stand. What was replaced is a splice of the level above.
#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "fs/tree/old_tree.h"
#include "lib/base/status.h"

namespace oca::tree {
namespace {

absl::Status Misplaced(std::string_view what) {
  return absl::InvalidArgumentError("recipe: splice " + std::string(what));
}

// Checks and completes splices given by the caller.
absl::Status CheckSplices(uint64_t length, std::vector<Splice>& splices) {
  uint64_t kept_from = 0, kept = length;
  for (Splice& s : splices) {
    if (s.end == UINT64_MAX) s.end = length;
    if (s.begin > s.end || s.end > length) return Misplaced("beyond the end of the file");
    if (s.begin < kept_from) return Misplaced("before the one ahead of it");
    kept_from = s.end;
    kept -= s.end - s.begin;
  }
  for (const Splice& s : splices) {
    for (const Ref& ref : s.refs) {
      bool data = ref.data_length == ref.length && ref.fp != Fingerprint{};
      bool fits =
          !ref.slice || ref.length <= kMaxChunkBytes - std::min<uint64_t>(ref.skip, kMaxChunkBytes);
      if (ref.length == 0 || (!data && !ref.is_hole()) || !fits)
        return Misplaced("with a malformed ref");
      if (ref.length > kMaxFileBytes - kept) return PosixError(EFBIG, "recipe");
      kept += ref.length;
    }
  }
  return absl::OkStatus();
}

// The node put last: most often the top of the new tree, so it need not be read again.
struct LastPut {
  Ref ref;
  std::vector<Ref> entries;
};

// Cuts a sequence of entries of one level into nodes and puts them. Not thread-safe.
class NodeCutter {
 public:
  NodeCutter(NodeStore& store, uint32_t level, LastPut& last)
      : store_(store), level_(level), last_(last) {}

  // Adjacent holes become one, so a hole waits for what follows it.
  absl::Status Add(const Ref& ref) {
    if (ref.is_hole()) {
      hole_ += ref.length;
      return absl::OkStatus();
    }
    OCA_RETURN_IF_ERROR(EndHole());
    return Append(ref);
  }
  bool in_hole() const { return hole_ > 0; }
  absl::Status EndHole() {
    return hole_ > 0 ? Append(HoleRef(std::exchange(hole_, 0))) : absl::OkStatus();
  }
  // Whether a node ends here.
  bool at_cut() const { return pending_.empty() && hole_ == 0; }
  // Ends the last node of the level.
  absl::Status Finish() {
    OCA_RETURN_IF_ERROR(EndHole());
    return pending_.empty() ? absl::OkStatus() : Put();
  }
  // Entries since the last cut.
  std::vector<Ref>& pending() { return pending_; }
  // The nodes put so far.
  std::vector<Ref>& nodes() { return nodes_; }

 private:
  absl::Status Append(const Ref& ref) {
    pending_.push_back(ref);
    return EndsNode(pending_.size(), ref) ? Put() : absl::OkStatus();
  }
  absl::Status Put() {
    Ref node;
    for (const Ref& ref : pending_) {
      node.length += ref.length;
      node.data_length += ref.data_length;
    }
    OCA_ASSIGN_OR_RETURN(node.fp, store_.PutNode(EncodeNode(level_, pending_)));
    nodes_.push_back(node);
    last_.ref = node;
    last_.entries.swap(pending_);
    pending_.clear();
    return absl::OkStatus();
  }

  NodeStore& store_;
  const uint32_t level_;
  LastPut& last_;
  uint64_t hole_ = 0;  // bytes of a hole not yet appended
  std::vector<Ref> pending_;
  std::vector<Ref> nodes_;
};

class Applier {
 public:
  Applier(NodeStore& store, const Root& root) : store_(store), old_(store, root) {}

  absl::StatusOr<Root> Run(std::vector<Splice> splices) {
    OCA_RETURN_IF_ERROR(CheckSplices(old_.length(), splices));
    // The root's entries are one node that nothing joins, so the edit there is always whole.
    for (uint32_t level = 0; !whole_; ++level) {
      OCA_ASSIGN_OR_RETURN(splices, EditLevel(level, splices));
    }
    return Trim(*std::move(whole_));
  }

 private:
  // Applies `splices` to a level; returns those of the level above. Sets whole_ when one edit
  // covers the whole level: the old tree has nothing more to give.
  absl::StatusOr<std::vector<Splice>> EditLevel(uint32_t level, std::vector<Splice>& splices) {
    std::vector<Splice> edits;
    OldCursor old(old_, level);
    for (size_t next = 0; next < splices.size();) {
      NodeCutter cutter(store_, level, last_);
      OCA_ASSIGN_OR_RETURN(Splice edit, Recut(level, old, splices, &next, cutter));
      if (edit.begin == 0 && edit.end == old_.length()) {
        OCA_ASSIGN_OR_RETURN(whole_, BuildUp(level, cutter));
        return edits;
      }
      OCA_RETURN_IF_ERROR(cutter.Finish());
      edit.refs = std::move(cutter.nodes());
      edits.push_back(std::move(edit));
    }
    return edits;
  }

  // Gives `cutter` the entries of the nodes touched by splices[*next] and by those that meet it,
  // with the splices done, up to the first cut that the old tree has too. Moves *next past them.
  // Returns the range of the old file that these entries replace.
  absl::StatusOr<Splice> Recut(uint32_t level, OldCursor& old, std::vector<Splice>& splices,
                               size_t* next, NodeCutter& cutter) {
    Splice range;
    // The entry before the splice is touched too: it may be a hole that grows, or the last of all.
    if (uint64_t begin = splices[*next].begin; begin > 0) {
      OCA_RETURN_IF_ERROR(old.MoveTo(begin - 1));
      range.begin = old.node().begin;
    }
    const size_t first = *next;
    for (uint64_t at = range.begin;;) {
      if (*next < splices.size() && splices[*next].begin == at) {
        Splice& s = splices[(*next)++];
        for (const Ref& ref : s.refs) OCA_RETURN_IF_ERROR(cutter.Add(ref));
        std::vector<Ref>().swap(s.refs);
        at = s.end;
        continue;
      }
      range.end = at;
      if (at == old_.length()) {
        OCA_RETURN_IF_ERROR(cutter.EndHole());
        return range;
      }
      OCA_RETURN_IF_ERROR(old.MoveTo(at));
      if (level < old_.height() && *next > first && at == old.node().begin) {
        OCA_ASSIGN_OR_RETURN(bool joined, JoinsOld(old, cutter));
        if (joined) return range;
      }
      uint64_t limit = *next < splices.size() ? splices[*next].begin : UINT64_MAX;
      OCA_ASSIGN_OR_RETURN(at, Copy(old, at, limit, cutter));
    }
  }

  // Whether the cutter stands at a cut and the old node at the cursor may follow as it is.
  static absl::StatusOr<bool> JoinsOld(OldCursor& old, NodeCutter& cutter) {
    if (cutter.in_hole()) {
      OCA_ASSIGN_OR_RETURN(PlacedRef entry, old.Entry());
      if (entry.ref.is_hole()) return false;  // the two become one
      OCA_RETURN_IF_ERROR(cutter.EndHole());
    }
    return cutter.at_cut();
  }

  // Adds the old entry at `at`, up to `limit`; returns where it ends.
  static absl::StatusOr<uint64_t> Copy(OldCursor& old, uint64_t at, uint64_t limit,
                                       NodeCutter& cutter) {
    OCA_ASSIGN_OR_RETURN(PlacedRef entry, old.Entry());
    uint64_t end = std::min(entry.offset + entry.ref.length, limit);
    if (end - at != entry.ref.length) {
      if (!entry.ref.is_hole()) return Misplaced("inside a chunk");
      entry.ref = HoleRef(end - at);
    }
    OCA_RETURN_IF_ERROR(cutter.Add(entry.ref));
    return end;
  }

  // The root over a level of which `cutter` holds all entries.
  absl::StatusOr<Root> BuildUp(uint32_t level, NodeCutter& cutter) {
    if (cutter.nodes().empty() && cutter.pending().size() <= (level == 0 ? kMaxInlineRefs : 1)) {
      if (cutter.pending().empty()) return Root{};
      return Root{level, std::move(cutter.pending())};
    }
    OCA_RETURN_IF_ERROR(cutter.Finish());
    std::vector<Ref> refs = std::move(cutter.nodes());
    for (++level; refs.size() > 1; ++level) {
      NodeCutter above(store_, level, last_);
      for (const Ref& ref : refs) OCA_RETURN_IF_ERROR(above.Add(ref));
      OCA_RETURN_IF_ERROR(above.Finish());
      refs = std::move(above.nodes());
    }
    return Root{level, std::move(refs)};
  }

  // Takes off levels that one node needs no more. This happens when all before an untouched last
  // node was removed.
  absl::StatusOr<Root> Trim(Root root) {
    while (root.height > 0) {
      const Ref& top = root.entries[0];
      std::vector<Ref> entries;
      if (top == last_.ref) {
        entries = last_.entries;
      } else {
        OCA_ASSIGN_OR_RETURN(auto loaded, LoadNode(store_, root.height - 1, top));
        entries = *loaded;
      }
      if (entries.size() > (root.height == 1 ? kMaxInlineRefs : 1)) break;
      root = Root{root.height - 1, std::move(entries)};
    }
    return root;
  }

  NodeStore& store_;
  OldTree old_;
  LastPut last_;
  std::optional<Root> whole_;
};

}  // namespace

absl::StatusOr<Root> Apply(NodeStore& store, const Root& root, std::vector<Splice> splices) {
  OCA_RETURN_IF_ERROR(CheckRoot(root));
  if (splices.empty()) return root;
  return Applier(store, root).Run(std::move(splices));
}

}  // namespace oca::tree
