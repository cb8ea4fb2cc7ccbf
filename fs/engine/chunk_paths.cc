// Packs in storage paths: what becomes of them when a path cannot be written, goes missing, or
// comes back. Why nothing is lost: docs/durability.md, "Storage paths".
#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/chunk_store.h"
#include "fs/format/storage_paths.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

// Ids are reserved on disk so many at a time.
constexpr uint64_t kReservedIds = 4096;

}  // namespace

absl::StatusOr<GroupBytes> ChunkStore::BytesOf(PackId pack, const OpenPack::Leaving& group) {
  if (!group.raw.empty()) return GroupBytes(group.raw);
  if (group.encoded.empty()) return ReadGroup(pack, group.place, group.chunks);
  return decoder_.Decode({pack, group.place, group.chunks, group.encoded});
}

// The chunks of one group, put anew; those that are held elsewhere are left out.
absl::Status ChunkStore::PutElsewhere(PackId pack, const OpenPack::Leaving& group) {
  OCA_ASSIGN_OR_RETURN(const GroupBytes raw, BytesOf(pack, group));
  for (const format::FooterChunk& chunk : group.chunks) {
    const int lane = IsPinned(chunk.kind) ? kSweepNodeLane : kSweepDataLane;
    GatePass pass(&gc_gate_);
    OCA_RETURN_IF_ERROR(AddNew(lane, group.place.container,
                               std::string_view(raw).substr(chunk.offset_in_group, chunk.length),
                               chunk.fp, chunk.kind));
  }
  return absl::OkStatus();
}

absl::Status ChunkStore::GiveUpPack(const std::shared_ptr<OpenPack>& pack) {
  absl::MutexLock one(&give_up_mu_);
  const PackId id = pack->id();
  if (FindOpen(id) == nullptr) return absl::OkStatus();  // another call did it
  for (Lane& lane : lanes_) {
    absl::MutexLock lock(&lane.mu);
    if (lane.pack == pack) lane.pack = nullptr;
  }
  const std::vector<OpenPack::Leaving> groups = pack->Retire();
  if (!pack->retired()) return absl::OkStatus();  // sealed after all
  bool left_behind = false;
  for (const OpenPack::Leaving& group : groups) {
    absl::Status moved = PutElsewhere(id, group);
    if (moved.ok()) continue;
    // What is durable there may wait for the path to come back.
    const bool durable = group.raw.empty() && group.encoded.empty();
    if (!durable || ErrnoOf(moved) == ENOSPC || ErrnoOf(moved) == EDQUOT) return moved;
    left_behind = true;
  }
  for (uint32_t g = 0, ordinal = 0; g < groups.size(); ++g) {
    for (const format::FooterChunk& chunk : groups[g].chunks) {
      if (!left_behind) index_.Erase(chunk.fp, {id, ordinal / 16});
      ++ordinal;
    }
  }
  log::Warning("what was being written to a storage path is written elsewhere", "group",
               options_.group.value, "pack", id.value, "groups", groups.size());
  references_.Invalidate();  // what was counted in this pack counts elsewhere
  {
    absl::MutexLock lock(&open_mu_);
    ++moves_;
    open_.erase(id);
    if (!left_behind) given_up_.push_back(id);
  }
  if (left_behind && !packs_->IsOffline(id)) return TakeInPack(id, 0);
  return absl::OkStatus();
}

// Once copies of all that they hold are durable, given up packs may go.
void ChunkStore::RemoveGivenUp(std::vector<PackId> packs) {
  for (PackId id : packs) {
    if (absl::Status removed = packs_->Remove(id);
        removed.ok() || ErrnoOf(removed) == ENOENT || store::IsPathMissing(removed)) {
      continue;  // in a path that is missing it is found when that is back
    }
    absl::MutexLock lock(&open_mu_);
    given_up_.push_back(id);
  }
}

bool ChunkStore::GiveUpAny(const std::vector<std::shared_ptr<OpenPack>>& failed,
                           absl::Status* result) {
  bool any = false;
  for (const std::shared_ptr<OpenPack>& pack : failed) {
    if (!pack->may_go_missing()) continue;
    if (absl::Status status = GiveUpPack(pack); status.ok()) {
      any = true;
    } else {
      *result = status;
    }
  }
  return any;
}

absl::Status ChunkStore::ReserveId(PackId id) {
  if (!packs_->has_paths()) return absl::OkStatus();
  absl::MutexLock lock(&ids_mu_);
  if (id.value < id_bound_) return absl::OkStatus();
  const uint64_t bound = id.value + kReservedIds;
  OCA_RETURN_IF_ERROR(
      io::WriteFileAtomically(*options_.fs, IdBoundPath(), format::EncodePackIdBound(bound)));
  id_bound_ = bound;
  return absl::OkStatus();
}

// Packs in a missing path may have ids that nobody here knows of.
absl::Status ChunkStore::SkipReservedIds() {
  if (!packs_->AnyOffline()) return absl::OkStatus();
  absl::StatusOr<std::string> bytes = io::ReadFile(*options_.fs, IdBoundPath());
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();  // no pack was made in a path
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<uint64_t> bound = format::DecodePackIdBound(*bytes);
  if (!bound.ok()) {
    return Annotate(bound.status(),
                    fmt::format("{}: with a storage path missing, nobody knows which packs there "
                                "are; bring the path back",
                                IdBoundPath()));
  }
  next_pack_id_.store(std::max(next_pack_id_.load(), *bound));
  return absl::OkStatus();
}

absl::Status ChunkStore::FollowPaths() {
  packs_->Settle();
  if (!opened_ || !packs_->has_paths()) return absl::OkStatus();
  absl::MutexLock follow(&follow_mu_);
  if (packs_->AnyOffline()) {
    for (const std::shared_ptr<OpenPack>& pack : OpenPacks()) {
      if (packs_->IsOffline(pack->id())) OCA_RETURN_IF_ERROR(GiveUpPack(pack));
    }
  }
  if (!packs_->Detach().empty()) references_.Invalidate();
  for (size_t path : packs_->Returned()) {
    const absl::Status attached = AttachPath(path);
    if (!attached.ok() && !store::IsPathMissing(attached)) return attached;
  }
  return absl::OkStatus();
}

absl::Status ChunkStore::AttachPath(size_t path) {
  OCA_ASSIGN_OR_RETURN(store::SpreadPackStore::Attached attached, packs_->Attach(path));
  references_.Invalidate();  // what was missing is not, and the reverse
  uint64_t taken_in = 0;
  const uint64_t rebuilds = rebuilds_.load();
  bool was_dropped = false;
  for (const store::PackInfo& pack : attached.packs) {
    if (next_pack_id_ <= pack.id.value) next_pack_id_.store(pack.id.value + 1);
    if (FindOpen(pack.id) != nullptr) continue;
    {
      absl::MutexLock lock(&stats_mu_);
      auto known = summaries_.find(pack.id);
      if (known != summaries_.end() && known->second.file_bytes == pack.size_bytes) continue;
    }
    ForgetPack(pack.id);
    was_dropped |= index_.IsDropped(pack.id);
    OCA_RETURN_IF_ERROR(TakeInPack(pack.id, pack.size_bytes));
    ++taken_in;
  }
  if (!packs_->AnyOffline()) {
    for (PackId id : packs_->TakeUnplaced()) attached.gone.push_back(id);
  }
  TakeOutGone(attached.gone);
  if (was_dropped) {
    OCA_RETURN_IF_ERROR(
        RebuildIndex(rebuilds, absl::DataLossError("packs are back that were gone")));
  }
  log::Info("storage_path_attached", "group", options_.group.value, "path", path, "packs",
            attached.packs.size(), "taken_in", taken_in);
  return absl::OkStatus();
}

void ChunkStore::TakeOutGone(const std::vector<PackId>& gone) {
  for (PackId id : gone) {
    if (FindOpen(id) != nullptr || packs_->CheckHeader(id).ok()) continue;  // made since
    if (!TakeOutMissing(id)) continue;
    log::Error("a pack is not in its storage path any more", "group", options_.group.value, "pack",
               id.value);
  }
}

absl::Status ChunkStore::ForgetPath(size_t path) {
  absl::MutexLock follow(&follow_mu_);
  if (opened_) {
    for (const std::shared_ptr<OpenPack>& pack : OpenPacks()) {
      if (packs_->PathOf(pack->id()) == path) OCA_RETURN_IF_ERROR(GiveUpPack(pack));
    }
  }
  std::vector<PackId> gone = packs_->Forget(path);
  if (!opened_) return absl::OkStatus();
  if (!packs_->AnyOffline()) {
    for (PackId id : packs_->TakeUnplaced()) gone.push_back(id);
  }
  if (!gone.empty()) references_.Invalidate();
  TakeOutGone(gone);
  return absl::OkStatus();
}

uint64_t ChunkStore::BytesToMove() {
  if (!packs_->CanMove()) return 0;
  uint64_t bytes = 0;
  for (const auto& pack : OpenPacks()) {  // a run ends them first
    if (packs_->ShallMove(pack->id())) bytes += pack->usage().file_bytes + 1;
  }
  absl::MutexLock lock(&stats_mu_);
  for (const auto& [id, summary] : summaries_) {
    if (packs_->ShallMove(id)) bytes += summary.file_bytes;
  }
  return bytes;
}

uint64_t ChunkStore::offline_packs() {
  if (!packs_->AnyOffline()) return 0;
  const std::vector<PackId> sealed = SealedPacks();
  return static_cast<uint64_t>(std::count_if(sealed.begin(), sealed.end(),
                                             [this](PackId id) { return packs_->IsOffline(id); }));
}

std::map<std::optional<size_t>, ChunkStore::PathUse> ChunkStore::UseOfPaths() {
  std::map<std::optional<size_t>, PathUse> use;
  const auto add = [&](PackId id, uint64_t bytes) {
    PathUse& at = use[packs_->PathOf(id)];
    ++at.packs;
    at.bytes += bytes;
  };
  for (const auto& pack : OpenPacks()) add(pack->id(), pack->usage().file_bytes);
  absl::MutexLock lock(&stats_mu_);
  for (const auto& [id, summary] : summaries_) add(id, summary.file_bytes);
  return use;
}

}  // namespace oca::engine
