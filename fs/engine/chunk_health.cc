// The health of packs: checked whole, taken out of use where they are damaged, mended where that
// costs nothing.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/chunk_store.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {

bool ChunkStore::TakeOutMissing(PackId pack) {
  {
    // The sweep condemns a pack before it removes the file, and forgets the one as the other.
    if (IsCondemned(pack)) return false;
    absl::MutexLock lock(&stats_mu_);
    if (!summaries_.contains(pack)) return false;
  }
  references_.RemovePack(pack);
  references_.Invalidate();
  index_.DropPacks({pack});
  RemoveSummary(pack);
  options_.caches->footers.Erase({options_.group, pack, kFooterPart});
  return true;
}

void ChunkStore::Reinstate(PackId pack, const format::FooterGroup& place,
                           std::span<const format::FooterChunk> chunks) {
  references_.Invalidate();  // what was missing is not
  quarantine_.Remove(pack, place.file_offset);
  for (uint32_t i = 0; i < chunks.size(); ++i) {
    index_.Insert(chunks[i].fp, {pack, (place.first_chunk + i) / 16}, IsPinned(chunks[i].kind));
  }
}

std::vector<std::string> ChunkStore::VerifyPack(PackId pack, uint64_t* chunks) {
  std::vector<std::string> faults;
  if (packs_->IsOffline(pack)) return faults;
  absl::Status header = packs_->CheckHeader(pack);
  if (store::IsPathMissing(header)) return faults;
  if (ErrnoOf(header) == ENOENT) {
    if (TakeOutMissing(pack)) {
      faults.push_back(fmt::format("pack {:016x} of storage group {}: its file is missing",
                                   pack.value, options_.group.value));
    }
    return faults;
  }
  if (!header.ok())
    faults.push_back(fmt::format("pack {:016x}: {}", pack.value, MessageOf(header)));
  absl::StatusOr<format::PackFooter> footer = packs_->ReadFooter(pack);
  if (store::IsPathMissing(footer.status())) return faults;
  if (!footer.ok()) {
    if (ErrnoOf(footer.status()) == ENOENT) return faults;  // swept meanwhile
    faults.push_back(fmt::format("pack {:016x}: {}", pack.value, MessageOf(footer.status())));
    // Nobody may count on what a footer in memory still says.
    options_.caches->footers.Erase({options_.group, pack, kFooterPart});
    quarantine_.NoteCheck(pack, false, NowSeconds());
    return faults;
  }
  for (const format::FooterGroup& group : footer->groups) {
    const std::span<const format::FooterChunk> peers = footer->ChunksOf(group);
    absl::StatusOr<GroupBytes> raw = ReadGroup(pack, group, peers);
    // A disk may fail to read once and then find the sector after all.
    if (ErrnoOf(raw.status()) == EIO && !absl::IsDataLoss(raw.status())) {
      raw = ReadGroup(pack, group, peers);
    }
    if (store::IsPathMissing(raw.status())) return faults;  // it is not known to be damaged
    *chunks += group.chunk_count;
    if (raw.ok()) {
      if (quarantine_.Holds(pack, group.file_offset)) Reinstate(pack, group, peers);
    } else if (ErrnoOf(raw.status()) == ENOENT) {
      return faults;  // swept meanwhile
    } else {
      if (ErrnoOf(raw.status()) == EIO && !GroupDecoder::OfBase(raw.status()))
        Distrust(pack, group, peers);
      if (CountLost(peers) > 0) faults.emplace_back(MessageOf(raw.status()));
    }
  }
  quarantine_.NoteCheck(pack, faults.empty(), NowSeconds());
  return faults;
}

absl::StatusOr<uint64_t> ChunkStore::SizeOnDisk(PackId pack) {
  OCA_ASSIGN_OR_RETURN(std::vector<store::PackInfo> present, packs_->List());
  for (const store::PackInfo& info : present) {
    if (info.id == pack) return info.size_bytes;
  }
  return PosixError(ENOENT, fmt::format("pack {:016x}", pack.value));
}

uint64_t ChunkStore::CountLost(std::span<const format::FooterChunk> chunks) {
  return static_cast<uint64_t>(std::count_if(
      chunks.begin(), chunks.end(), [this](const auto& chunk) { return !Holds(chunk.fp); }));
}

std::vector<ChunkStore::Damage> ChunkStore::DamageReport() {
  std::vector<Damage> report;
  for (const Quarantine::Entry& entry : quarantine_.List()) {
    Damage damage{entry.pack, entry.offset, absl::FromUnixSeconds(entry.found)};
    absl::StatusOr<FooterPtr> footer = GetFooter(entry.pack);
    if (!footer.ok()) {
      report.push_back(damage);
      continue;
    }
    for (const format::FooterGroup& group : (*footer)->groups) {
      if (group.file_offset != entry.offset) continue;
      damage.chunks = group.chunk_count;
      damage.chunks_lost = CountLost((*footer)->ChunksOf(group));
    }
    if (damage.chunks_lost > 0) report.push_back(damage);
  }
  return report;
}

absl::StatusOr<QuarantineCleared> ChunkStore::ClearQuarantine() {
  QuarantineCleared cleared;
  PackId verified;
  for (const Quarantine::Entry& entry : quarantine_.List()) {
    ++cleared.before;
    uint64_t chunks = 0;
    if (entry.pack != verified) VerifyPack(entry.pack, &chunks);  // what is damaged stays listed
    verified = entry.pack;
    ++(quarantine_.Holds(entry.pack, entry.offset) ? cleared.still_damaged : cleared.good_again);
  }
  OCA_ASSIGN_OR_RETURN(cleared.packs_deleted, packs_->RemoveSetAside());
  OCA_RETURN_IF_ERROR(quarantine_.Save());
  return cleared;
}

std::vector<std::string> ChunkStore::RepairPack(PackId pack) {
  std::vector<std::string> done;
  auto name = [&] { return fmt::format("pack {:016x}", pack.value); };
  if (absl::IsDataLoss(packs_->CheckHeader(pack))) {
    absl::Status mended = packs_->RepairHeader(pack);
    if (mended.ok()) done.push_back(fmt::format("{}: header written anew", name()));
  }
  const absl::Status readable = packs_->ReadFooter(pack).status();
  if ((absl::IsDataLoss(readable) || ErrnoOf(readable) == ENODATA) && FindOpen(pack) == nullptr) {
    absl::StatusOr<format::PackFooter> footer = packs_->Recover(pack);
    options_.caches->footers.Erase({options_.group, pack, kFooterPart});
    if (footer.ok()) {
      references_.RemovePack(pack);  // its chunks have other ordinals now
      references_.Invalidate();
      RemoveSummary(pack);
      absl::StatusOr<uint64_t> bytes = SizeOnDisk(pack);
      if (bytes.ok()) (void)TakeInPack(pack, *bytes);  // it was made just now
      done.push_back(fmt::format("{}: footer made anew from its {} whole groups", name(),
                                 footer->groups.size()));
    } else if (ErrnoOf(footer.status()) == ENOENT && TakeOutMissing(pack)) {
      done.push_back(fmt::format("{}: set aside, nothing in it is whole", name()));
    }
  }
  return done;
}

CheckProgress ChunkStore::check_progress() {
  CheckProgress progress;
  const int64_t now = NowSeconds();
  for (PackId pack : SealedPacks()) {
    const format::PackCheck check = quarantine_.CheckOf(pack, now);
    ++progress.packs;
    if (!check.verified) continue;
    ++progress.verified;
    progress.oldest = std::min(progress.oldest, absl::FromUnixSeconds(check.at));
  }
  return progress;
}

std::optional<store::PackInfo> ChunkStore::NextToCheck(absl::Time due, absl::Time due_if_never) {
  std::optional<store::PackInfo> next;
  absl::Time oldest = absl::InfiniteFuture();
  const int64_t now = NowSeconds();
  for (PackId pack : SealedPacks()) {
    const format::PackCheck check = quarantine_.CheckOf(pack, now);
    const absl::Time at = absl::FromUnixSeconds(check.at);
    if (packs_->IsOffline(pack)) continue;
    if (at > (check.verified ? due : due_if_never) || at >= oldest) continue;
    oldest = at;
    next = store::PackInfo{pack, 0};
  }
  if (!next) return next;
  absl::MutexLock lock(&stats_mu_);
  auto it = summaries_.find(next->id);
  if (it != summaries_.end()) next->size_bytes = it->second.file_bytes;
  return next;
}

}  // namespace oca::engine
