// Storage paths: added, looked after, shown.
#include <algorithm>
#include <map>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/filesystem_impl.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr absl::Duration kFollowEvery = absl::Milliseconds(500);
constexpr absl::Duration kProbeEvery = absl::Seconds(3);

StoragePathStatus::State StateOf(const store::StoragePaths::Status& path) {
  switch (path.state) {
    case store::PathState::kOnline:
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
      .pack_target_bytes = options_.pack_target_bytes});
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
    paths_bell_.WaitFor(kFollowEvery);
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
  }
}

absl::StatusOr<StoragePathStatus> FilesystemImpl::AddStoragePath(const std::string& dir) {
  std::string clean = dir;
  while (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  OCA_ASSIGN_OR_RETURN(const size_t path, paths_->Add(clean));
  log::Info("storage_path_added", "path", clean);
  OCA_RETURN_IF_ERROR(FollowPaths());
  return ListStoragePaths().at(path + 1);
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
  for (store::StoragePaths::Status& path : paths_->List()) {
    StoragePathStatus& status = all.emplace_back();
    status.state = StateOf(path);
    status.dir = std::move(path.dir);
    status.uuid = std::move(path.uuid);
    status.why = std::move(path.why);
    status.total_bytes = path.space.total_bytes;
    status.available_bytes = path.space.available_bytes;
  }
  for (const auto& group : Groups()) {
    for (const auto& [path, use] : group->chunks->UseOfPaths()) {
      const size_t at = path ? *path + 1 : 0;
      if (at >= all.size()) continue;  // added meanwhile
      all[at].packs += use.packs;
      all[at].pack_bytes += use.bytes;
    }
  }
  return all;
}

absl::StatusOr<FilesystemImpl::Space> FilesystemImpl::LookAtSpace() {
  OCA_ASSIGN_OR_RETURN(io::SpaceInfo home, options_.fs->Space(options_.dir));
  home.available_bytes = std::min<uint64_t>(home.available_bytes, INT64_MAX / 2);  // sums fit
  const uint64_t reserve = ReserveBytes(home);
  const store::StoragePaths::Room elsewhere = paths_->room();
  Space space;
  space.available_bytes = home.available_bytes + elsewhere.available_bytes;
  space.free_bytes = home.available_bytes - std::min(home.available_bytes, reserve);
  // Names need room at home, wherever packs lie.
  if (home.available_bytes > reserve / 2) space.free_bytes += elsewhere.free_bytes;
  space.tight = space.free_bytes < reserve;
  return space;
}

}  // namespace oca::engine
