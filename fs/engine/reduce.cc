// Deltas: chunks that resemble one that is held already are stored as what they have beyond it. The
// cleaner's thread alone does it, as it moves chunks. What keeps a base where a delta needs it is
// argued in docs/concurrency.md, "Deltas".
#include <algorithm>
#include <utility>

#include "fs/engine/chunk_store.h"
#include "fs/format/delta.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

// A delta must be at most this part of what the chunk takes now.
constexpr uint64_t kDeltaShare = 2;
// A pack is rewritten when so much of it is gained.
constexpr double kGainWorthCopying = 0.1;
// So many of the chunks that resemble one are tried.
constexpr size_t kMostTries = 3;

// What the chunk takes in its group, about.
uint64_t StoredShare(const format::FooterGroup& group, uint32_t length) {
  return uint64_t{group.stored_bytes} * length / std::max<uint32_t>(group.raw_bytes, 1);
}

}  // namespace

// The one place at which a base lies and will lie: where it has several, another call may prefer
// another one. What the sweep is about to move counts when it is sure to be moved.
std::optional<ChunkPlace> ChunkStore::UsableBase(const std::vector<ChunkPlace>& places) {
  std::optional<ChunkPlace> staying, moving;
  for (const ChunkPlace& place : places) {
    std::optional<ChunkPlace>& one = IsCondemned(place.pack) ? moving : staying;
    if (one || place.is_delta) return std::nullopt;
    one = place;
  }
  if (staying) return staying;
  if (moving && references_.Count(moving->pack, moving->ordinal) > 0) return moving;
  return std::nullopt;
}

std::optional<Fingerprint> ChunkStore::ChunkAt(const index::SimilarChunk& at) {
  if (packs_->IsOffline(at.pack)) return std::nullopt;
  if (auto open = FindOpen(at.pack)) return open->FingerprintAt(at.ordinal);
  {
    absl::MutexLock lock(&stats_mu_);
    if (!summaries_.contains(at.pack)) return std::nullopt;  // it was swept since
  }
  absl::StatusOr<FooterPtr> footer = GetFooter(at.pack);
  if (!footer.ok() || at.ordinal >= (*footer)->chunks.size()) return std::nullopt;
  return (*footer)->chunks[at.ordinal].fp;
}

absl::StatusOr<std::optional<Delta>> ChunkStore::DeltaAgainst(const Fingerprint& base,
                                                              std::string_view bytes,
                                                              size_t limit) {
  OCA_ASSIGN_OR_RETURN(const std::vector<ChunkPlace> places, PlacesOf(base));
  if (!UsableBase(places)) return std::nullopt;
  absl::StatusOr<Chunk> chunk = GetPlain(base);
  if (!chunk.ok()) return std::nullopt;  // it is not for this call to complain
  std::string delta = store::CompressDelta(bytes, chunk->bytes, limit);
  if (delta.empty()) return std::nullopt;
  return Delta{base, std::move(delta)};
}

// A delta for a chunk that no pack but `footer`'s holds, against the one that resembles it most.
absl::StatusOr<std::optional<Delta>> ChunkStore::SearchDelta(const format::PackFooter& footer,
                                                             uint32_t ordinal,
                                                             std::string_view bytes,
                                                             const chunk::Sketch& sketch) {
  const format::FooterChunk& chunk = footer.chunks[ordinal];
  const uint64_t limit = StoredShare(footer.groups[chunk.group], chunk.length) / kDeltaShare;
  if (limit <= format::kDeltaOverhead) return std::nullopt;
  if (references_.IsBase(footer.pack.pack_id, ordinal)) return std::nullopt;
  const std::vector<index::SimilarChunk> similar = reduction_.Find(sketch);
  if (similar.empty()) return std::nullopt;
  OCA_ASSIGN_OR_RETURN(const std::vector<ChunkPlace> places, PlacesOf(chunk.fp));
  if (places.size() != 1) return std::nullopt;
  for (size_t i = 0; i < std::min(similar.size(), kMostTries); ++i) {
    const std::optional<Fingerprint> base = ChunkAt(similar[i]);
    if (!base || *base == chunk.fp) continue;
    OCA_ASSIGN_OR_RETURN(std::optional<Delta> delta,
                         DeltaAgainst(*base, bytes, limit - format::kDeltaOverhead));
    if (delta) return delta;
  }
  return std::nullopt;
}

// How a chunk that is moved is to be stored: a delta stays one as long as its base can be relied
// on; what was never looked at is looked at now.
absl::StatusOr<std::optional<Delta>> ChunkStore::DeltaFor(const format::PackFooter& footer,
                                                          uint32_t ordinal, std::string_view bytes,
                                                          FoundInStep* found) {
  const FoundInStep::Place place{footer.pack.pack_id, ordinal};
  if (footer.chunks[ordinal].kind != format::ChunkKind::kData) return std::nullopt;
  if (footer.of_deltas())
    return DeltaAgainst(footer.bases[ordinal], bytes, bytes.size() / kDeltaShare);
  if (auto delta = found->deltas.find(place); delta != found->deltas.end()) return delta->second;
  if (found->sketches.contains(place)) return std::nullopt;
  const std::optional<chunk::Sketch> sketch = chunk::SketchOf(bytes);
  if (!sketch) return std::nullopt;
  found->sketches[place] = *sketch;
  if (reduction_.Examined(footer.pack.pack_id)) return std::nullopt;
  OCA_ASSIGN_OR_RETURN(std::optional<Delta> delta, SearchDelta(footer, ordinal, bytes, *sketch));
  if (!delta) reduction_.Insert(*sketch, {place.first, ordinal});
  return delta;
}

// The chunk is stored as a delta, or not at all: false. Before anything refers to it, its base is
// known to be needed, until BeginEpoch counts what the new pack needs.
absl::StatusOr<bool> ChunkStore::AddDelta(ContainerId container, std::string_view bytes,
                                          const Fingerprint& fp, Delta delta) {
  OCA_ASSIGN_OR_RETURN(const std::vector<ChunkPlace> places, PlacesOf(delta.base));
  const std::optional<ChunkPlace> base = UsableBase(places);
  if (!base || !references_.exact()) return false;
  references_.NoteBase(*base);
  marks_.Mark(base->pack, base->ordinal);
  delta.path = packs_->PathOf(base->pack);
  GatePass pass(&gc_gate_);
  absl::Status added =
      AddNew(kSweepDeltaLane, container, bytes, fp, format::ChunkKind::kData, &delta);
  if (absl::IsFailedPrecondition(added)) return false;  // the delta would lie in another path
  OCA_RETURN_IF_ERROR(added);
  return true;
}

absl::StatusOr<uint64_t> ChunkStore::Examine(const format::PackFooter& footer, const PauseFn& pause,
                                             FoundInStep* found) {
  const PackId pack = footer.pack.pack_id;
  uint64_t gain = 0;
  for (const format::FooterGroup& group : footer.groups) {
    if (footer.chunks[group.first_chunk].kind != format::ChunkKind::kData) continue;
    OCA_RETURN_IF_ERROR(pause());
    const std::span<const format::FooterChunk> chunks = footer.ChunksOf(group);
    OCA_ASSIGN_OR_RETURN(GroupBytes raw, ReadGroup(pack, group, chunks));
    for (uint32_t i = 0; i < group.chunk_count; ++i) {
      const uint32_t ordinal = group.first_chunk + i;
      if (references_.Count(pack, ordinal) == 0) continue;
      const std::string_view bytes =
          std::string_view(raw).substr(chunks[i].offset_in_group, chunks[i].length);
      OCA_ASSIGN_OR_RETURN(std::optional<Delta> delta, DeltaFor(footer, ordinal, bytes, found));
      if (!delta) continue;
      gain += StoredShare(group, chunks[i].length) - delta->bytes.size() - format::kDeltaOverhead;
      found->deltas[{pack, ordinal}] = *std::move(delta);
    }
  }
  return gain;
}

// The pack is not rewritten: all its chunks stay plain, and others may resemble them.
void ChunkStore::KeepPlain(const format::PackFooter& footer, FoundInStep* found) {
  for (uint32_t i = 0; i < footer.chunks.size(); ++i) {
    const FoundInStep::Place place{footer.pack.pack_id, i};
    if (found->deltas.erase(place) > 0) reduction_.Insert(found->sketches[place], {place.first, i});
  }
}

SweepPlan ChunkStore::PlanReduction() {
  SweepPlan plan;
  absl::MutexLock lock(&stats_mu_);
  for (const auto& [id, summary] : summaries_) {
    if (reduction_.Examined(id) || packs_->IsOffline(id)) continue;
    plan.packs.push_back({id, summary.file_bytes, 0});
    plan.copied_bytes += summary.file_bytes;
  }
  return plan;
}

uint64_t ChunkStore::UnreducedBytes() {
  const uint64_t examined = reduction_.examined_packs();
  {
    absl::MutexLock lock(&stats_mu_);
    const std::pair now(pack_changes_, examined);
    if (unreduced_at_ == now) return unreduced_bytes_;
    unreduced_at_ = now;
  }
  const uint64_t bytes = PlanReduction().copied_bytes;
  absl::MutexLock lock(&stats_mu_);
  return unreduced_bytes_ = bytes;
}

absl::StatusOr<SweepResult> ChunkStore::ReducePacks(std::span<const SweepPlan::Pack> packs,
                                                    const PauseFn& pause) {
  FoundInStep found;
  std::vector<FooterPtr> chosen;
  uint64_t saved = 0;
  for (const SweepPlan::Pack& pack : packs) {
    absl::StatusOr<FooterPtr> footer = GetFooter(pack.id);
    if (store::IsPathMissing(footer.status())) continue;
    if (!footer.ok()) {
      reduction_.NoteExamined(pack.id);  // until it is repaired
      continue;
    }
    if (!references_.HasPack(pack.id)) continue;  // it came in this epoch
    absl::StatusOr<uint64_t> gain = uint64_t{0};
    if (!(*footer)->of_deltas()) gain = Examine(**footer, pause, &found);
    if (!gain.ok() && !absl::IsDataLoss(gain.status())) return gain.status();
    reduction_.NoteExamined(pack.id);  // a damaged one too: it stays as it is
    if (gain.ok() && *gain > 0 &&
        static_cast<double>(*gain) >= kGainWorthCopying * static_cast<double>(pack.live_bytes)) {
      chosen.push_back(*std::move(footer));
      saved += *gain;
    } else {
      KeepPlain(**footer, &found);
    }
  }
  OCA_ASSIGN_OR_RETURN(SweepResult result, Sweep(std::move(chosen), pause, &found));
  result.bytes_saved = saved;
  return result;
}

void ChunkStore::SaveReduction() {
  absl::Status saved = reduction_.Save(SnapshotFiles(), ReductionPath());
  if (saved.ok()) return;
  log::Warning("what is known of similar chunks was not saved; packs are looked through again",
               "group", options_.group.value, "error", MessageOf(saved));
}

}  // namespace oca::engine
