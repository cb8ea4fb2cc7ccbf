// The cleaner's part that touches packs: decide, copy live chunks forward, unlink. Why this is safe
// beside ingest and reads is argued in docs/concurrency.md.
#include <algorithm>
#include <utility>

#include "fs/engine/chunk_store.h"
#include "lib/base/status.h"

namespace oca::engine {
namespace {

// A pack is rewritten when at least this share of its plain bytes is dead.
constexpr double kDeadShareWorthCopying = 0.05;

}  // namespace

std::vector<PackId> ChunkStore::BeginEpoch() {
  {
    absl::MutexLock gc_lock(&gc_mu_);
    live_ = std::make_unique<LiveSet>();
  }
  return SealedPacks();
}

bool ChunkStore::MarkLive(const Fingerprint& fp) {
  absl::ReaderMutexLock gc_lock(&gc_mu_);
  return live_->Insert(fp);
}

void ChunkStore::EndEpoch() {
  absl::MutexLock gc_lock(&gc_mu_);
  live_ = nullptr;
  condemned_.clear();
}

// The same chunk also lies, readable, in a sealed pack with a higher id: that copy is the one to
// keep. The one with the highest id never answers true, so a chunk cannot lose all its copies.
bool ChunkStore::IsRedundant(const Fingerprint& fp, PackId pack) {
  std::vector<index::Location> places = index_.LookupAll(fp);
  if (places.size() < 2 && !quarantine_.HoldsAny(pack)) return false;
  for (const index::Location& at : places) {
    if (at.pack > pack && FindOpen(at.pack) == nullptr && GetAt(fp, at).ok()) return true;
  }
  return false;
}

bool ChunkStore::IsLive(const format::PackFooter& footer, const format::FooterChunk& chunk) {
  {
    absl::ReaderMutexLock gc_lock(&gc_mu_);
    if (!live_->Contains(chunk.fp)) return false;
  }
  return !IsRedundant(chunk.fp, footer.pack.pack_id);
}

bool ChunkStore::NeedsDamaged(const format::PackFooter& footer) {
  for (const format::FooterChunk& chunk : footer.chunks) {
    if (quarantine_.Holds(footer.pack.pack_id, footer.groups[chunk.group].file_offset) &&
        IsLive(footer, chunk)) {
      return true;
    }
  }
  return false;
}

bool ChunkStore::WorthSweeping(const format::PackFooter& footer) {
  if (footer.key == 0 && ActiveKey() != 0) return true;  // its chunks are encrypted as they move
  if (quarantine_.HoldsAny(footer.pack.pack_id)) return !NeedsDamaged(footer);
  uint64_t dead = 0, total = 0;
  for (const format::FooterChunk& chunk : footer.chunks) {
    total += chunk.length;
    if (!IsLive(footer, chunk)) dead += chunk.length;
  }
  return total == 0 ||
         static_cast<double>(dead) >= static_cast<double>(total) * kDeadShareWorthCopying;
}

absl::StatusOr<uint64_t> ChunkStore::CopyLive(const format::PackFooter& footer) {
  uint64_t copied = 0;
  for (const format::FooterGroup& group : footer.groups) {
    std::span<const format::FooterChunk> chunks(&footer.chunks[group.first_chunk],
                                                group.chunk_count);
    std::vector<const format::FooterChunk*> live;
    for (const format::FooterChunk& chunk : chunks) {
      if (IsLive(footer, chunk)) live.push_back(&chunk);
    }
    if (live.empty()) continue;
    OCA_ASSIGN_OR_RETURN(GroupBytes raw, ReadGroup(footer.pack.pack_id, group, chunks));
    for (const format::FooterChunk* chunk : live) {
      int lane = chunk->kind == format::ChunkKind::kNode ? kSweepNodeLane : kSweepDataLane;
      absl::ReaderMutexLock gc_lock(&gc_mu_);
      OCA_RETURN_IF_ERROR(
          AddNew(lane, group.container,
                 std::string_view(raw).substr(chunk->offset_in_group, chunk->length), chunk->fp,
                 chunk->kind));
    }
    uint64_t live_bytes = 0;
    for (const format::FooterChunk* chunk : live) live_bytes += chunk->length;
    copied += group.encoded_size * live_bytes / std::max<uint64_t>(group.raw_bytes, 1);
  }
  return copied;
}

absl::StatusOr<ChunkStore::SweepResult> ChunkStore::SweepPacks(std::span<const PackId> packs) {
  SweepResult result;
  std::vector<FooterPtr> chosen;
  for (PackId id : packs) {
    absl::StatusOr<FooterPtr> footer = GetFooter(id);
    if (footer.ok() && WorthSweeping(**footer)) chosen.push_back(*std::move(footer));
  }
  if (chosen.empty()) return result;
  {
    // From now on no Put counts on these packs; every earlier hit has marked its chunk live.
    absl::MutexLock gc_lock(&gc_mu_);
    for (const FooterPtr& footer : chosen) condemned_.insert(footer->pack.pack_id);
  }
  std::vector<FooterPtr> emptied;
  for (const FooterPtr& footer : chosen) {
    absl::StatusOr<uint64_t> copied = CopyLive(*footer);
    if (absl::IsDataLoss(copied.status()))
      continue;  // a damaged pack stays as it is: repair may still read parts of it
    if (!copied.ok()) return copied.status();
    result.bytes_copied += *copied;
    emptied.push_back(footer);
  }
  OCA_RETURN_IF_ERROR(Flush());
  for (const FooterPtr& footer : emptied) {
    PackId id = footer->pack.pack_id;
    for (uint32_t i = 0; i < footer->chunks.size(); ++i)
      index_.Erase(footer->chunks[i].fp, {id, i / 16});
    uint64_t bytes = 0;
    {
      absl::MutexLock lock(&stats_mu_);
      if (auto it = summaries_.find(id); it != summaries_.end()) bytes = it->second.file_bytes;
    }
    OCA_RETURN_IF_ERROR(packs_->Remove(id));
    RemoveSummary(id);
    options_.caches->footers.Erase({options_.group, id, kFooterPart});
    for (uint32_t g = 0; g < footer->groups.size(); ++g)
      options_.caches->groups.Erase({options_.group, id, g});
    result.bytes_removed += bytes;
    ++result.packs_removed;
  }
  return result;
}

}  // namespace oca::engine
