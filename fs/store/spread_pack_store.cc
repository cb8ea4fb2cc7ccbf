#include "fs/store/spread_pack_store.h"

#include <algorithm>
#include <cerrno>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::store {
namespace {

const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

}  // namespace

// A pack being filled in a path. What its first sync makes durable is looked at once more by its
// name: when the path was unmounted, the file may have been made in the folder below.
class SpreadPackStore::Writer final : public PackWriter {
 public:
  Writer(StoragePaths& paths, Route route, std::unique_ptr<PackWriter> writer)
      : paths_(paths), route_(std::move(route)), writer_(std::move(writer)) {
    paths_.NotePackOpened(*route_.path);
  }
  ~Writer() override {
    paths_.NoteBehind(*route_.path, -static_cast<int64_t>(appended_ - durable_));
    paths_.NotePackClosed(*route_.path);
  }

  absl::StatusOr<uint64_t> Append(std::string_view encoded_group) override {
    OCA_RETURN_IF_ERROR(CheckThere());
    absl::StatusOr<uint64_t> offset = writer_->Append(encoded_group);
    if (!offset.ok()) return Explain(offset.status());
    appended_ += encoded_group.size();
    paths_.NoteBehind(*route_.path, static_cast<int64_t>(encoded_group.size()));
    return offset;
  }
  absl::Status Sync() override {
    OCA_RETURN_IF_ERROR(CheckThere());
    const uint64_t appended = appended_;
    OCA_RETURN_IF_ERROR(Explain(writer_->Sync()));
    NoteDurable(appended);
    return CheckEntry();
  }
  absl::Status Seal(const format::PackFooter& footer) override {
    OCA_RETURN_IF_ERROR(CheckThere());
    OCA_RETURN_IF_ERROR(Explain(writer_->Seal(footer)));
    NoteDurable(appended_);
    return CheckEntry();
  }
  uint64_t size() const override { return writer_->size(); }
  PackId id() const override { return writer_->id(); }
  bool may_go_missing() const override { return true; }
  Behind behind() const override {
    // What belongs in the tier has nowhere else to go: there writers wait.
    const bool elsewhere = paths_.use(*route_.path) == PathUse::kCapacity;
    if (elsewhere && paths_.IsBehind(*route_.path)) return Behind::kFillNoMore;
    return paths_.IsHalfBehind(*route_.path) ? Behind::kSyncSoon : Behind::kNot;
  }

 private:
  absl::Status CheckThere() const {
    if (paths_.generation(*route_.path) == route_.generation) return absl::OkStatus();
    return PathMissingError(paths_.dir(*route_.path));
  }
  absl::Status Explain(const absl::Status& status) const {
    if (status.ok()) return status;
    paths_.NoteRefused(*route_.path);
    if (paths_.Check(*route_.path, /*writes=*/true, status)) return status;
    return PathMissingError(paths_.dir(*route_.path));
  }
  absl::Status CheckEntry() {
    if (entry_seen_) return absl::OkStatus();
    const absl::Status seen = route_.store->CheckHeader(id());
    if (!paths_.Check(*route_.path, /*writes=*/false, seen)) {
      return PathMissingError(paths_.dir(*route_.path));
    }
    OCA_RETURN_IF_ERROR(seen);
    entry_seen_ = true;
    return CheckThere();
  }

  // Up to here; a Sync and a Seal at once do not happen.
  void NoteDurable(uint64_t appended) {
    paths_.NoteBehind(*route_.path, -static_cast<int64_t>(appended - durable_));
    durable_ = appended;
  }

  StoragePaths& paths_;
  const Route route_;
  const std::unique_ptr<PackWriter> writer_;
  std::atomic<uint64_t> appended_{0};  // bytes of groups
  uint64_t durable_ = 0;
  std::atomic<bool> entry_seen_{false};
};

absl::StatusOr<std::unique_ptr<SpreadPackStore>> SpreadPackStore::Open(Options options) {
  std::unique_ptr<SpreadPackStore> store(new SpreadPackStore(std::move(options)));
  const Options& given = store->options_;
  OCA_ASSIGN_OR_RETURN(store->home_,
                       OpenLocalPackStore(*given.fs, given.home, given.group, given.keys));
  if (given.paths == nullptr) return store;
  for (size_t path : store->Returned()) {
    absl::StatusOr<Attached> attached = store->Attach(path);
    if (!attached.ok() && !IsPathMissing(attached.status())) return attached.status();
  }
  store->NoteSettled();
  return store;
}

std::string SpreadPackStore::DirIn(size_t path) const {
  return io::JoinPath(options_.paths->dir(path),
                      fmt::format("groups/{:08x}/packs", options_.group.value));
}

bool SpreadPackStore::Settled() const {
  return options_.paths == nullptr || settled_ == options_.paths->changes();
}

void SpreadPackStore::NoteSettled() {
  const uint64_t changes = options_.paths->changes();
  if (!options_.paths->all_online(options_.use) || !Returned().empty()) return;
  absl::MutexLock lock(&mu_);
  for (const auto& [id, path] : where_) {
    if (path == kUnplaced) return;
  }
  settled_ = changes;
}

bool SpreadPackStore::AnyOffline() const {
  if (Settled()) return false;
  const size_t count = options_.paths->count();
  if (!options_.paths->all_online(options_.use)) return true;
  absl::MutexLock lock(&mu_);
  for (size_t i = 0; i < count; ++i) {
    if (!Mine(i)) continue;
    if (i >= attached_.size() || attached_[i].generation != options_.paths->generation(i))
      return true;
  }
  return false;
}

bool SpreadPackStore::IsOffline(PackId id) const {
  return !Settled() && IsPathMissing(RouteOf(id).status());
}

absl::Status SpreadPackStore::MissingError(uint8_t path) const {
  std::string dirs;
  for (size_t i = 0; i < options_.paths->count(); ++i) {
    if (path == kUnplaced ? !Mine(i) || options_.paths->generation(i) != 0 : i != path) continue;
    dirs += (dirs.empty() ? "" : " or ") + options_.paths->dir(i);
  }
  if (dirs.empty()) dirs = "(of a list that is damaged)";
  return PathMissingError(dirs);
}

absl::StatusOr<SpreadPackStore::Route> SpreadPackStore::RouteOf(PackId id) const {
  Route route;
  uint8_t path = 0;
  {
    absl::MutexLock lock(&mu_);
    auto it = where_.find(id);
    if (it == where_.end()) return Route{std::nullopt, 0, home_};
    path = it->second;
    if (path != kUnplaced) route = {path, attached_[path].generation, attached_[path].store};
  }
  if (route.store == nullptr || route.generation != options_.paths->generation(path)) {
    return MissingError(path);
  }
  return route;
}

absl::Status SpreadPackStore::Explain(const Route& route, const absl::Status& status,
                                      bool writes) const {
  if (status.ok() || !route.path || absl::IsDataLoss(status)) return status;
  if (options_.paths->Check(*route.path, writes, status) &&
      options_.paths->generation(*route.path) == route.generation) {
    return status;
  }
  return PathMissingError(options_.paths->dir(*route.path));
}

template <typename Fn>
auto SpreadPackStore::Through(PackId id, bool writes, Fn call) const {
  using Result = decltype(call(*home_));
  absl::StatusOr<Route> route = RouteOf(id);
  if (!route.ok()) return Result(route.status());
  Result result = call(*route->store);
  const absl::Status& status = StatusOf(result);
  if (status.ok()) return result;
  // A sector that cannot be read is one thing, a disk that is gone another: that shows in writing.
  return Result(Explain(*route, status, writes || ErrnoOf(status) != ENOENT));
}

absl::StatusOr<std::unique_ptr<PackWriter>> SpreadPackStore::CreateIn(size_t path, PackId id) {
  Route route{path, 0, nullptr};
  {
    absl::MutexLock lock(&mu_);
    if (path < attached_.size()) {
      route.generation = attached_[path].generation;
      route.store = attached_[path].store;
    }
  }
  if (route.store == nullptr || route.generation != options_.paths->generation(path)) {
    return MissingError(static_cast<uint8_t>(path));
  }
  absl::StatusOr<std::unique_ptr<PackWriter>> writer = route.store->Create(id);
  if (!writer.ok()) {
    options_.paths->NoteRefused(path);
    return Explain(route, writer.status(), /*writes=*/true);
  }
  if (options_.paths->draining(path)) {  // since it was chosen: who drains it need not see the pack
    writer->reset();
    (void)route.store->Remove(id);
    return MissingError(static_cast<uint8_t>(path));
  }
  {
    absl::MutexLock lock(&mu_);
    where_[id] = static_cast<uint8_t>(path);
  }
  return std::unique_ptr<PackWriter>(
      new Writer(*options_.paths, std::move(route), *std::move(writer)));
}

absl::Status SpreadPackStore::CheckUnused(PackId id) {
  bool used = false;
  {
    absl::MutexLock lock(&mu_);
    used = where_.contains(id);
  }
  if (!used) used = ErrnoOf(home_->CheckHeader(id)) != ENOENT;
  return used ? PosixError(EEXIST, fmt::format("pack {:016x}", id.value)) : absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<PackWriter>> SpreadPackStore::Create(PackId id) {
  if (!has_paths()) return home_->Create(id);
  OCA_RETURN_IF_ERROR(CheckUnused(id));
  uint64_t without = 0;
  while (true) {
    const std::optional<size_t> path = options_.paths->Choose(without, options_.use);
    if (!path) return home_->Create(id);
    absl::StatusOr<std::unique_ptr<PackWriter>> writer = CreateIn(*path, id);
    if (writer.ok() || absl::IsInvalidArgument(writer.status())) return writer;
    if (ErrnoOf(writer.status()) == EEXIST) return writer;
    without |= uint64_t{1} << *path;
  }
}

absl::StatusOr<std::unique_ptr<PackWriter>> SpreadPackStore::CreateAtHome(PackId id) {
  if (options_.use == PathUse::kTier) return Create(id);  // recipes are read at random, too
  if (!has_paths() || options_.paths->HomeHasRoom()) return home_->Create(id);
  return Create(id);
}

absl::StatusOr<std::string> SpreadPackStore::Read(PackId id, uint64_t offset, size_t length) {
  return Through(id, false, [&](PackStore& store) { return store.Read(id, offset, length); });
}

void SpreadPackStore::StartReadahead(PackId id, uint64_t offset, uint64_t length) {
  if (auto route = RouteOf(id); route.ok()) route->store->StartReadahead(id, offset, length);
}

absl::StatusOr<format::PackFooter> SpreadPackStore::ReadFooter(PackId id) {
  return Through(id, false, [&](PackStore& store) { return store.ReadFooter(id); });
}

absl::Status SpreadPackStore::CheckHeader(PackId id) {
  return Through(id, false, [&](PackStore& store) { return store.CheckHeader(id); });
}

absl::Status SpreadPackStore::RepairHeader(PackId id) {
  return Through(id, true, [&](PackStore& store) { return store.RepairHeader(id); });
}

absl::Status SpreadPackStore::Remove(PackId id) {
  const absl::Status removed =
      Through(id, true, [&](PackStore& store) { return store.Remove(id); });
  if (!removed.ok() && ErrnoOf(removed) != ENOENT) return removed;
  absl::MutexLock lock(&mu_);
  where_.erase(id);
  return removed;
}

absl::StatusOr<format::PackFooter> SpreadPackStore::Recover(PackId id) {
  return Through(id, true, [&](PackStore& store) { return store.Recover(id); });
}

absl::StatusOr<std::vector<PackInfo>> SpreadPackStore::List() {
  OCA_ASSIGN_OR_RETURN(std::vector<PackInfo> all, home_->List());
  std::vector<Route> routes;
  {
    absl::MutexLock lock(&mu_);
    std::erase_if(all, [&](const PackInfo& pack)
                           ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return where_.contains(pack.id); });
    for (size_t i = 0; i < attached_.size(); ++i) {
      if (attached_[i].store != nullptr)
        routes.push_back({i, attached_[i].generation, attached_[i].store});
    }
  }
  for (const Route& route : routes) {
    if (options_.paths->generation(*route.path) != route.generation) continue;
    absl::StatusOr<std::vector<PackInfo>> packs = route.store->List();
    if (!packs.ok()) {
      const absl::Status why = Explain(route, packs.status(), false);
      if (IsPathMissing(why)) continue;
      return why;
    }
    for (const PackInfo& pack : *packs) {
      if (PathOf(pack.id) == route.path) all.push_back(pack);
    }
  }
  std::sort(all.begin(), all.end(),
            [](const PackInfo& a, const PackInfo& b) { return a.id < b.id; });
  return all;
}

absl::StatusOr<uint64_t> SpreadPackStore::RemoveSetAside() {
  OCA_ASSIGN_OR_RETURN(uint64_t removed, home_->RemoveSetAside());
  for (size_t i = 0; options_.paths != nullptr && i < options_.paths->count(); ++i) {
    std::shared_ptr<PackStore> store;
    {
      absl::MutexLock lock(&mu_);
      if (i >= attached_.size() || attached_[i].generation == 0 ||
          attached_[i].generation != options_.paths->generation(i)) {
        continue;
      }
      store = attached_[i].store;
    }
    OCA_ASSIGN_OR_RETURN(const uint64_t here, store->RemoveSetAside());
    removed += here;
  }
  return removed;
}

std::vector<size_t> SpreadPackStore::Returned() const {
  std::vector<size_t> paths;
  if (options_.paths == nullptr) return paths;
  const size_t count = options_.paths->count();
  absl::MutexLock lock(&mu_);
  for (size_t i = 0; i < count; ++i) {
    if (!Mine(i)) continue;
    const uint64_t generation = options_.paths->generation(i);
    if (generation == 0) continue;
    if (i >= attached_.size() || attached_[i].generation != generation) paths.push_back(i);
  }
  return paths;
}

absl::StatusOr<SpreadPackStore::Attached> SpreadPackStore::Attach(size_t path) {
  Attached result;
  Route route{path, options_.paths->generation(path), nullptr};
  if (route.generation == 0) return MissingError(static_cast<uint8_t>(path));
  absl::StatusOr<std::unique_ptr<PackStore>> opened =
      OpenLocalPackStore(*options_.fs, DirIn(path), options_.group, options_.keys);
  if (!opened.ok()) return Explain(route, opened.status(), /*writes=*/true);
  route.store = *std::move(opened);
  absl::StatusOr<std::vector<PackInfo>> packs = route.store->List();
  if (!packs.ok()) return Explain(route, packs.status(), /*writes=*/true);
  // The folder may have been made, and listed, in what lies below the mount.
  if (!options_.paths->Check(path, false, absl::OkStatus()) ||
      options_.paths->generation(path) != route.generation) {
    return MissingError(static_cast<uint8_t>(path));
  }
  {
    absl::MutexLock lock(&mu_);
    absl::flat_hash_map<PackId, uint8_t> before = std::move(where_);
    where_.clear();
    for (const auto& [id, at] : before) {
      if (at != path) where_[id] = at;
    }
    for (const PackInfo& pack : *packs) {
      auto known = where_.find(pack.id);
      if (known != where_.end() && known->second != kUnplaced) {
        log::Warning("a pack lies in two places; the other one is used", "group",
                     options_.group.value, "pack", pack.id.value, "path",
                     options_.paths->dir(path));
        continue;
      }
      where_[pack.id] = static_cast<uint8_t>(path);
      result.packs.push_back(pack);
    }
    for (const auto& [id, at] : before) {
      if (at == path && !where_.contains(id)) result.gone.push_back(id);
    }
    for (PackId id : result.gone) where_[id] = static_cast<uint8_t>(path);
    if (attached_.size() <= path) attached_.resize(path + 1);
    attached_[path] = {route.generation, route.store};
  }
  NoteSettled();
  return result;
}

std::vector<size_t> SpreadPackStore::Detach() {
  std::vector<size_t> lost;
  absl::MutexLock lock(&mu_);
  for (size_t i = 0; i < attached_.size(); ++i) {
    if (attached_[i].generation == 0 || attached_[i].generation == options_.paths->generation(i)) {
      continue;
    }
    attached_[i] = {};
    lost.push_back(i);
  }
  return lost;
}

void SpreadPackStore::NoteUnplaced(PackId id) {
  absl::MutexLock lock(&mu_);
  where_.try_emplace(id, kUnplaced);
}

std::vector<PackId> SpreadPackStore::TakeUnplaced() {
  std::vector<PackId> ids;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [id, path] : where_) {
      if (path == kUnplaced) ids.push_back(id);
    }
    for (PackId id : ids) where_.erase(id);
  }
  if (options_.paths != nullptr) NoteSettled();
  return ids;
}

bool SpreadPackStore::CanMove() {
  if (options_.paths == nullptr) return false;
  const bool tier = options_.use == PathUse::kTier;
  if (!tier && !options_.paths->any_draining()) return false;
  return options_.paths->PathsHaveRoom(options_.use) || (!tier && options_.paths->HomeHasRoom());
}

bool SpreadPackStore::ShallMove(PackId id) const {
  if (options_.paths == nullptr) return false;
  absl::MutexLock lock(&mu_);
  auto it = where_.find(id);
  if (it == where_.end()) return options_.use == PathUse::kTier;
  return it->second != kUnplaced && options_.paths->draining(it->second) &&
         options_.paths->generation(it->second) != 0;
}

absl::StatusOr<std::vector<PackInfo>> SpreadPackStore::ListIn(size_t path) {
  if (!Mine(path)) return std::vector<PackInfo>();
  std::shared_ptr<PackStore> store;
  {
    absl::MutexLock lock(&mu_);
    if (path < attached_.size() && attached_[path].generation == options_.paths->generation(path)) {
      store = attached_[path].store;
    }
  }
  if (store == nullptr) return MissingError(static_cast<uint8_t>(path));
  return store->List();
}

std::string SpreadPackStore::MissingPaths() const {
  return std::string(MessageOf(MissingError(kUnplaced)));
}

std::vector<PackId> SpreadPackStore::Forget(size_t path) {
  std::vector<PackId> ids;
  {
    absl::MutexLock lock(&mu_);
    for (const auto& [id, at] : where_) {
      if (at == path) ids.push_back(id);
    }
    for (PackId id : ids) where_.erase(id);
    if (path < attached_.size()) attached_[path] = {};
  }
  NoteSettled();
  return ids;
}

std::optional<size_t> SpreadPackStore::PathOf(PackId id) const {
  {
    absl::MutexLock lock(&mu_);
    auto it = where_.find(id);
    if (it == where_.end()) return std::nullopt;
    if (it->second != kUnplaced) return it->second;
  }
  std::optional<size_t> missing;
  for (size_t i = 0; i < options_.paths->count(); ++i) {
    if (!Mine(i) || options_.paths->generation(i) != 0) continue;
    if (missing) return std::nullopt;
    missing = i;
  }
  return missing;
}

}  // namespace oca::store
