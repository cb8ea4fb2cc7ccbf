// Where chunks lie: the index in RAM, and what a sampled index needs beside it. Why ingest asks RAM
// alone and reads find every chunk: docs/decisions/0013.
#include <algorithm>
#include <utility>

#include "fs/engine/chunk_store.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

// Lookups on disk that one call of a look-ahead may cost.
constexpr int kMaxLookupsOnDisk = 64;

}  // namespace

void ChunkStore::UseFooter(const format::PackFooter& footer) {
  const PackId pack = footer.pack.pack_id;
  if (!index_.WantsNearby(pack)) return;
  std::vector<std::optional<Fingerprint>> chunks(footer.chunks.size());
  for (const format::FooterGroup& group : footer.groups) {
    if (quarantine_.Holds(pack, group.file_offset)) continue;
    for (uint32_t i = 0; i < group.chunk_count; ++i) {
      chunks[group.first_chunk + i] = footer.chunks[group.first_chunk + i].fp;
    }
  }
  index_.AddNearby(pack, chunks);
}

void ChunkStore::LookNearby(std::span<const Fingerprint> fps,
                            std::span<index::Candidates> candidates) {
  if (!index_.sampled()) return;
  bool more = false;
  for (size_t i = 0; i < fps.size(); ++i) {
    for (int k = 0; k < candidates[i].count; ++k) {
      const index::Location& at = candidates[i].at[k];
      if (!index_.WantsNearby(at.pack) || FindOpen(at.pack) != nullptr) continue;
      absl::StatusOr<FooterPtr> footer = GetFooter(at.pack);
      if (!footer.ok() || !FindInFooter(**footer, fps[i], at.ordinal_block)) continue;
      UseFooter(**footer);
      more = true;
    }
  }
  if (more) index_.LookupMany(fps, candidates);
}

void ChunkStore::LocateAll(std::span<const Fingerprint> fps,
                           std::span<index::Candidates> candidates) {
  index_.LookupMany(fps, candidates);
  if (!index_.sampled()) return;
  int lookups = 0;
  for (size_t i = 0; i < fps.size() && lookups < kMaxLookupsOnDisk; ++i) {
    if (candidates[i].count > 0) continue;
    ++lookups;
    absl::StatusOr<std::vector<index::Location>> places = index_.LookupAll(fps[i]);
    if (!places.ok()) return;
    for (const index::Location& at : *places) {
      if (FindOpen(at.pack) != nullptr) continue;
      absl::StatusOr<FooterPtr> footer = GetFooter(at.pack);
      if (!footer.ok() || !FindInFooter(**footer, fps[i], at.ordinal_block)) continue;
      UseFooter(**footer);
      index_.LookupMany(fps.subspan(i), candidates.subspan(i));
      break;
    }
  }
}

absl::StatusOr<std::vector<index::Location>> ChunkStore::Places(const Fingerprint& fp) {
  for (int attempt = 0;; ++attempt) {
    const uint64_t rebuilds = rebuilds_.load();
    absl::StatusOr<std::vector<index::Location>> places = index_.LookupAll(fp);
    if (!places.ok()) {
      if (attempt == 2) return places.status();
      OCA_RETURN_IF_ERROR(RebuildIndex(rebuilds, places.status()));
    } else if (!places->empty() || !AwaitRebuild(rebuilds)) {
      return places;
    }
  }
}

bool ChunkStore::AwaitRebuild(uint64_t seen) {
  if (rebuilding_.load()) absl::MutexLock wait(&rebuild_mu_);
  return rebuilds_.load() != seen;
}

absl::Status ChunkStore::RebuildIndex(uint64_t seen, const absl::Status& why) {
  absl::MutexLock lock(&rebuild_mu_);
  if (rebuilds_.load() != seen) return absl::OkStatus();  // another call did it
  log::Error("the index on disk is damaged and is rebuilt from the packs", "group",
             options_.group.value, "error", MessageOf(why));
  rebuilding_ = true;
  index_.Clear();
  // Open packs first: one that is sealed meanwhile comes twice, none is missed.
  std::vector<std::shared_ptr<OpenPack>> open;
  {
    absl::MutexLock open_lock(&open_mu_);
    for (const auto& [id, pack] : open_) open.push_back(pack);
  }
  for (const auto& pack : open) IndexPack(pack->id(), pack->Footer());
  absl::Status saved;
  for (PackId id : SealedPacks()) {
    absl::StatusOr<format::PackFooter> footer = packs_->ReadFooter(id);
    if (footer.ok()) {
      IndexPack(id, *footer);
    } else if (store::IsPathMissing(footer.status())) {
      ForgetPack(id);                                 // it is taken in when its path is back
    } else if (ErrnoOf(footer.status()) != ENOENT) {  // else it was swept meanwhile
      log::Error("a pack cannot be read", "group", options_.group.value, "pack", id.value, "error",
                 MessageOf(footer.status()));
    }
    if (index_.NeedsSave()) saved = SaveSnapshot();
  }
  rebuilding_ = false;
  ++rebuilds_;
  if (saved.ok()) saved = SaveSnapshot();
  if (!saved.ok()) {
    log::Warning("index snapshot was not saved; a restart will read more footers", "group",
                 options_.group.value, "error", MessageOf(saved));
  }
  return absl::OkStatus();
}

void ChunkStore::IndexPack(PackId id, const format::PackFooter& footer) {
  for (const format::FooterGroup& group : footer.groups) {
    if (quarantine_.Holds(id, group.file_offset)) continue;
    for (uint32_t i = group.first_chunk; i < group.first_chunk + group.chunk_count; ++i) {
      index_.Insert(footer.chunks[i].fp, {id, i / 16}, IsPinned(footer.chunks[i].kind));
    }
  }
}

}  // namespace oca::engine
