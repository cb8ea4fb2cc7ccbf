#include "fs/store/storage_paths.h"

#include <algorithm>
#include <cerrno>
#include <random>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/time/clock.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::store {
namespace {

constexpr std::string_view kIdentityFile = "oca-storage-path";
constexpr std::string_view kListFile = "storage-paths";
constexpr std::string_view kTrialFile = "oca-storage-path.try";
// Of one path, so that sums of all stay in range.
constexpr uint64_t kMostBytes = INT64_MAX / (2 * format::kMaxStoragePaths);
constexpr int64_t kRefusedNanos = 30'000'000'000;
constexpr char kMissingPayload[] = "oca/storage-path";

format::RepositoryUuid NewUuid() {
  format::RepositoryUuid random;
  std::random_device entropy;
  for (uint8_t& byte : random) byte = static_cast<uint8_t>(entropy());
  return format::UuidFromRandom(random);
}

// Whether `inner` is `outer` or lies in it.
bool Within(std::string_view inner, std::string_view outer) {
  return inner == outer || outer == "/" || (inner.starts_with(outer) && inner[outer.size()] == '/');
}

bool IsFull(const absl::Status& status) {
  return ErrnoOf(status) == ENOSPC || ErrnoOf(status) == EDQUOT;
}

absl::StatusOr<format::PathIdentity> ReadIdentity(io::FileSystem& fs, const std::string& dir) {
  const std::string path = io::JoinPath(dir, kIdentityFile);
  OCA_ASSIGN_OR_RETURN(std::string bytes, io::ReadFile(fs, path));
  absl::StatusOr<format::PathIdentity> identity = format::DecodePathIdentity(bytes);
  if (!identity.ok()) return Annotate(identity.status(), path);
  return identity;
}

}  // namespace

absl::Status PathMissingError(std::string_view dir) {
  absl::Status status = PosixError(EIO, fmt::format("storage path {} is missing", dir));
  status.SetPayload(kMissingPayload, absl::Cord());
  return status;
}

bool IsPathMissing(const absl::Status& status) {
  return !status.ok() && status.GetPayload(kMissingPayload).has_value();
}

std::string StoragePaths::ListPath() const { return io::JoinPath(options_.home, kListFile); }

absl::StatusOr<std::vector<format::StoragePath>> StoragePaths::ReadList(io::FileSystem& fs,
                                                                        const std::string& home) {
  const std::string path = io::JoinPath(home, kListFile);
  absl::StatusOr<std::string> bytes = io::ReadFile(fs, path);
  if (absl::IsNotFound(bytes.status())) return std::vector<format::StoragePath>();
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::vector<format::StoragePath>> list = format::DecodeStoragePaths(*bytes);
  if (!list.ok()) return Annotate(list.status(), path);
  return list;
}

std::optional<format::RepositoryUuid> StoragePaths::RepositoryOf(
    io::FileSystem& fs, const std::vector<format::StoragePath>& paths) {
  for (const format::StoragePath& path : paths) {
    absl::StatusOr<format::PathIdentity> identity = ReadIdentity(fs, path.dir);
    if (identity.ok() && identity->path == path.uuid) return identity->repository;
  }
  return std::nullopt;
}

absl::Status StoragePaths::TryToWrite(const std::string& dir) const {
  const std::string path = io::JoinPath(dir, kTrialFile);
  OCA_ASSIGN_OR_RETURN(std::unique_ptr<io::File> file,
                       options_.fs->Open(path, io::OpenMode::kTruncate));
  OCA_RETURN_IF_ERROR(file->WriteAt(0, "oca\n"));
  OCA_RETURN_IF_ERROR(file->Sync());
  file.reset();
  return options_.fs->RemoveFile(path);
}

StoragePaths::Look StoragePaths::LookAt(const std::string& dir, const format::RepositoryUuid& uuid,
                                        bool writes) const {
  absl::StatusOr<format::PathIdentity> identity = ReadIdentity(*options_.fs, dir);
  if (ErrnoOf(identity.status()) == ENOENT) {
    return {PathState::kMissing, fmt::format("{} holds no storage path; is it mounted?", dir)};
  }
  if (!identity.ok()) return {PathState::kMissing, std::string(MessageOf(identity.status()))};
  if (identity->repository != options_.repository) {
    return {PathState::kForeign, fmt::format("{} belongs to another appliance, {}", dir,
                                             format::UuidToText(identity->repository))};
  }
  if (identity->path != uuid) {
    return {PathState::kForeign,
            fmt::format("{} is another storage path, {}", dir, format::UuidToText(identity->path))};
  }
  if (writes) {
    if (absl::Status tried = TryToWrite(dir); !tried.ok() && !IsFull(tried)) {
      return {PathState::kMissing, std::string(MessageOf(tried))};
    }
  }
  return {PathState::kOnline, {}};
}

void StoragePaths::SetState(size_t path, const Look& look) {
  Path& at = *paths_[path];
  std::string dir;
  {
    absl::MutexLock lock(&mu_);
    at.why = look.why;
    if (at.state == look.state && (look.state == PathState::kOnline) == (at.generation != 0))
      return;
    at.state = look.state;
    at.generation = look.state == PathState::kOnline ? ++last_generation_ : 0;
    ++changes_;
    dir = at.dir;
  }
  if (look.state == PathState::kOnline) {
    log::Info("storage_path_online", "path", dir);
  } else {
    log::Error("storage_path_missing", "path", dir, "error", look.why);
  }
}

absl::Status StoragePaths::Load() {
  absl::StatusOr<std::vector<format::StoragePath>> list = ReadList(*options_.fs, options_.home);
  if (absl::IsDataLoss(list.status())) {
    log::Error("the list of storage paths is damaged; add each path again", "error",
               MessageOf(list.status()));
    lost_ = true;
    return absl::OkStatus();
  }
  if (!list.ok()) return list.status();
  for (format::StoragePath& known : *list) {
    auto path = std::make_unique<Path>();
    path->uuid = known.uuid;
    path->dir = std::move(known.dir);
    paths_[count_] = std::move(path);
    ++count_;
    SetState(count_ - 1, LookAt(paths_[count_ - 1]->dir, known.uuid, /*writes=*/true));
    if (generation(count_ - 1) == 0) {
      log::Error("storage_path_missing", "path", dir(count_ - 1), "error", paths_[count_ - 1]->why);
    }
  }
  return absl::OkStatus();
}

std::string StoragePaths::dir(size_t path) const {
  absl::MutexLock lock(&mu_);
  return paths_[path]->dir;
}

bool StoragePaths::all_online() const {
  for (size_t i = 0; i < count_; ++i) {
    if (generation(i) == 0) return false;
  }
  return !lost_;
}

std::vector<format::StoragePath> StoragePaths::Known() {
  std::vector<format::StoragePath> list;
  absl::MutexLock lock(&mu_);
  for (size_t i = 0; i < count_; ++i) list.push_back({paths_[i]->uuid, paths_[i]->dir});
  return list;
}

absl::Status StoragePaths::CheckPlace(const std::string& dir) {
  if (!dir.starts_with('/') || dir.size() > format::kMaxStoragePathBytes) {
    return PosixError(EINVAL, fmt::format("'{}' is no absolute path", dir));
  }
  OCA_ASSIGN_OR_RETURN(io::FileInfo info, options_.fs->Stat(dir));
  if (!info.is_directory) return PosixError(ENOTDIR, dir);
  if (Within(dir, options_.home) || Within(options_.home, dir)) {
    return PosixError(
        EINVAL, fmt::format("{} and the repository {} lie in one another", dir, options_.home));
  }
  return absl::OkStatus();
}

// The identity that stands in `dir`; made anew in an empty folder.
absl::StatusOr<format::PathIdentity> StoragePaths::Claim(const std::string& dir) {
  absl::StatusOr<format::PathIdentity> identity = ReadIdentity(*options_.fs, dir);
  if (identity.ok()) {
    if (identity->repository == options_.repository) return identity;
    return PosixError(EBUSY, fmt::format("{} is a storage path of another appliance, {}", dir,
                                         format::UuidToText(identity->repository)));
  }
  if (ErrnoOf(identity.status()) != ENOENT) return identity;
  OCA_ASSIGN_OR_RETURN(std::vector<std::string> names, options_.fs->List(dir));
  for (const std::string& name : names) {
    // What a new file system has, and what an earlier call left behind.
    if (name == "lost+found" || name.starts_with(kIdentityFile)) continue;
    return PosixError(EINVAL,
                      fmt::format("{} is not empty: it holds {}; give an empty folder", dir, name));
  }
  const format::PathIdentity fresh{NewUuid(), options_.repository};
  OCA_RETURN_IF_ERROR(io::WriteFileAtomically(*options_.fs, io::JoinPath(dir, kIdentityFile),
                                              format::EncodePathIdentity(fresh)));
  return fresh;
}

absl::Status StoragePaths::SaveList(std::vector<format::StoragePath> list) {
  return io::WriteFileAtomically(*options_.fs, ListPath(), format::EncodeStoragePaths(list));
}

absl::StatusOr<size_t> StoragePaths::Add(const std::string& dir) {
  absl::MutexLock change(&change_mu_);
  OCA_RETURN_IF_ERROR(CheckPlace(dir));
  OCA_RETURN_IF_ERROR(TryToWrite(dir));
  OCA_ASSIGN_OR_RETURN(const format::PathIdentity identity, Claim(dir));
  std::vector<format::StoragePath> list = Known();
  size_t at = 0;
  while (at < list.size() && list[at].uuid != identity.path) ++at;
  for (size_t i = 0; i < list.size(); ++i) {
    if (i != at && (Within(dir, list[i].dir) || Within(list[i].dir, dir))) {
      return PosixError(
          EINVAL, fmt::format("{} and the storage path {} lie in one another", dir, list[i].dir));
    }
  }
  if (at < list.size()) {
    if (list[at].dir == dir ||
        LookAt(list[at].dir, identity.path, false).state == PathState::kOnline) {
      return PosixError(EEXIST, fmt::format("{} is a storage path already", list[at].dir));
    }
    list[at].dir = dir;  // it is mounted elsewhere by now
    OCA_RETURN_IF_ERROR(SaveList(list));
    absl::MutexLock lock(&mu_);
    paths_[at]->dir = dir;
  } else {
    if (at == format::kMaxStoragePaths) {
      return PosixError(EINVAL, fmt::format("there are {} storage paths, and no more can be added",
                                            format::kMaxStoragePaths));
    }
    list.push_back({identity.path, dir});
    OCA_RETURN_IF_ERROR(SaveList(list));
    auto path = std::make_unique<Path>();
    path->uuid = identity.path;
    path->dir = dir;
    paths_[at] = std::move(path);
    ++count_;
  }
  SetState(at, {PathState::kOnline, {}});
  return at;
}

bool StoragePaths::Check(size_t path, bool writes, const absl::Status& error) {
  if (IsFull(error)) return generation(path) != 0;
  const Look look = LookAt(dir(path), paths_[path]->uuid, writes);
  if (look.state == PathState::kOnline) return generation(path) != 0;
  SetState(path, look);
  return false;
}

void StoragePaths::Probe() {
  for (size_t i = 0; i < count_; ++i) {
    const bool was_online = generation(i) != 0;
    SetState(i, LookAt(dir(i), paths_[i]->uuid, /*writes=*/!was_online));
  }
}

absl::StatusOr<uint64_t> StoragePaths::FreeAt(const std::string& dir, uint64_t open_packs) const {
  OCA_ASSIGN_OR_RETURN(io::SpaceInfo space, options_.fs->Space(dir));
  const uint64_t kept = options_.reserve(space) + open_packs * options_.pack_target_bytes;
  return space.available_bytes - std::min(space.available_bytes, kept);
}

std::vector<StoragePaths::Status> StoragePaths::List() {
  std::vector<Status> all;
  for (size_t i = 0; i < count_; ++i) {
    Status status;
    {
      absl::MutexLock lock(&mu_);
      status.dir = paths_[i]->dir;
      status.state = paths_[i]->state;
      status.why = paths_[i]->why;
    }
    status.uuid = format::UuidToText(paths_[i]->uuid);
    if (status.state == PathState::kOnline) {
      if (auto space = options_.fs->Space(status.dir); space.ok()) status.space = *space;
      status.full =
          FreeAt(status.dir, paths_[i]->open_packs).value_or(0) < options_.pack_target_bytes;
    }
    all.push_back(std::move(status));
  }
  return all;
}

void StoragePaths::NoteRefused(size_t path) {
  paths_[path]->refused_until_ns = absl::GetCurrentTimeNanos() + kRefusedNanos;
}

StoragePaths::Room StoragePaths::room() {
  Room sum;
  for (size_t i = 0; i < count_; ++i) {
    if (generation(i) == 0) continue;
    absl::StatusOr<io::SpaceInfo> space = options_.fs->Space(dir(i));
    if (!space.ok()) continue;
    const uint64_t available = std::min(space->available_bytes, kMostBytes);
    sum.available_bytes += available;
    sum.free_bytes += available - std::min(available, options_.reserve(*space));
  }
  return sum;
}

bool StoragePaths::HomeHasRoom() const {
  return FreeAt(options_.home, 0).value_or(0) >= options_.pack_target_bytes;
}

// Smooth weighted round robin: each gains by its share of the room, who has most pays for its turn.
std::optional<size_t> StoragePaths::Choose(uint64_t without) {
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
  offer(std::nullopt, FreeAt(options_.home, 0), &home_credit_);
  for (size_t i = 0; i < count_; ++i) {
    if (generation(i) == 0 || (without >> i & 1) != 0) continue;
    if (paths_[i]->refused_until_ns > absl::GetCurrentTimeNanos()) continue;
    offer(i, FreeAt(dir(i), paths_[i]->open_packs), &paths_[i]->credit);
  }
  if (candidates.empty()) return std::nullopt;
  for (const Candidate& each : candidates) *each.credit += static_cast<double>(each.room) / all;
  const auto chosen = std::max_element(
      candidates.begin(), candidates.end(),
      [](const Candidate& a, const Candidate& b) { return *a.credit < *b.credit; });
  *chosen->credit -= 1;
  return chosen->path;
}

}  // namespace oca::store
