#include "lib/io/testing/pending_entry_ops.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace oca::io {
namespace {

using Key = std::pair<const MemoryNode*, std::string_view>;

Key KeyOf(const EntryOp::Place& place) { return {place.dir.get(), place.name}; }

bool MovesDirectory(const EntryOp& op) { return op.from && op.to && op.link.node->is_directory; }

void MakeDurable(const EntryOp& op) {
  if (op.from) {
    MemoryEntries& entries = op.from->dir->durable_entries;
    auto it = entries.find(op.from->name);
    if (it != entries.end() && it->second.id == op.link.id) entries.erase(it);
  }
  if (op.to) op.to->dir->durable_entries[op.to->name] = op.link;
}

// What the later, chosen changes need of the earlier ones.
class Needs {
 public:
  bool Meet(const EntryOp& op) const {
    for (const auto* place : {&op.from, &op.to}) {
      if (!*place) continue;
      if (names_.contains(KeyOf(**place)) || emptied_.contains((*place)->dir.get())) return true;
    }
    return directory_moves_ && MovesDirectory(op);
  }
  void Add(const EntryOp& op) {
    if (op.from) names_.insert(KeyOf(*op.from));
    if (op.to) names_.insert(KeyOf(*op.to));
    if (op.removed_dir != nullptr) emptied_.insert(op.removed_dir.get());
    directory_moves_ |= MovesDirectory(op);
  }

 private:
  std::set<Key> names_;  // a moved file's earlier places are among them
  std::set<const MemoryNode*> emptied_;
  bool directory_moves_ = false;
};

// The changes left out so far, and what cannot happen without them.
class LeftOut {
 public:
  bool Blocks(const EntryOp& op) const {
    if (links_.contains(op.link.id)) return true;
    if (op.removed_dir != nullptr && directories_.contains(op.removed_dir.get())) return true;
    if (directory_moves_ && MovesDirectory(op))
      return true;  // else a directory could end up in itself
    if (!op.to) return false;
    if (uncreated_.contains(op.to->dir.get())) return true;
    auto it = op.to->dir->durable_entries.find(op.to->name);
    if (it == op.to->dir->durable_entries.end()) return false;
    if (!op.replaces) return true;
    return it->second.node->is_directory ? it->second.node != op.removed_dir
                                         : op.link.node->is_directory;
  }
  void Add(const EntryOp& op) {
    links_.insert(op.link.id);
    if (op.from) directories_.insert(op.from->dir.get());
    if (op.to) directories_.insert(op.to->dir.get());
    if (!op.from) uncreated_.insert(op.link.node.get());
    directory_moves_ |= MovesDirectory(op);
  }

 private:
  std::set<uint64_t> links_;
  std::set<const MemoryNode*> directories_;  // whose entries they change
  std::set<const MemoryNode*> uncreated_;    // that they create
  bool directory_moves_ = false;
};

}  // namespace

void PendingEntryOps::Add(EntryOp op) {
  bool no_from = !op.from.has_value(), no_to = !op.to.has_value();
  pending_.push_back({std::move(op), no_from, no_to});
}

void PendingEntryOps::Sync(const MemoryNodePtr& dir) {
  for (Pending& pending : pending_) {
    if (pending.op.from && pending.op.from->dir == dir) pending.from_synced = true;
    if (pending.op.to && pending.op.to->dir == dir) pending.to_synced = true;
  }
  std::vector<bool> durable = ChooseDurable();
  if (std::find(durable.begin(), durable.end(), true) == durable.end()) return;
  std::vector<Pending> rest;
  for (size_t i = 0; i < pending_.size(); ++i) {
    if (durable[i]) {
      MakeDurable(pending_[i].op);
    } else {
      rest.push_back(std::move(pending_[i]));
    }
  }
  pending_ = std::move(rest);
}

std::vector<bool> PendingEntryOps::ChooseDurable() const {
  std::vector<bool> durable(pending_.size());
  Needs needs;
  for (size_t i = pending_.size(); i-- > 0;) {
    const Pending& pending = pending_[i];
    if (!(pending.from_synced && pending.to_synced) && !needs.Meet(pending.op)) continue;
    durable[i] = true;
    needs.Add(pending.op);
  }
  return durable;
}

void PendingEntryOps::LosePower(std::mt19937_64& rng) {
  enum class Fate { kLost, kKept, kKeptUpToCut, kRandom };
  auto fate = static_cast<Fate>(rng() % 4);
  size_t cut = rng() % (pending_.size() + 1);
  LeftOut left_out;
  for (size_t i = 0; i < pending_.size(); ++i) {
    const EntryOp& op = pending_[i].op;
    bool keep = fate == Fate::kKept || (fate == Fate::kKeptUpToCut && i < cut) ||
                (fate == Fate::kRandom && rng() % 2 == 0);
    if (keep && !left_out.Blocks(op)) {
      MakeDurable(op);
    } else {
      left_out.Add(op);
    }
  }
  pending_.clear();
}

}  // namespace oca::io
