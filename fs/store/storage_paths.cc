#include "fs/store/storage_paths.h"

#include <algorithm>
#include <cerrno>
#include <random>
#include <utility>

#include "absl/strings/cord.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::store {
namespace {

constexpr std::string_view kIdentityFile = "oca-storage-path";
constexpr std::string_view kListFile = "storage-paths";
constexpr std::string_view kTrialFile = "oca-storage-path.try";
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
    if (at.removed) return;
    at.why = look.why;
    if (at.state == look.state && (look.state == PathState::kOnline) == (at.generation != 0))
      return;
    at.state = look.state;
    at.refused_until_ns = 0;
    at.generation = look.state == PathState::kOnline ? ++last_generation_ : 0;
    ++changes_;
    dir = at.dir;
  }
  NoteBehind(path, 0);  // who waits for it may have nothing to wait for
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
    path->use = known.tier ? PathUse::kTier : PathUse::kCapacity;
    path->draining = known.draining;
    path->drain_from_bytes = known.drain_from_bytes;
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

bool StoragePaths::any(PathUse use) const {
  for (size_t i = 0; i < count_; ++i) {
    if (!removed(i) && paths_[i]->use == use) return true;
  }
  return false;
}

bool StoragePaths::any_draining() const {
  for (size_t i = 0; i < count_; ++i) {
    if (!removed(i) && draining(i)) return true;
  }
  return false;
}

bool StoragePaths::all_online(PathUse use) const {
  for (size_t i = 0; i < count_; ++i) {
    if (!removed(i) && paths_[i]->use == use && generation(i) == 0) return false;
  }
  return !lost_;
}

std::vector<format::StoragePath> StoragePaths::Known() const {
  std::vector<format::StoragePath> list;
  absl::MutexLock lock(&mu_);
  for (size_t i = 0; i < count_; ++i) {
    const Path& path = *paths_[i];
    if (path.removed) continue;
    list.push_back({path.uuid, path.dir, path.use == PathUse::kTier, path.draining,
                    path.draining ? path.drain_from_bytes : 0});
  }
  return list;
}

std::optional<size_t> StoragePaths::NumberOf(const format::RepositoryUuid& uuid) const {
  for (size_t i = 0; i < count_; ++i) {
    if (!removed(i) && paths_[i]->uuid == uuid) return i;
  }
  return std::nullopt;
}

absl::StatusOr<size_t> StoragePaths::Find(const std::string& dir) const {
  absl::MutexLock lock(&mu_);
  for (size_t i = 0; i < count_; ++i) {
    if (!paths_[i]->removed && paths_[i]->dir == dir) return i;
  }
  return PosixError(ENOENT, fmt::format("{} is no storage path", dir));
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
absl::StatusOr<format::PathIdentity> StoragePaths::Claim(const std::string& dir, PathUse use) {
  absl::StatusOr<format::PathIdentity> identity = ReadIdentity(*options_.fs, dir);
  const bool tier = use == PathUse::kTier;
  if (identity.ok()) {
    if (identity->repository == options_.repository) {
      if (identity->tier == tier) return identity;
      return PosixError(
          EINVAL, identity->tier
                      ? fmt::format("{} is a path of the performance tier", dir)
                      : fmt::format("{} is a storage path of the other storage groups; give the "
                                    "performance tier an empty folder",
                                    dir));
    }
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
  const format::PathIdentity fresh{NewUuid(), options_.repository, tier};
  OCA_RETURN_IF_ERROR(io::WriteFileAtomically(*options_.fs, io::JoinPath(dir, kIdentityFile),
                                              format::EncodePathIdentity(fresh)));
  return fresh;
}

absl::Status StoragePaths::SaveList(std::vector<format::StoragePath> list) {
  return io::WriteFileAtomically(*options_.fs, ListPath(), format::EncodeStoragePaths(list));
}

absl::StatusOr<size_t> StoragePaths::Add(const std::string& dir, PathUse use) {
  absl::MutexLock change(&change_mu_);
  OCA_RETURN_IF_ERROR(CheckPlace(dir));
  OCA_RETURN_IF_ERROR(TryToWrite(dir));
  OCA_ASSIGN_OR_RETURN(const format::PathIdentity identity, Claim(dir, use));
  std::vector<format::StoragePath> list = Known();
  size_t at = 0;
  while (at < list.size() && list[at].uuid != identity.path) ++at;
  for (size_t i = 0; i < list.size(); ++i) {
    if (i != at && (Within(dir, list[i].dir) || Within(list[i].dir, dir))) {
      return PosixError(
          EINVAL, fmt::format("{} and the storage path {} lie in one another", dir, list[i].dir));
    }
  }
  size_t number = count_;
  if (at < list.size()) {
    number = *NumberOf(identity.path);
    if (list[at].dir == dir && list[at].draining) {
      OCA_RETURN_IF_ERROR(EndDrain(number));
      return number;
    }
    if (list[at].dir == dir ||
        LookAt(list[at].dir, identity.path, false).state == PathState::kOnline) {
      return PosixError(EEXIST, fmt::format("{} is a storage path already", list[at].dir));
    }
    list[at].dir = dir;  // it is mounted elsewhere by now
    OCA_RETURN_IF_ERROR(SaveList(list));
    absl::MutexLock lock(&mu_);
    paths_[number]->dir = dir;
  } else {
    if (number == format::kMaxStoragePaths) {
      return PosixError(
          EINVAL, at == number
                      ? fmt::format("there are {} storage paths, and no more can be added", at)
                      : std::string("so many storage paths were added and removed since ocafsd "
                                    "started that it has to be started again first"));
    }
    list.push_back({identity.path, dir, use == PathUse::kTier});
    OCA_RETURN_IF_ERROR(SaveList(list));
    auto path = std::make_unique<Path>();
    path->uuid = identity.path;
    path->dir = dir;
    path->use = use;
    paths_[number] = std::move(path);
    ++count_;
  }
  SetState(number, {PathState::kOnline, {}});
  return number;
}

absl::Status StoragePaths::StartDrain(size_t path, uint64_t bytes) {
  absl::MutexLock change(&change_mu_);
  if (removed(path)) return PosixError(ENOENT, "the storage path was removed");
  std::vector<format::StoragePath> list = Known();
  for (format::StoragePath& known : list) {
    if (known.uuid != paths_[path]->uuid) continue;
    known.draining = true;
    known.drain_from_bytes = bytes;
  }
  OCA_RETURN_IF_ERROR(SaveList(std::move(list)));
  absl::MutexLock lock(&mu_);
  paths_[path]->drain_from_bytes = bytes;
  paths_[path]->draining = true;
  return absl::OkStatus();
}

absl::Status StoragePaths::EndDrain(size_t path) {
  std::vector<format::StoragePath> list = Known();
  for (format::StoragePath& known : list) {
    if (known.uuid == paths_[path]->uuid) known.draining = false;
  }
  OCA_RETURN_IF_ERROR(SaveList(std::move(list)));
  paths_[path]->draining = false;
  return absl::OkStatus();
}

absl::Status StoragePaths::Remove(size_t path, bool missing_only) {
  absl::MutexLock change(&change_mu_);
  if (removed(path)) return absl::OkStatus();
  std::vector<format::StoragePath> list = Known();
  std::erase_if(list,
                [&](const format::StoragePath& known) { return known.uuid == paths_[path]->uuid; });
  const std::string folder = dir(path);
  Path& gone = *paths_[path];
  {
    absl::MutexLock lock(&mu_);
    if (missing_only && gone.generation != 0) {
      return PosixError(
          EINVAL, fmt::format("{} is there: only a path that is missing can be given up", folder));
    }
    // Before the list: from here on nothing becomes durable there.
    gone.removed = true;
    gone.state = PathState::kMissing;
    gone.generation = 0;
    ++changes_;
  }
  if (absl::Status saved = SaveList(std::move(list)); !saved.ok()) {
    gone.removed = false;  // the next probe finds it
    return saved;
  }
  TidyUp(folder, gone.uuid);
  return absl::OkStatus();
}

// Best effort. While something is left in it, the folder says whose it is, and can be added again.
void StoragePaths::TidyUp(const std::string& dir, const format::RepositoryUuid& uuid) const {
  io::FileSystem& fs = *options_.fs;
  absl::StatusOr<format::PathIdentity> identity = ReadIdentity(fs, dir);
  if (!identity.ok() || identity->path != uuid || identity->repository != options_.repository) {
    return;
  }
  const std::string groups = io::JoinPath(dir, "groups");
  const auto names_in = [&fs](const std::string& folder) {
    return fs.List(folder).value_or(std::vector<std::string>());
  };
  for (const std::string& group : names_in(groups)) {
    const std::string packs = io::JoinPath(io::JoinPath(groups, group), "packs");
    for (const std::string& name : names_in(packs)) {
      (void)fs.RemoveDir(io::JoinPath(packs, name));
    }
    (void)fs.RemoveDir(packs);
    (void)fs.RemoveDir(io::JoinPath(groups, group));
  }
  const absl::Status empty = fs.RemoveDir(groups);
  if (!empty.ok() && ErrnoOf(empty) != ENOENT) return;
  (void)fs.SyncDir(dir);
  (void)io::RemoveFileDurably(fs, io::JoinPath(dir, kIdentityFile));
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
    if (removed(i)) continue;
    const bool was_online = generation(i) != 0;
    SetState(i, LookAt(dir(i), paths_[i]->uuid, /*writes=*/!was_online));
  }
}

std::vector<StoragePaths::Status> StoragePaths::List() {
  std::vector<Status> all;
  for (size_t i = 0; i < count_; ++i) {
    if (removed(i)) continue;
    Status status;
    status.number = i;
    status.use = paths_[i]->use;
    status.draining = paths_[i]->draining;
    {
      absl::MutexLock lock(&mu_);
      status.drain_from_bytes = paths_[i]->drain_from_bytes;
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

}  // namespace oca::store
