// Who refers to the chunks: counts of recipe roots that came and went, and marks of what files hold
// on to. The cleaner's thread alone calls these. The argument is in docs/concurrency.md.
#include <algorithm>
#include <utility>

#include "fs/engine/chunk_store.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr uint32_t kReferencesPerPause = 512;

}  // namespace

// A pack whose footer is damaged or that is gone holds nothing that can be found. Any other error
// may be a passing one: then nobody may conclude that the chunk is not there.
absl::StatusOr<std::vector<ChunkPlace>> ChunkStore::PlacesOf(const Fingerprint& fp) {
  std::vector<ChunkPlace> places;
  OCA_ASSIGN_OR_RETURN(std::vector<index::Location> locations, Places(fp));
  for (const index::Location& at : locations) {
    auto open = references_.HasPack(at.pack) ? nullptr : FindOpen(at.pack);
    if (open != nullptr) {
      if (auto ordinal = open->Find(fp, at.ordinal_block * 16, 16))
        places.push_back({at.pack, *ordinal, 0, open->of_deltas()});
      continue;
    }
    if (packs_->IsOffline(at.pack)) continue;  // it counts again when its path is back
    absl::StatusOr<FooterPtr> footer = GetFooter(at.pack);
    if (store::IsPathMissing(footer.status())) continue;
    if (absl::IsNotFound(footer.status()) || absl::IsDataLoss(footer.status())) continue;
    if (!footer.ok()) return footer.status();
    auto ordinal = FindInFooter(**footer, fp, at.ordinal_block);
    if (ordinal && !InQuarantine(**footer, *ordinal))
      places.push_back(
          {at.pack, *ordinal, (*footer)->chunks[*ordinal].length, (*footer)->of_deltas()});
  }
  return places;
}

const ChunkPlace* ChunkStore::Referenced(const std::vector<ChunkPlace>& places) const {
  for (const ChunkPlace& place : places) {
    if (references_.Count(place.pack, place.ordinal) > 0) return &place;
  }
  return nullptr;
}

const ChunkPlace& ChunkStore::Newest(const std::vector<ChunkPlace>& places) {
  return *std::max_element(places.begin(), places.end(),
                           [](const auto& a, const auto& b) { return a.pack < b.pack; });
}

const ChunkPlace& ChunkStore::CountedAt(const std::vector<ChunkPlace>& places) const {
  const ChunkPlace* counted = Referenced(places);
  return counted == nullptr ? Newest(places) : *counted;
}

absl::StatusOr<uint32_t> ChunkStore::AddReferences(const Fingerprint& fp, uint32_t references) {
  OCA_ASSIGN_OR_RETURN(std::vector<ChunkPlace> places, PlacesOf(fp));
  if (places.empty()) {
    uint32_t before = 0;
    for (uint32_t i = 0; i < references; ++i) before = references_.AddMissing(fp);
    return before;
  }
  return references_.Add(CountedAt(places), references);
}

absl::StatusOr<uint32_t> ChunkStore::DropReference(const Fingerprint& fp) {
  OCA_ASSIGN_OR_RETURN(std::vector<ChunkPlace> places, PlacesOf(fp));
  if (const ChunkPlace* place = Referenced(places)) return references_.Drop(*place);
  uint32_t left = 0;
  if (references_.DropMissing(fp, &left)) return left;
  references_.Invalidate();
  return absl::AbortedError("a reference is gone that was never counted");
}

absl::Status ChunkStore::AddBases(const format::PackFooter& footer) {
  for (const Fingerprint& base : footer.bases) {
    OCA_ASSIGN_OR_RETURN(std::vector<ChunkPlace> places, PlacesOf(base));
    std::erase_if(places, [](const ChunkPlace& place) { return place.is_delta; });
    if (places.empty()) {
      references_.AddMissing(base);
      continue;
    }
    const ChunkPlace& place = CountedAt(places);
    references_.Add(place, 1);
    references_.NoteBase(place);
  }
  return absl::OkStatus();
}

absl::Status ChunkStore::DropBases(const format::PackFooter& footer) {
  if (references_.compact()) return absl::OkStatus();  // the next run counts anew
  for (const Fingerprint& base : footer.bases) OCA_RETURN_IF_ERROR(DropReference(base).status());
  return absl::OkStatus();
}

absl::Status ChunkStore::CountRoot(const tree::Root& root, bool add, const PauseFn& pause) {
  uint32_t since_pause = 0;
  return tree::Visit(*this, root, [&](const Fingerprint& fp, bool is_node) -> absl::StatusOr<bool> {
    if (++since_pause % kReferencesPerPause == 0) OCA_RETURN_IF_ERROR(pause());
    OCA_ASSIGN_OR_RETURN(uint32_t others, add ? AddReferences(fp, 1) : DropReference(fp));
    return is_node && others == 0;
  });
}

absl::Status ChunkStore::CountFound() {
  for (const auto& [fp, references] : references_.TakeMissing())
    OCA_RETURN_IF_ERROR(AddReferences(fp, references).status());
  return absl::OkStatus();
}

absl::StatusOr<bool> ChunkStore::MarkHeld(const Fingerprint& fp) {
  OCA_ASSIGN_OR_RETURN(std::vector<ChunkPlace> places, PlacesOf(fp));
  if (Referenced(places) != nullptr) return false;
  for (const ChunkPlace& place : places) marks_.Mark(place.pack, place.ordinal);
  return true;
}

absl::Status ChunkStore::MarkHeldRoot(const tree::Root& root,
                                      absl::flat_hash_set<Fingerprint>* nodes_seen,
                                      const PauseFn& pause) {
  return tree::Visit(*this, root, [&](const Fingerprint& fp, bool is_node) -> absl::StatusOr<bool> {
    OCA_RETURN_IF_ERROR(pause());
    OCA_ASSIGN_OR_RETURN(bool unreferenced, MarkHeld(fp));
    return is_node && unreferenced && nodes_seen->insert(fp).second;
  });
}

absl::Status ChunkStore::MarkShared(std::span<const tree::Ref> refs) {
  if (!epoch_open_.load()) return absl::OkStatus();
  FooterPtr footer;
  GatePass pass(&gc_gate_);
  for (const tree::Ref& ref : refs) {
    if (ref.is_hole()) continue;
    OCA_ASSIGN_OR_RETURN(std::vector<index::Location> places, Places(ref.fp));
    for (const index::Location& at : places) {
      if (auto ordinal = ListedAt(ref.fp, at, &footer)) marks_.Mark(at.pack, *ordinal);
    }
  }
  return absl::OkStatus();
}

void ChunkStore::SetCountBudget(uint64_t bytes) {
  journal_.SetBudget(bytes / 4);
  most_counts_ = bytes - bytes / 4;
}

// A pack of deltas whose footer cannot be read does not say what it needs: it is mended, or nothing
// is swept.
absl::Status ChunkStore::MendPacksOfDeltas() {
  for (PackId id : PacksOfDeltas()) {
    if (references_.HasPack(id) || packs_->IsOffline(id)) continue;
    absl::Status readable = GetFooter(id).status();
    if (absl::IsDataLoss(readable) || ErrnoOf(readable) == ENODATA) {
      for (const std::string& done : RepairPack(id))
        log::Warning("a pack of deltas was repaired", "group", options_.group.value, "what", done);
      readable = GetFooter(id).status();
    }
    if (!readable.ok() && ErrnoOf(readable) != ENOENT && !store::IsPathMissing(readable))
      return readable;
  }
  return absl::OkStatus();
}

absl::Status ChunkStore::AddSealedPacks(const PauseFn& pause) {
  std::vector<FooterPtr> of_deltas;
  for (PackId id : SealedPacks()) {
    if (references_.HasPack(id) || packs_->IsOffline(id)) continue;
    absl::StatusOr<FooterPtr> footer = GetFooter(id);
    if (!footer.ok()) continue;  // it is not swept
    references_.AddPack(**footer);
    if ((*footer)->of_deltas()) of_deltas.push_back(*std::move(footer));
  }
  // Before any recipe is counted, so that a base is counted where it lies plain.
  for (const FooterPtr& footer : of_deltas) {
    OCA_RETURN_IF_ERROR(pause());
    OCA_RETURN_IF_ERROR(AddBases(*footer));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> ChunkStore::BeginEpoch(const PauseFn& pause) {
  marks_.Clear();
  epoch_open_ = true;
  gc_gate_.Quiesce();
  OCA_RETURN_IF_ERROR(MendPacksOfDeltas());
  const bool compact = index_.size() > most_counts_.load();
  const bool whole = compact || !references_.exact() || !journal_.counting();
  if (whole) references_.Reset(compact);
  swept_compactly_ = false;
  if (absl::Status added = AddSealedPacks(pause); !added.ok()) {
    references_.Invalidate();
    return added;
  }
  return whole;
}

void ChunkStore::EndEpoch() {
  {
    absl::MutexLock lock(&condemned_mu_);
    condemned_.clear();
  }
  epoch_open_ = false;
  marks_.Clear();
  if (!references_.compact()) return;
  swept_compactly_ = references_.exact();
  references_.Reset();
  journal_.Abandon();
}

bool ChunkStore::NeedsCount() {
  return pack_count() > 0 && !references_.exact() && !swept_compactly_.load();
}

}  // namespace oca::engine
