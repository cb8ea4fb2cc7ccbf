// Where storage paths have room, and which takes the next pack.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "fs/store/storage_paths.h"
#include "lib/base/status.h"

namespace oca::store {
namespace {

// Of one path, so that sums of all stay in range.
constexpr uint64_t kMostBytes = INT64_MAX / (2 * format::kMaxStoragePaths);
constexpr int64_t kRefusedNanos = 30'000'000'000;

}  // namespace

absl::StatusOr<uint64_t> StoragePaths::FreeAt(const std::string& dir, uint64_t open_packs,
                                              bool with_reserve) const {
  OCA_ASSIGN_OR_RETURN(io::SpaceInfo space, options_.fs->Space(dir));
  const uint64_t kept =
      (with_reserve ? 0 : options_.reserve(space)) + open_packs * options_.pack_target_bytes;
  return space.available_bytes - std::min(space.available_bytes, kept);
}

void StoragePaths::NoteRefused(size_t path) {
  paths_[path]->refused_until_ns = absl::GetCurrentTimeNanos() + kRefusedNanos;
}

absl::Status StoragePaths::CheckAny(PathUse use) const {
  std::string dirs;
  for (size_t i = 0; i < count_; ++i) {
    if (removed(i) || paths_[i]->use != use) continue;
    if (generation(i) != 0) return absl::OkStatus();
    dirs += (dirs.empty() ? "" : " and ") + dir(i);
  }
  return PathMissingError(dirs.empty() ? "(there is none)" : dirs);
}

StoragePaths::Room StoragePaths::room(PathUse use, std::optional<size_t> without) {
  Room sum;
  for (size_t i = 0; i < count_; ++i) {
    if (generation(i) == 0 || paths_[i]->use != use || draining(i) || i == without) continue;
    absl::StatusOr<io::SpaceInfo> space = options_.fs->Space(dir(i));
    if (!space.ok()) continue;
    const uint64_t available = std::min(space->available_bytes, kMostBytes);
    sum.available_bytes += available;
    sum.free_bytes += available - std::min(available, options_.reserve(*space));
  }
  return sum;
}

void StoragePaths::NoteBehind(size_t path, int64_t bytes) {
  paths_[path]->behind += static_cast<uint64_t>(bytes);
  if (bytes > 0) return;
  absl::MutexLock lock(&behind_mu_);
  ++caught_up_;
}

bool StoragePaths::MustWait(PathUse use) const {
  bool any = false;
  for (size_t i = 0; i < count_; ++i) {
    if (generation(i) == 0 || paths_[i]->use != use || draining(i)) continue;
    if (!IsBehind(i)) return false;
    any = true;
  }
  return any && (use == PathUse::kTier || !HomeHasRoom());
}

void StoragePaths::AwaitKeepingUp(PathUse use) {
  while (true) {
    behind_mu_.Lock();
    const uint64_t seen = caught_up_;
    behind_mu_.Unlock();
    if (!MustWait(use)) return;
    absl::MutexLock lock(&behind_mu_);
    auto changed = [&]() ABSL_SHARED_LOCKS_REQUIRED(behind_mu_) { return caught_up_ != seen; };
    behind_mu_.Await(absl::Condition(&changed));
  }
}

bool StoragePaths::HomeHasRoom() const {
  return FreeAt(options_.home, 0).value_or(0) >= options_.pack_target_bytes;
}

bool StoragePaths::PathsHaveRoom(PathUse use) const {
  const int64_t now = absl::GetCurrentTimeNanos();
  for (size_t i = 0; i < count_; ++i) {
    if (generation(i) == 0 || paths_[i]->use != use || draining(i)) continue;
    if (paths_[i]->refused_until_ns > now) continue;
    if (FreeAt(dir(i), paths_[i]->open_packs).value_or(0) >= options_.pack_target_bytes) {
      return true;
    }
  }
  return false;
}

std::optional<size_t> StoragePaths::Choose(uint64_t without, PathUse use) {
  std::optional<size_t> path = ChooseOnce(without, use, /*with_reserve=*/false);
  // The cleaner needs room too, and users are refused before it.
  if (!path && use == PathUse::kTier) path = ChooseOnce(without, use, /*with_reserve=*/true);
  return path;
}

// Smooth weighted round robin: each gains by its share of the room, who has most pays for its turn.
std::optional<size_t> StoragePaths::ChooseOnce(uint64_t without, PathUse use, bool with_reserve) {
  struct Candidate {
    std::optional<size_t> path;
    uint64_t room;
    double* credit;
  };
  std::vector<Candidate> candidates;
  double all = 0;
  const auto offer = [&](std::optional<size_t> path, const absl::StatusOr<uint64_t>& room,
                         double* credit) {
    if (!room.ok() || *room < options_.pack_target_bytes) return;
    candidates.push_back({path, *room, credit});
    all += static_cast<double>(*room);
  };
  absl::MutexLock lock(&choose_mu_);
  if (use == PathUse::kCapacity) offer(std::nullopt, FreeAt(options_.home, 0), &home_credit_);
  const auto offer_paths = [&](bool behind) {
    for (size_t i = 0; i < count_; ++i) {
      if (generation(i) == 0 || (without >> i & 1) != 0) continue;
      if (paths_[i]->use != use || draining(i) || IsHalfBehind(i) != behind) continue;
      if (paths_[i]->refused_until_ns > absl::GetCurrentTimeNanos()) continue;
      offer(i, FreeAt(dir(i), paths_[i]->open_packs, with_reserve), &paths_[i]->credit);
    }
  };
  offer_paths(/*behind=*/false);
  if (candidates.empty()) offer_paths(/*behind=*/true);
  if (candidates.empty()) return std::nullopt;
  for (const Candidate& each : candidates) *each.credit += static_cast<double>(each.room) / all;
  const auto chosen = std::max_element(
      candidates.begin(), candidates.end(),
      [](const Candidate& a, const Candidate& b) { return *a.credit < *b.credit; });
  *chosen->credit -= 1;
  return chosen->path;
}

}  // namespace oca::store
