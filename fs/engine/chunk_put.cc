// How chunks come in: deduplicate, gather in a lane's pack, compress in the background, make
// durable.
#include <algorithm>
#include <utility>

#include "fs/chunk/sha256.h"
#include "fs/engine/chunk_store.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

// While writes fail, at most this much is kept in memory before new chunks are refused.
constexpr uint64_t kMaxUnwrittenBytes = 16u << 20;

}  // namespace

int ChunkStore::AcquireLane() {
  int best = 0;
  int turn = static_cast<int>(lane_turn_.fetch_add(1) % kDataLanes);
  int fewest = lanes_[0].users.load();
  for (int i = 1; i < kDataLanes; ++i) {
    int users = lanes_[i].users.load();
    if (users < fewest || (users == fewest && fewest > 0 && i == turn)) {
      best = i;
      fewest = users;
    }
  }
  lanes_[best].users.fetch_add(1);
  options_.caches->writers.fetch_add(1);
  return best;
}

void ChunkStore::ReleaseLane(int lane) {
  lanes_[lane].users.fetch_sub(1);
  options_.caches->writers.fetch_sub(1);
}

absl::Status ChunkStore::PutChunks(int lane, ContainerId container,
                                   std::span<const std::string_view> chunks,
                                   std::span<Fingerprint> fps) {
  OCA_RETURN_IF_ERROR(Opened());
  chunk::Sha256Many(chunks, fps);
  OCA_RETURN_IF_ERROR(WriteError());
  std::vector<index::Candidates> candidates(chunks.size());
  index_.LookupMany(fps, candidates);
  LookNearby(fps, candidates);
  FooterPtr last_footer;
  GatePass pass(&gc_gate_);
  for (size_t i = 0; i < chunks.size(); ++i) {
    if (Known(fps[i], candidates[i], &last_footer)) continue;
    OCA_RETURN_IF_ERROR(AddNew(lane, container, chunks[i], fps[i], format::ChunkKind::kData));
  }
  return absl::OkStatus();
}

absl::StatusOr<Fingerprint> ChunkStore::PutNode(std::string_view encoded) {
  OCA_RETURN_IF_ERROR(Opened());
  Fingerprint fp = chunk::Sha256(encoded);
  OCA_RETURN_IF_ERROR(WriteError());
  GatePass pass(&gc_gate_);
  OCA_RETURN_IF_ERROR(AddNew(kNodeLane, ContainerId{}, encoded, fp, format::ChunkKind::kNode));
  return fp;
}

bool ChunkStore::Known(const Fingerprint& fp, const index::Candidates& candidates,
                       FooterPtr* last_footer) {
  if (candidates.more) {
    for (const index::Location& at : index_.LookupInRam(fp)) {
      if (KnownAt(fp, at, last_footer)) return true;
    }
    return false;
  }
  for (int i = 0; i < candidates.count; ++i) {
    if (KnownAt(fp, candidates.at[i], last_footer)) return true;
  }
  return false;
}

bool ChunkStore::KnownAt(const Fingerprint& fp, const index::Location& at, FooterPtr* last_footer) {
  if (!epoch_open_.load()) return ListedAt(fp, at, last_footer).has_value();
  if (IsCondemned(at.pack)) return false;
  const std::optional<uint32_t> ordinal = ListedAt(fp, at, last_footer);
  if (ordinal) marks_.Mark(at.pack, *ordinal);
  return ordinal.has_value();
}

bool ChunkStore::IsCondemned(PackId pack) {
  absl::MutexLock lock(&condemned_mu_);
  return condemned_.contains(pack);
}

std::optional<uint32_t> ChunkStore::FindAt(const Fingerprint& fp, const index::Location& at,
                                           FooterPtr* last_footer) {
  if (*last_footer == nullptr || (*last_footer)->pack.pack_id != at.pack) {
    if (auto open = FindOpen(at.pack)) {
      if (open->retired()) return std::nullopt;
      return open->Find(fp, at.ordinal_block * 16, 16);
    }
    absl::StatusOr<FooterPtr> footer = GetFooter(at.pack);
    if (!footer.ok()) return std::nullopt;  // a store anew is always right
    *last_footer = *std::move(footer);
    UseFooter(**last_footer);
  }
  return FindInFooter(**last_footer, fp, at.ordinal_block);
}

std::optional<uint32_t> ChunkStore::ListedAt(const Fingerprint& fp, const index::Location& at,
                                             FooterPtr* last_footer) {
  if (packs_->IsOffline(at.pack)) return std::nullopt;
  const std::optional<uint32_t> ordinal = FindAt(fp, at, last_footer);
  if (!ordinal || *last_footer == nullptr || (*last_footer)->pack.pack_id != at.pack) {
    return ordinal;  // of an open pack
  }
  if (InQuarantine(**last_footer, *ordinal)) return std::nullopt;
  if ((*last_footer)->of_deltas() && !HoldsPlain((*last_footer)->bases[*ordinal]))
    return std::nullopt;
  return ordinal;
}

bool ChunkStore::IsPlainAt(const Fingerprint& fp, const index::Location& at) {
  FooterPtr footer;
  if (packs_->IsOffline(at.pack)) return false;
  const std::optional<uint32_t> ordinal = FindAt(fp, at, &footer);
  if (!ordinal) return false;
  if (footer != nullptr) return !footer->of_deltas() && !InQuarantine(*footer, *ordinal);
  const std::shared_ptr<OpenPack> open = FindOpen(at.pack);
  return open != nullptr && !open->of_deltas();
}

// Asks the index as it is: the caller may hold locks that a rebuild of it takes.
bool ChunkStore::HoldsPlain(const Fingerprint& fp) {
  const auto plain = [&](const index::Location& at) { return IsPlainAt(fp, at); };
  if (std::ranges::any_of(index_.LookupInRam(fp), plain)) return true;
  if (!index_.sampled()) return false;
  absl::StatusOr<std::vector<index::Location>> places = index_.LookupAll(fp);
  return places.ok() && std::ranges::any_of(*places, plain);
}

absl::Status ChunkStore::AddNew(int lane, ContainerId container, std::string_view bytes,
                                const Fingerprint& fp, format::ChunkKind kind, const Delta* delta) {
  Deferred deferred;
  {
    absl::MutexLock stripe_lock(&stripes_[fp.bytes[30] % kStripes]);
    FooterPtr footer;
    for (const index::Location& at : index_.LookupInRam(fp)) {
      if (KnownAt(fp, at, &footer)) return absl::OkStatus();
    }
    OCA_ASSIGN_OR_RETURN(index::Location at,
                         AddToLane(lanes_[lane], container, bytes, fp, kind, delta, &deferred));
    index_.Insert(fp, at, IsPinned(kind));
  }
  RunDeferred(std::move(deferred), /*here=*/lane >= kSweepDataLane);
  return absl::OkStatus();
}

absl::StatusOr<index::Location> ChunkStore::AddToLane(Lane& lane, ContainerId container,
                                                      std::string_view bytes, const Fingerprint& fp,
                                                      format::ChunkKind kind, const Delta* delta,
                                                      Deferred* deferred) {
  absl::MutexLock lock(&lane.mu);
  if (lane.pack != nullptr && lane.pack->NeedsNewGroup(container, bytes.size())) {
    if (auto group = lane.pack->CloseGroup()) deferred->groups.emplace_back(lane.pack, *group);
    if (lane.pack->Full(options_.pack_target_bytes)) {
      lane.pack->CloseToChunks();
      deferred->seals.push_back(lane.pack);
      lane.pack = nullptr;
    }
  }
  if (lane.pack == nullptr) {
    OCA_ASSIGN_OR_RETURN(lane.pack, NewPack(IsPinned(kind)));
    if (&lane >= &lanes_[kSweepDataLane]) reduction_.NoteExamined(lane.pack->id());
  }
  // What lies in one path is never damaged by the loss of another.
  if (delta != nullptr && packs_->PathOf(lane.pack->id()) != delta->path)
    return absl::FailedPreconditionError("the base lies in another path");
  uint32_t ordinal = lane.pack->AddChunk(container, bytes, fp, kind, delta);
  return index::Location{lane.pack->id(), ordinal / 16};
}

absl::StatusOr<std::shared_ptr<OpenPack>> ChunkStore::NewPack(bool at_home) {
  PackId id{next_pack_id_.fetch_add(1)};
  OCA_RETURN_IF_ERROR(ReserveId(id));
  // Recipes stay with the names: a path that is missing takes parts of contents away, but nobody's
  // knowledge of what there is.
  absl::StatusOr<std::unique_ptr<store::PackWriter>> writer =
      at_home ? packs_->CreateAtHome(id) : packs_->Create(id);
  if (!writer.ok()) {
    absl::MutexLock lock(&stats_mu_);
    write_error_ = writer.status();
    return writer.status();
  }
  auto pack = std::make_shared<OpenPack>(options_.group, *std::move(writer), compression_.load(),
                                         options_.keys, ActiveKey());
  absl::MutexLock lock(&open_mu_);
  open_[id] = pack;
  return pack;
}

void ChunkStore::RunDeferred(Deferred deferred, bool here) {
  for (auto& [pack, group] : deferred.groups) {
    if (here) {
      StoreGroup(pack, group, here);
      continue;
    }
    TaskBegins();
    options_.workers->Run([this, pack = pack, group = group] {
      StoreGroup(pack, group, /*here=*/false);
      TaskEnds();
    });
  }
  for (auto& pack : deferred.seals) {
    if (pack->ReadyToSeal()) QueueSeal(pack);
  }
}

void ChunkStore::QueueSeal(const std::shared_ptr<OpenPack>& pack) {
  QueueForSealers([this, pack] { return SealPack(pack); });
}

void ChunkStore::QueueForSealers(std::function<absl::Status()> step) {
  TaskBegins();
  options_.sealers->Add([this, step = std::move(step)] {
    step().IgnoreError();  // tried again by the next flush
    TaskEnds();
  });
}

void ChunkStore::TaskBegins() {
  absl::MutexLock lock(&tasks_mu_);
  ++tasks_;
}

void ChunkStore::TaskEnds() {
  absl::MutexLock lock(&tasks_mu_);
  --tasks_;
}

void ChunkStore::StoreGroup(const std::shared_ptr<OpenPack>& pack, uint32_t group, bool here) {
  absl::Status status = pack->StoreGroup(group);
  // `here` may be on the way of another pack that is given up; the next Flush sees to this one.
  if (!status.ok() && pack->may_go_missing() && !here) status = GiveUpPack(pack);
  {
    absl::MutexLock lock(&stats_mu_);
    if (!status.ok() && write_error_.ok()) {
      log::Error("writing to a pack failed; it will be tried again", "group", options_.group.value,
                 "pack", pack->id().value, "error", MessageOf(status));
    }
    write_error_ = status;
  }
  if (pack->ReadyToSeal()) {
    QueueSeal(pack);
  } else if (pack->NeedsSync()) {
    QueueForSealers([pack] { return pack->SyncSoon(); });
  }
}

absl::Status ChunkStore::SealPack(const std::shared_ptr<OpenPack>& pack) {
  OCA_RETURN_IF_ERROR(pack->Seal());
  absl::MutexLock one(&sealed_mu_);
  {
    absl::MutexLock lock(&open_mu_);
    if (!open_.contains(pack->id())) return absl::OkStatus();  // another call did the rest
  }
  auto footer = std::make_shared<format::PackFooter>(pack->Footer());
  size_t bytes = footer->chunks.size() * sizeof(format::FooterChunk);
  AddSummary(pack->id(), Summarize(*footer, pack->usage().file_bytes));
  options_.caches->footers.Put({options_.group, pack->id(), kFooterPart}, std::move(footer), bytes);
  {
    absl::MutexLock lock(&stats_mu_);
    ++packs_since_snapshot_;
  }
  absl::MutexLock lock(&open_mu_);
  open_.erase(pack->id());
  return absl::OkStatus();
}

absl::Status ChunkStore::WriteError() {
  absl::Status error;
  {
    absl::MutexLock lock(&stats_mu_);
    error = write_error_;
  }
  if (error.ok()) return error;
  uint64_t unwritten = 0;
  for (const auto& pack : OpenPacks()) unwritten += pack->usage().unstored_raw_bytes;
  return unwritten > kMaxUnwrittenBytes ? error : absl::OkStatus();
}

absl::Status ChunkStore::Flush() {
  constexpr int kMostAttempts = 8;
  absl::Status result;
  std::vector<PackId> given_up;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    {
      absl::MutexLock lock(&open_mu_);
      given_up.insert(given_up.end(), given_up_.begin(), given_up_.end());
      given_up_.clear();
    }
    const uint64_t moves = moves_.load();
    std::vector<std::shared_ptr<OpenPack>> failed;
    result = FlushOnce(&failed);
    // What moved meanwhile may have been in neither pack when each was made durable.
    if (result.ok() && moves_.load() == moves) break;
    if (!result.ok() && !GiveUpAny(failed, &result)) break;
  }
  if (result.ok()) {
    RemoveGivenUp(std::move(given_up));
  } else {
    absl::MutexLock lock(&open_mu_);
    given_up_.insert(given_up_.end(), given_up.begin(), given_up.end());
  }
  absl::MutexLock lock(&stats_mu_);
  write_error_ = result;
  return result;
}

absl::Status ChunkStore::FlushOnce(std::vector<std::shared_ptr<OpenPack>>* failed) {
  for (Lane& lane : lanes_) {
    absl::MutexLock lock(&lane.mu);
    if (lane.pack != nullptr) lane.pack->CloseGroup();  // MakeDurable stores it
  }
  std::vector<std::shared_ptr<OpenPack>> open = OpenPacks();
  absl::Status result;
  for (const auto& pack : open) {
    absl::Status status = pack->MakeDurable();
    if (!status.ok()) failed->push_back(pack);
    if (result.ok()) result = status;
    if (pack->ReadyToSeal()) QueueSeal(pack);
  }
  return result;
}

absl::Status ChunkStore::RotatePacks() { return Rotate(lanes_); }

absl::Status ChunkStore::SealCopies() {
  return Rotate(std::span(lanes_).subspan(kSweepDataLane, kLanes - kSweepDataLane));
}

absl::Status ChunkStore::Rotate(std::span<Lane> lanes) {
  for (Lane& lane : lanes) {
    absl::MutexLock lock(&lane.mu);
    if (lane.pack == nullptr) continue;
    lane.pack->CloseGroup();
    lane.pack->CloseToChunks();
    lane.pack = nullptr;
  }
  OCA_RETURN_IF_ERROR(Flush());
  bool again = false;
  std::vector<std::shared_ptr<OpenPack>> open = OpenPacks();
  for (const auto& pack : open) {
    // One that a sealer has in hand counts as sealed after this, too.
    if (!pack->ReadyToSeal() && !pack->sealed()) continue;
    absl::Status sealed = SealPack(pack);
    if (!sealed.ok() && pack->may_go_missing()) {
      sealed = GiveUpPack(pack);
      again = true;
    }
    OCA_RETURN_IF_ERROR(sealed);
  }
  return again ? Rotate(lanes) : absl::OkStatus();
}

}  // namespace oca::engine
