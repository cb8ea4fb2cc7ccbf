// The cleaner's part that touches packs: choose, copy live chunks forward, unlink. Why this is safe
// beside ingest and reads is argued in docs/concurrency.md.
#include <algorithm>
#include <tuple>
#include <utility>

#include "fs/engine/chunk_store.h"
#include "lib/base/status.h"

namespace oca::engine {
namespace {

// A pack is rewritten when at least this share of its plain bytes is dead,
constexpr double kDeadShareWorthCopying = 0.05;
// or while more than this share of all plain bytes would stay dead otherwise.
constexpr double kDeadShareLeft = 0.01;

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 1 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

SweepPlan ChunkStore::PlanSweep() {
  struct Rated {
    SweepPlan::Pack pack;
    uint64_t dead_plain;
    double dead_share;
    bool must_move;
  };
  std::vector<Rated> all;
  SweepPlan plan;
  uint64_t plain = 0, dead = 0;
  const bool encrypting = ActiveKey() != 0;
  const bool moving = packs_->CanMove();
  const std::vector<PackLiveness> liveness = references_.Liveness();
  {
    absl::MutexLock lock(&stats_mu_);
    for (const PackLiveness& pack : liveness) {
      auto summary = summaries_.find(pack.pack);
      if (summary == summaries_.end()) continue;
      plain += pack.plain_bytes;
      dead += pack.dead_bytes;
      const double share = Share(pack.dead_bytes, pack.plain_bytes);
      const uint64_t bytes = summary->second.file_bytes;
      const auto dead_stored = static_cast<uint64_t>(share * static_cast<double>(bytes));
      plan.reclaimable_bytes += dead_stored;
      // An unencrypted pack of an encrypted group: its chunks are encrypted as they move. One whose
      // place is another one by now: they go there.
      const bool must_move =
          (encrypting && summary->second.key == 0) || (moving && packs_->ShallMove(pack.pack));
      all.push_back(
          {{pack.pack, bytes - dead_stored, dead_stored}, pack.dead_bytes, share, must_move});
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Rated& a, const Rated& b) { return a.dead_share > b.dead_share; });
  for (const Rated& rated : all) {
    const bool worth = rated.dead_share >= kDeadShareWorthCopying ||
                       (dead > 0 && Share(dead, plain) > kDeadShareLeft);
    if (!worth && !rated.must_move) continue;
    plan.packs.push_back(rated.pack);
    plan.copied_bytes += rated.pack.live_bytes;
    plan.freed_bytes += rated.pack.dead_bytes;
    dead -= rated.dead_plain;
  }
  // What frees space without taking any comes first; the rest in the order of arrival, so that what
  // survives of one stream lies together again.
  std::sort(plan.packs.begin(), plan.packs.end(), [](const auto& a, const auto& b) {
    return std::tuple(a.live_bytes > 0, a.id) < std::tuple(b.live_bytes > 0, b.id);
  });
  return plan;
}

// No other pack holds the chunk readably in its place: a copy that is referenced, but damaged, does
// not count.
bool ChunkStore::IsOnlyGoodCopy(const Fingerprint& fp, PackId pack) {
  if (references_.IsMissing(fp)) return true;
  bool wanted = false;
  absl::StatusOr<std::vector<index::Location>> places = Places(fp);
  if (!places.ok()) return true;
  for (const index::Location& at : *places) {
    if (at.pack == pack) continue;
    if (packs_->IsOffline(at.pack)) return true;  // nobody knows what it is like when it is back
    FooterPtr footer;
    const std::optional<uint32_t> ordinal = FindAt(fp, at, &footer);
    if (!ordinal) continue;
    if (references_.Count(at.pack, *ordinal) == 0 && !marks_.Marked(at.pack, *ordinal)) continue;
    if (GetAt(fp, at).ok()) return false;
    wanted = true;
  }
  return wanted;
}

bool ChunkStore::IsLive(const format::PackFooter& footer, uint32_t ordinal) {
  const PackId pack = footer.pack.pack_id;
  return references_.Count(pack, ordinal) > 0 || marks_.Marked(pack, ordinal) ||
         IsOnlyGoodCopy(footer.chunks[ordinal].fp, pack);
}

// The plan knows references only; here what is held counts too, so that a pack is not copied for
// nothing.
bool ChunkStore::WorthSweeping(const format::PackFooter& footer) {
  if (footer.key == 0 && ActiveKey() != 0) return true;
  if (packs_->ShallMove(footer.pack.pack_id) && packs_->CanMove()) return true;
  uint64_t dead = 0, total = 0;
  for (uint32_t i = 0; i < footer.chunks.size(); ++i) {
    total += footer.chunks[i].length;
    if (!IsLive(footer, i)) dead += footer.chunks[i].length;
  }
  return Share(dead, total) >= kDeadShareLeft;
}

absl::Status ChunkStore::CopyChunk(const format::PackFooter& footer, uint32_t ordinal,
                                   std::string_view bytes, FoundInStep* found) {
  const format::FooterChunk& chunk = footer.chunks[ordinal];
  const ContainerId container = footer.groups[chunk.group].container;
  OCA_ASSIGN_OR_RETURN(std::optional<Delta> delta, DeltaFor(footer, ordinal, bytes, found));
  if (delta) {
    OCA_ASSIGN_OR_RETURN(const bool added, AddDelta(container, bytes, chunk.fp, *std::move(delta)));
    if (added) return absl::OkStatus();
  }
  const int lane = chunk.kind == format::ChunkKind::kNode ? kSweepNodeLane : kSweepDataLane;
  GatePass pass(&gc_gate_);
  return AddNew(lane, container, bytes, chunk.fp, chunk.kind);
}

absl::StatusOr<uint64_t> ChunkStore::CopyLive(const format::PackFooter& footer,
                                              const format::FooterGroup& group,
                                              FoundInStep* found) {
  std::span<const format::FooterChunk> chunks = footer.ChunksOf(group);
  std::vector<uint32_t> live;
  for (uint32_t i = group.first_chunk; i < group.first_chunk + group.chunk_count; ++i) {
    if (IsLive(footer, i)) live.push_back(i);
  }
  if (live.empty()) return 0;
  OCA_ASSIGN_OR_RETURN(GroupBytes raw, ReadGroup(footer.pack.pack_id, group, chunks));
  uint64_t live_bytes = 0;
  for (const uint32_t ordinal : live) {
    const format::FooterChunk& chunk = footer.chunks[ordinal];
    OCA_RETURN_IF_ERROR(CopyChunk(
        footer, ordinal, std::string_view(raw).substr(chunk.offset_in_group, chunk.length), found));
    live_bytes += chunk.length;
  }
  return group.encoded_size * live_bytes / std::max<uint64_t>(group.raw_bytes, 1);
}

// Copies what lives in `packs`, of one container after the other, in the order of arrival. Returns
// those of which nothing is left behind: a damaged pack stays as it is, repair may still read parts
// of it.
absl::StatusOr<std::vector<ChunkStore::FooterPtr>> ChunkStore::CopyForward(
    std::vector<FooterPtr> packs, const PauseFn& pause, FoundInStep* found, SweepResult* result) {
  struct Piece {
    ContainerId container;
    size_t pack;
    const format::FooterGroup* group;
  };
  std::vector<Piece> pieces;
  for (size_t i = 0; i < packs.size(); ++i) {
    for (const format::FooterGroup& group : packs[i]->groups)
      pieces.push_back({group.container, i, &group});
  }
  std::stable_sort(pieces.begin(), pieces.end(),
                   [](const Piece& a, const Piece& b) { return a.container < b.container; });
  for (const Piece& piece : pieces) {
    if (packs[piece.pack] == nullptr) continue;
    // A step that began is carried through: its copies would be waste.
    if (absl::Status status = pause(); !status.ok() && !absl::IsCancelled(status)) return status;
    absl::StatusOr<uint64_t> copied = CopyLive(*packs[piece.pack], *piece.group, found);
    if (absl::IsDataLoss(copied.status()) || ErrnoOf(copied.status()) == ENOENT ||
        store::IsPathMissing(copied.status())) {
      packs[piece.pack] = nullptr;
      continue;
    }
    if (!copied.ok()) return copied.status();
    result->bytes_copied += *copied;
  }
  std::erase(packs, nullptr);
  return packs;
}

// The references of a pack's chunks now count at their copies, and what is known of them goes
// along.
absl::Status ChunkStore::MoveReferences(const format::PackFooter& footer,
                                        const FoundInStep& found) {
  const PackId pack = footer.pack.pack_id;
  for (uint32_t i = 0; i < footer.chunks.size(); ++i) {
    const uint32_t references = references_.Count(pack, i);
    const bool is_base = references_.IsBase(pack, i);
    if (references == 0 && !(is_base && marks_.Marked(pack, i))) continue;
    OCA_ASSIGN_OR_RETURN(std::vector<ChunkPlace> places, PlacesOf(footer.chunks[i].fp));
    std::erase_if(places, [&](const ChunkPlace& place) {
      return IsCondemned(place.pack) || (is_base && place.is_delta);
    });
    if (places.empty()) return absl::InternalError("a chunk that was copied is not found");
    const ChunkPlace& copy = Newest(places);
    references_.Add(copy, references);
    if (is_base) references_.NoteBase(copy);
    const auto sketch = found.sketches.find({pack, i});
    if (sketch != found.sketches.end() && !copy.is_delta)
      reduction_.Insert(sketch->second, {copy.pack, copy.ordinal});
  }
  return absl::OkStatus();
}

absl::Status ChunkStore::RemovePack(const format::PackFooter& footer, SweepResult* result) {
  const PackId id = footer.pack.pack_id;
  OCA_RETURN_IF_ERROR(DropBases(footer));
  result->bases_released += footer.bases.size();
  for (uint32_t i = 0; i < footer.chunks.size(); ++i)
    index_.Erase(footer.chunks[i].fp, {id, i / 16});
  uint64_t bytes = 0;
  {
    absl::MutexLock lock(&stats_mu_);
    if (auto it = summaries_.find(id); it != summaries_.end()) bytes = it->second.file_bytes;
  }
  // Its file may be gone already, and nobody have noticed.
  absl::Status removed = packs_->Remove(id);
  if (!removed.ok() && ErrnoOf(removed) != ENOENT) return removed;
  references_.RemovePack(id);
  RemoveSummary(id);
  options_.caches->footers.Erase({options_.group, id, kFooterPart});
  for (uint32_t g = 0; g < footer.groups.size(); ++g)
    options_.caches->groups.Erase({options_.group, id, g});
  result->bytes_removed += bytes;
  ++result->packs_removed;
  return absl::OkStatus();
}

absl::StatusOr<SweepResult> ChunkStore::SweepPacks(std::span<const SweepPlan::Pack> packs,
                                                   const PauseFn& pause) {
  std::vector<FooterPtr> chosen;
  for (const SweepPlan::Pack& pack : packs) {
    if (!references_.HasPack(pack.id)) continue;  // it was repaired since: other ordinals
    if (packs_->IsOffline(pack.id)) continue;
    absl::StatusOr<FooterPtr> footer = GetFooter(pack.id);
    if (footer.ok() && WorthSweeping(**footer)) chosen.push_back(*std::move(footer));
  }
  FoundInStep found;
  return Sweep(std::move(chosen), pause, &found);
}

absl::StatusOr<SweepResult> ChunkStore::Sweep(std::vector<FooterPtr> chosen, const PauseFn& pause,
                                              FoundInStep* found) {
  SweepResult result;
  if (chosen.empty()) return result;
  {
    absl::MutexLock lock(&condemned_mu_);
    for (const FooterPtr& footer : chosen) condemned_.insert(footer->pack.pack_id);
  }
  // From here on no Put counts on these packs, and every earlier hit has marked its chunk.
  gc_gate_.Quiesce();
  OCA_ASSIGN_OR_RETURN(std::vector<FooterPtr> emptied,
                       CopyForward(std::move(chosen), pause, found, &result));
  if (result.bytes_copied > 0) OCA_RETURN_IF_ERROR(Flush());
  for (const FooterPtr& footer : emptied) {
    // Damage came to light meanwhile: what was judged dead may be the last good copy. The next run
    // counts anew.
    if (!references_.exact()) break;
    absl::Status status = MoveReferences(*footer, *found);
    if (status.ok()) status = RemovePack(*footer, &result);
    if (status.ok()) continue;
    references_.Invalidate();  // some are counted twice now
    return status;
  }
  return result;
}

}  // namespace oca::engine
