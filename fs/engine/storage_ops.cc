// Storage paths: added, looked after, shown. How they are drained is in drain_ops.cc.
#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/clean_path.h"
#include "fs/engine/filesystem_impl.h"
#include "fs/store/path_speed.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr absl::Duration kFollowEvery = absl::Milliseconds(500);
constexpr absl::Duration kNoneEvery = absl::Minutes(1);  // a path that is added rings
constexpr absl::Duration kProbeEvery = absl::Seconds(3);

StoragePathStatus::State StateOf(const store::StoragePaths::Status& path) {
  switch (path.state) {
    case store::PathState::kOnline:
      if (path.draining) return StoragePathStatus::State::kDraining;
      return path.full ? StoragePathStatus::State::kFull : StoragePathStatus::State::kOnline;
    case store::PathState::kMissing:
      return StoragePathStatus::State::kMissing;
    case store::PathState::kForeign:
      return StoragePathStatus::State::kForeign;
  }
  return StoragePathStatus::State::kMissing;
}

}  // namespace

absl::Status FilesystemImpl::OpenPaths(const format::RepositoryUuid& repository) {
  paths_ = std::make_unique<store::StoragePaths>(store::StoragePaths::Options{
      .fs = options_.fs,
      .home = options_.dir,
      .repository = repository,
      .reserve = [this](const io::SpaceInfo& space) { return ReserveBytes(space); },
      .pack_target_bytes = options_.pack_target_bytes,
      .behind_bytes = memory_.streams / 2});
  return paths_->Load();
}

absl::Status FilesystemImpl::FollowPaths() {
  absl::Status result;
  for (const auto& group : Groups()) {
    absl::Status status = group->chunks->FollowPaths();
    if (result.ok()) result = status;
  }
  return result;
}

void FilesystemImpl::KeepPaths() {
  absl::Time next_probe = MonotonicNow() + kProbeEvery;
  absl::Status last;
  while (true) {
    paths_bell_.WaitFor(paths_->count() == 0 ? kNoneEvery : kFollowEvery);
    if (stopping_) return;
    if (paths_->count() == 0) continue;
    if (MonotonicNow() >= next_probe) {
      paths_->Probe();
      next_probe = MonotonicNow() + kProbeEvery;
    }
    const absl::Status status = FollowPaths();
    if (!status.ok() && status != last) {
      log::Warning("storage paths are followed later", "error", MessageOf(status));
    }
    last = status;
    if (!paths_->any_draining() || !options_.cleaning.moves) continue;
    if (absl::Status done = FinishDrains(); !done.ok()) {
      log::Warning("a storage path is removed later", "error", MessageOf(done));
    }
  }
}

absl::StatusOr<StoragePathStatus> FilesystemImpl::AddStoragePath(const std::string& dir,
                                                                 bool tier) {
  const std::string clean = CleanPath(dir);
  {
    absl::MutexLock one(&drain_mu_);
    OCA_RETURN_IF_ERROR(
        paths_->Add(clean, tier ? store::PathUse::kTier : store::PathUse::kCapacity).status());
  }
  paths_bell_.Ring();
  log::Info("storage_path_added", "path", clean, "tier", tier);
  OCA_RETURN_IF_ERROR(FollowPaths());
  for (StoragePathStatus& path : ListStoragePaths()) {
    if (path.dir == clean) return std::move(path);
  }
  return PosixError(ENOENT, fmt::format("{} was removed meanwhile", clean));
}

absl::StatusOr<PathTest> FilesystemImpl::TestStoragePath(const std::string& dir) {
  OCA_ASSIGN_OR_RETURN(const store::PathSpeed speed,
                       store::MeasurePathSpeed(*options_.fs, *options_.clock, CleanPath(dir)));
  PathTest test;
  test.sequential_reads = speed.sequential_reads;
  test.random_reads = speed.random_reads;
  test.sequential_required = store::kLeastSequentialReads;
  test.random_required = store::kLeastRandomReads;
  test.past_cache = speed.past_cache;
  test.total_bytes = speed.space.total_bytes;
  test.free_bytes = speed.space.available_bytes;
  return test;
}

absl::Status FilesystemImpl::RescanStoragePaths() {
  paths_->Probe();
  return FollowPaths();
}

std::vector<StoragePathStatus> FilesystemImpl::ListStoragePaths() {
  std::vector<StoragePathStatus> all(1);
  StoragePathStatus& home = all.front();
  home.dir = options_.dir;
  if (auto space = options_.fs->Space(home.dir); space.ok()) {
    home.total_bytes = space->total_bytes;
    home.available_bytes = space->available_bytes;
    if (space->available_bytes <= ReserveBytes(*space))
      home.state = StoragePathStatus::State::kFull;
  }
  std::map<size_t, size_t> place;  // in `all`, by the path's number
  std::map<size_t, uint64_t> drain_from;
  for (store::StoragePaths::Status& path : paths_->List()) {
    place[path.number] = all.size();
    StoragePathStatus& status = all.emplace_back();
    status.state = StateOf(path);
    status.tier = path.use == store::PathUse::kTier;
    status.draining = path.draining;
    if (path.draining) drain_from[path.number] = path.drain_from_bytes;
    status.dir = std::move(path.dir);
    status.uuid = std::move(path.uuid);
    status.why = std::move(path.why);
    status.total_bytes = path.space.total_bytes;
    status.available_bytes = path.space.available_bytes;
  }
  for (const auto& group : Groups()) {
    for (const auto& [path, use] : group->chunks->UseOfPaths()) {
      auto at = path ? place.find(*path) : place.end();
      if (path && at == place.end()) continue;  // added, or removed, meanwhile
      StoragePathStatus& status = all[path ? at->second : 0];
      status.packs += use.packs;
      status.pack_bytes += use.bytes;
    }
  }
  for (const auto& [number, bytes] : drain_from) {
    StoragePathStatus& status = all[place[number]];
    const uint64_t left = std::min(status.pack_bytes, bytes);
    if (bytes > 0) {
      status.drained_percent = 100 * static_cast<double>(bytes - left) / static_cast<double>(bytes);
    }
    if (status.why.empty()) status.why = WhatKeepsDrain(number);
  }
  return all;
}

absl::StatusOr<FilesystemImpl::Space> FilesystemImpl::LookAtSpace(store::PathUse use) {
  OCA_ASSIGN_OR_RETURN(io::SpaceInfo home, options_.fs->Space(options_.dir));
  home.available_bytes = std::min<uint64_t>(home.available_bytes, INT64_MAX / 2);  // sums fit
  const uint64_t reserve = ReserveBytes(home);
  const store::StoragePaths::Room elsewhere = paths_->room(use);
  Space space;
  space.available_bytes = elsewhere.available_bytes;
  if (use == store::PathUse::kCapacity) {
    space.available_bytes += home.available_bytes;
    space.free_bytes = home.available_bytes - std::min(home.available_bytes, reserve);
  }
  // Names need room at home, wherever packs lie.
  if (home.available_bytes > reserve / 2) space.free_bytes += elsewhere.free_bytes;
  space.tight = space.free_bytes < reserve;
  return space;
}

}  // namespace oca::engine
