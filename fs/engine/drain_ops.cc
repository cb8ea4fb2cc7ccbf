// Draining a storage path, and giving one up. Packs are moved by the cleaner: it copies what lives
// in them, makes the copies durable, and only then unlinks (sweep.cc). So a pack never changes its
// place, and an interrupted drain has only made copies. Why nothing is lost: docs/durability.md,
// "Storage paths".
#include <algorithm>
#include <cerrno>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/clean_path.h"
#include "fs/engine/filesystem_impl.h"
#include "lib/base/bell.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

// Between runs of the cleaner that move packs: while they get on, and when one moved nothing (what
// is damaged stays where it is).
constexpr absl::Duration kMoveAgainAfter = absl::Seconds(2);
constexpr absl::Duration kMoveAgainAfterNothing = absl::Minutes(10);
// That the rest must have beyond what lies in a path: packs being filled, and their framing.
constexpr uint64_t kSparePacks = 4;

}  // namespace

void FilesystemImpl::AdvanceMoves() {
  if (!options_.cleaning.moves) return;
  if (moves_wanted_.exchange(false)) {
    next_moves_ = absl::InfinitePast();
    moves_left_ = UINT64_MAX;
  }
  const absl::Time now = MonotonicNow();
  if (now < next_moves_) return;
  uint64_t left = 0;
  for (const auto& [id, store] : ChunkStores()) {
    if (!store->RecipesOffline()) left += store->BytesToMove();
  }
  if (left == 0) {
    moves_left_ = UINT64_MAX;
    return;
  }
  if (!cleaner_->StartAutomatically().ok()) return;  // one runs, and takes them along
  next_moves_ = now + (left < moves_left_ ? kMoveAgainAfter : kMoveAgainAfterNothing);
  moves_left_ = left;
}

absl::StatusOr<FilesystemImpl::InPath> FilesystemImpl::LookInto(size_t path) {
  InPath in;
  for (const auto& group : Groups()) {
    OCA_ASSIGN_OR_RETURN(std::vector<store::PackInfo> packs, group->chunks->PacksIn(path));
    in.packs += packs.size();
    for (const store::PackInfo& pack : packs) in.bytes += pack.size_bytes;
  }
  return in;
}

absl::Status FilesystemImpl::CheckRoomWithout(size_t path, uint64_t bytes) {
  const store::PathUse use = paths_->use(path);
  uint64_t free = paths_->room(use, path).free_bytes;
  if (use == store::PathUse::kCapacity) {
    OCA_ASSIGN_OR_RETURN(const io::SpaceInfo home, options_.fs->Space(options_.dir));
    free += home.available_bytes - std::min(home.available_bytes, ReserveBytes(home));
  }
  const uint64_t needed = bytes + kSparePacks * options_.pack_target_bytes;
  if (bytes == 0 || needed <= free) return absl::OkStatus();
  return PosixError(
      ENOSPC,
      fmt::format("{} holds {} bytes, and the other paths{} have room for {}; add a path, or "
                  "delete files and reclaim their space, first",
                  paths_->dir(path), bytes,
                  use == store::PathUse::kTier ? " of the performance tier" : "", free));
}

absl::StatusOr<StoragePathStatus> FilesystemImpl::DrainStoragePath(const std::string& dir) {
  const std::string clean = CleanPath(dir);
  OCA_ASSIGN_OR_RETURN(const size_t path, paths_->Find(clean));
  OCA_RETURN_IF_ERROR(FollowPaths());
  absl::StatusOr<InPath> in = LookInto(path);
  if (store::IsPathMissing(in.status())) {
    return PosixError(EBUSY,
                      fmt::format("{}: what lies there alone cannot be moved; bring it back, "
                                  "or, if it is lost for good, give it up (--force)",
                                  MessageOf(in.status())));
  }
  if (!in.ok()) return in.status();
  if (paths_->use(path) == store::PathUse::kTier) {
    bool others = false;
    for (size_t i = 0; i < paths_->count(); ++i) {
      others |= i != path && !paths_->removed(i) && !paths_->draining(i) &&
                paths_->use(i) == store::PathUse::kTier;
    }
    for (const auto& group : Groups()) {
      if (others || !group->record().performance_tier) continue;
      return PosixError(EBUSY, fmt::format("{} is the only path of the performance tier; delete "
                                           "storage group '{}' first, or add another path to it",
                                           clean, group->record().name));
    }
  }
  if (!paths_->draining(path)) {
    absl::MutexLock one(&drain_mu_);
    OCA_RETURN_IF_ERROR(CheckRoomWithout(path, in->bytes));
    OCA_RETURN_IF_ERROR(paths_->StartDrain(path, in->bytes));
    log::Info("storage_path_drain_started", "path", clean, "packs", in->packs);
  }
  // What is being filled there is ended, so that it can be moved.
  for (const auto& [id, store] : ChunkStores()) {
    if (absl::Status ended = store->RotatePacks(); !ended.ok()) {
      log::Warning("packs in a path that is drained are ended later", "group", id.value, "error",
                   MessageOf(ended));
    }
  }
  moves_wanted_ = true;
  OCA_RETURN_IF_ERROR(FinishDrains());
  for (StoragePathStatus& status : ListStoragePaths()) {
    if (status.dir == clean) return std::move(status);
  }
  StoragePathStatus gone;
  gone.dir = clean;
  gone.removed = true;
  gone.drained_percent = 100;
  return gone;
}

absl::StatusOr<bool> FilesystemImpl::IsEmpty(size_t path) {
  for (const auto& group : Groups()) {
    const auto use = group->chunks->UseOfPaths();
    if (auto it = use.find(path); it != use.end() && it->second.packs > 0) return false;
  }
  // One that has just been sealed is in neither count for a moment, and of locked groups nothing
  // is.
  absl::StatusOr<InPath> in = LookInto(path);
  if (store::IsPathMissing(in.status())) return false;  // or not taken in yet
  if (!in.ok()) return in.status();
  return in->packs == 0;
}

absl::Status FilesystemImpl::FinishDrains() {
  absl::MutexLock one(&drain_mu_);
  for (size_t path = 0; path < paths_->count(); ++path) {
    if (paths_->removed(path) || !paths_->draining(path)) continue;
    OCA_ASSIGN_OR_RETURN(const bool empty, IsEmpty(path));
    if (!empty) continue;
    const std::string dir = paths_->dir(path);
    OCA_RETURN_IF_ERROR(RemovePath(path, /*missing_only=*/false));
    log::Info("storage_path_removed", "path", dir);
  }
  return absl::OkStatus();
}

absl::Status FilesystemImpl::RemovePath(size_t path, bool missing_only) {
  OCA_RETURN_IF_ERROR(paths_->Remove(path, missing_only));
  for (const auto& group : Groups()) {
    const bool tier = paths_->use(path) == store::PathUse::kTier;
    if (group->chunks->performance_tier() != tier) continue;
    OCA_RETURN_IF_ERROR(group->chunks->ForgetPath(path));
  }
  return absl::OkStatus();
}

absl::Status FilesystemImpl::ForgetStoragePath(const std::string& dir) {
  const std::string clean = CleanPath(dir);
  absl::MutexLock one(&drain_mu_);
  OCA_ASSIGN_OR_RETURN(const size_t path, paths_->Find(clean));
  paths_->Probe();
  OCA_RETURN_IF_ERROR(RemovePath(path, /*missing_only=*/true));
  log::Error("storage_path_given_up", "path", clean);
  return absl::OkStatus();
}

// Why what lies in a path that is drained stays there; empty when nothing is in the way.
std::string FilesystemImpl::WhatKeepsDrain(size_t path) {
  for (const auto& group : Groups()) {
    if (group->keys->Ready().ok()) continue;
    absl::StatusOr<std::vector<store::PackInfo>> packs = group->chunks->PacksIn(path);
    if (!packs.ok() || packs->empty()) continue;
    return fmt::format("storage group {} has packs there, and is locked", group->record().name);
  }
  if (cleaner_->state() == JobState::kFailed) {
    return fmt::format("what moves its packs failed, and is tried again: {}",
                       cleaner_->last_error());
  }
  return {};
}

}  // namespace oca::engine
