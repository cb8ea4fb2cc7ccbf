#include "fs/engine/chunk_store.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr uint32_t kSnapshotVersion = 3;
// A snapshot is due after so many packs, or a part of all. A start reads the footers of those.
constexpr uint64_t kPacksPerSnapshot = 512;
constexpr uint64_t kSnapshotShare = 256;

std::string SnapshotPath(const std::string& dir) { return io::JoinPath(dir, "index.snapshot"); }

}  // namespace

absl::StatusOr<std::unique_ptr<ChunkStore>> ChunkStore::Open(const ChunkStoreOptions& options) {
  OCA_RETURN_IF_ERROR(io::CreateDirs(*options.fs, options.dir));
  std::unique_ptr<ChunkStore> chunks(new ChunkStore(options));
  chunks->SetIndexBudget(options.index_budget_bytes);
  chunks->SetCountBudget(options.count_budget_bytes);
  chunks->SetReductionBudget(options.reduction_budget_bytes);
  OCA_ASSIGN_OR_RETURN(chunks->packs_, store::SpreadPackStore::Open(
                                           {.fs = options.fs,
                                            .home = io::JoinPath(options.dir, "packs"),
                                            .group = options.group,
                                            .keys = options.keys,
                                            .paths = options.paths,
                                            .use = store::PathUseOf(options.performance_tier)}));
  if (options.keys != nullptr) {
    chunks->sealed_files_ = std::make_unique<store::SealedFiles>(*options.fs, *options.keys);
  }
  if (options.keys == nullptr || options.keys->Ready().ok()) {
    OCA_RETURN_IF_ERROR(chunks->Unlocked());
  } else {
    OCA_RETURN_IF_ERROR(chunks->CountLockedPacks());
  }
  return chunks;
}

ChunkStore::~ChunkStore() {
  absl::MutexLock lock(&tasks_mu_);
  auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(tasks_mu_) { return tasks_ == 0; };
  tasks_mu_.Await(absl::Condition(&idle));
}

absl::Status ChunkStore::Unlocked() {
  absl::MutexLock lock(&unlock_mu_);
  if (opened_) return absl::OkStatus();
  {
    absl::MutexLock stats_lock(&stats_mu_);
    sealed_bytes_ = 0;  // what CountLockedPacks found
  }
  OCA_RETURN_IF_ERROR(Recover());
  opened_ = true;
  return absl::OkStatus();
}

absl::Status ChunkStore::Opened() const {
  if (opened_) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(options_.keys->Ready());
  return store::NoKeyError(fmt::format("storage group {} is being unlocked", options_.group.value));
}

absl::Status ChunkStore::CountLockedPacks() {
  OCA_ASSIGN_OR_RETURN(std::vector<store::PackInfo> present, packs_->List());
  absl::MutexLock lock(&stats_mu_);
  for (const store::PackInfo& pack : present) sealed_bytes_ += pack.size_bytes;
  return absl::OkStatus();
}

io::FileSystem& ChunkStore::SnapshotFiles() {
  if (ActiveKey() != 0) return *sealed_files_;
  return *options_.fs;
}

absl::Status ChunkStore::Recover() {
  OCA_RETURN_IF_ERROR(quarantine_.Load());
  OCA_ASSIGN_OR_RETURN(auto covered, LoadSnapshot());
  next_pack_id_.store(std::max(next_pack_id_.load(), quarantine_.HighestPack().value + 1));
  OCA_ASSIGN_OR_RETURN(std::vector<store::PackInfo> present, packs_->List());
  std::sort(present.begin(), present.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  size_t known = 0;
  for (const store::PackInfo& pack : present) {
    next_pack_id_.store(std::max(next_pack_id_.load(), pack.id.value + 1));
    auto it = covered.find(pack.id);
    if (it != covered.end() && it->second.file_bytes == pack.size_bytes) {
      AddSummary(pack.id, it->second);
      ++known;
    } else {
      OCA_RETURN_IF_ERROR(TakeInPack(pack.id, pack.size_bytes));
      if (index_.NeedsSave()) OCA_RETURN_IF_ERROR(SaveSnapshot());
    }
  }
  OCA_RETURN_IF_ERROR(SkipReservedIds());
  const bool any_offline = packs_->AnyOffline();
  if (known < covered.size()) {
    std::vector<PackId> gone;
    for (const auto& [id, summary] : covered) {
      if (absl::MutexLock lock(&stats_mu_); summaries_.contains(id)) continue;
      if (!any_offline) {
        gone.push_back(id);
        continue;
      }
      AddSummary(id, summary);  // it is taken to lie in the path that is missing
      packs_->NoteUnplaced(id);
    }
    index_.DropPacks(std::move(gone));  // they vanished: entries that point to them are of no use
  }
  // Entries of the snapshot may still lead to what is in quarantine: every use of one asks.
  const std::vector<PackId> sealed = SealedPacks();
  for (const Quarantine::Entry& entry : quarantine_.List()) {
    if (!any_offline && !std::binary_search(sealed.begin(), sealed.end(), entry.pack)) {
      quarantine_.Forget(entry.pack);
    }
  }
  if (present.empty() &&
      !any_offline) {  // nothing is referred to: the count begins with the first root
    references_.SetExact();
    journal_.Restart();
  } else {
    LoadCount();
    if (any_offline) references_.Invalidate();
  }
  if (absl::Status loaded = reduction_.Load(SnapshotFiles(), ReductionPath());
      !loaded.ok() && !absl::IsNotFound(loaded)) {
    log::Warning("what was known of similar chunks is unusable; packs are looked through again",
                 "group", options_.group.value, "error", MessageOf(loaded));
  }
  return quarantine_.Save();
}

absl::StatusOr<std::map<PackId, PackSummary>> ChunkStore::LoadSnapshot() {
  std::map<PackId, PackSummary> covered;
  absl::StatusOr<std::string> meta = index_.Load(SnapshotFiles(), SnapshotPath(options_.dir));
  if (!meta.ok()) {
    if (!absl::IsNotFound(meta.status())) {
      log::Warning("index snapshot is unusable and will be rebuilt from the packs", "group",
                   options_.group.value, "error", MessageOf(meta.status()));
      NoteAtStart(fmt::format("the index snapshot of storage group {} is unusable: {}",
                              options_.group.value, MessageOf(meta.status())),
                  /*mended=*/true);
      // It may say in plain what is encrypted by now: another one takes its place soon.
      absl::MutexLock lock(&stats_mu_);
      snapshot_unusable_ = true;
    }
    return covered;
  }
  ByteReader in(*meta);
  uint32_t version = in.Le<uint32_t>();
  uint64_t next_id = in.Le<uint64_t>();
  uint64_t count = in.Le<uint64_t>();
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    PackId id{in.Varint()};
    covered[id] = DecodePackSummary(in);
  }
  if (!in.ok() || version != kSnapshotVersion) {
    index_.Clear();
    covered.clear();
    return covered;
  }
  next_pack_id_.store(std::max<uint64_t>(next_id, 1));
  return covered;
}

absl::Status ChunkStore::TakeInPack(PackId id, uint64_t file_bytes) {
  absl::StatusOr<format::PackFooter> footer = packs_->ReadFooter(id);
  if (!footer.ok()) {
    log::Info("recovering a pack that has no good footer", "group", options_.group.value, "pack",
              id.value, "error", MessageOf(footer.status()));
    // Without a footer it was being filled when a crash came.
    std::string damage;
    if (absl::IsDataLoss(footer.status())) damage = std::string(MessageOf(footer.status()));
    footer = packs_->Recover(id);
    if (!damage.empty() && (footer.ok() || absl::IsNotFound(footer.status()))) {
      NoteAtStart(fmt::format("pack {:016x} of storage group {}: {}: {}", id.value,
                              options_.group.value, damage,
                              footer.ok() ? "a footer is made anew from its whole groups"
                                          : "it is set aside, nothing in it is whole"),
                  /*mended=*/true);
    }
    if (absl::IsNotFound(footer.status())) return absl::OkStatus();  // nothing whole was in it
    if (!footer.ok()) {  // what lies in it cannot be read now; the rest is served
      log::Error("a pack cannot be read", "group", options_.group.value, "pack", id.value, "error",
                 MessageOf(footer.status()));
      NoteAtStart(fmt::format("pack {:016x} of storage group {} cannot be read: {}", id.value,
                              options_.group.value, MessageOf(footer.status())),
                  /*mended=*/false);
      return absl::OkStatus();
    }
    OCA_ASSIGN_OR_RETURN(std::vector<store::PackInfo> present, packs_->List());
    for (const store::PackInfo& pack : present) {
      if (pack.id == id) file_bytes = pack.size_bytes;
    }
  }
  IndexPack(id, *footer);
  AddSummary(id, Summarize(*footer, file_bytes));
  absl::MutexLock lock(&stats_mu_);
  ++packs_since_snapshot_;
  return absl::OkStatus();
}

absl::Status ChunkStore::SaveSnapshot() {
  absl::MutexLock snapshot_lock(&snapshot_mu_);
  if (destroyed_) return absl::OkStatus();
  std::string meta;
  {
    absl::MutexLock lock(&stats_mu_);
    PutLe<uint32_t>(&meta, kSnapshotVersion);
    PutLe<uint64_t>(&meta, next_pack_id_.load());
    // While the index is rebuilt it covers nothing.
    const bool covers = !rebuilding_.load();
    PutLe<uint64_t>(&meta, covers ? summaries_.size() : 0);
    for (const auto& [id, summary] : summaries_) {
      if (!covers) break;
      PutVarint(&meta, id.value);
      EncodePackSummary(summary, &meta);
    }
    packs_since_snapshot_ = 0;
    snapshot_unusable_ = false;
  }
  // Whoever was between the pack and the index with a chunk of these packs (AddNew) is through.
  for (absl::Mutex& stripe : stripes_) absl::MutexLock passed(&stripe);
  return index_.Save(SnapshotFiles(), SnapshotPath(options_.dir), meta);
}

void ChunkStore::MaybeSaveSnapshot() {
  if (!opened_ || rebuilding_.load()) return;  // it saves by itself
  {
    absl::MutexLock lock(&stats_mu_);
    const uint64_t due = std::max(kPacksPerSnapshot, summaries_.size() / kSnapshotShare);
    if (packs_since_snapshot_ < due && !snapshot_unusable_ && !index_.NeedsSave()) return;
  }
  const uint64_t rebuilds = rebuilds_.load();
  absl::Status status = SaveSnapshot();
  if (absl::IsDataLoss(status)) status = RebuildIndex(rebuilds, status);
  if (!status.ok()) {
    log::Warning("index snapshot was not saved; a restart will read more footers", "group",
                 options_.group.value, "error", MessageOf(status));
  }
}

void ChunkStore::NoteAtStart(std::string what, bool mended) {
  absl::MutexLock lock(&stats_mu_);
  found_at_start_.push_back({std::move(what), mended});
}

std::vector<FoundAtStart> ChunkStore::found_at_start() {
  absl::MutexLock lock(&stats_mu_);
  return found_at_start_;
}

void ChunkStore::AddSummary(PackId id, const PackSummary& summary) {
  absl::MutexLock lock(&stats_mu_);
  auto [it, added] = summaries_.emplace(id, summary);
  if (!added) return;
  ++pack_changes_;
  for (const auto& [container, usage] : summary.containers) usage_[container] += usage;
  sealed_bytes_ += summary.file_bytes;
}

void ChunkStore::RemoveSummary(PackId id) {
  if (ForgetPack(id)) quarantine_.Forget(id);
}

bool ChunkStore::ForgetPack(PackId id) {
  if (references_.HasPack(id)) references_.Invalidate();  // it goes with what was counted there
  reduction_.Forget(id);
  absl::MutexLock lock(&stats_mu_);
  auto it = summaries_.find(id);
  if (it == summaries_.end()) return false;
  for (const auto& [container, usage] : it->second.containers) usage_[container] -= usage;
  sealed_bytes_ -= it->second.file_bytes;
  summaries_.erase(it);
  ++pack_changes_;
  ++packs_since_snapshot_;
  return true;
}

std::vector<PackId> ChunkStore::SealedPacks() {
  absl::MutexLock lock(&stats_mu_);
  std::vector<PackId> ids;
  ids.reserve(summaries_.size());
  for (const auto& [id, summary] : summaries_) ids.push_back(id);
  return ids;
}

std::vector<PackId> ChunkStore::PacksOfDeltas() {
  absl::MutexLock lock(&stats_mu_);
  std::vector<PackId> ids;
  for (const auto& [id, summary] : summaries_) {
    if (summary.of_deltas) ids.push_back(id);
  }
  return ids;
}

uint64_t ChunkStore::pack_count() {
  absl::MutexLock lock(&stats_mu_);
  return summaries_.size();
}

namespace {

// What an open pack adds to the counters: its unstored chunks count as if they did not compress.
PackSummary SummarizeOpen(OpenPack& pack) {
  format::PackFooter footer = pack.Footer();
  for (format::FooterGroup& group : footer.groups) {
    if (group.encoded_size > 0) continue;
    group.encoded_size = group.raw_bytes;
    group.stored_bytes = group.raw_bytes;
  }
  return Summarize(footer, pack.usage().file_bytes);
}

}  // namespace

std::vector<std::shared_ptr<OpenPack>> ChunkStore::OpenPacks() {
  std::vector<std::shared_ptr<OpenPack>> open;
  absl::MutexLock lock(&open_mu_);
  for (const auto& [id, pack] : open_) {
    if (!pack->sealed()) open.push_back(pack);
  }
  return open;
}

Usage ChunkStore::ContainerUsage(ContainerId container) {
  Usage sum;
  for (const auto& pack : OpenPacks()) {
    for (const auto& [owner, usage] : SummarizeOpen(*pack).containers) {
      if (owner == container) sum += usage;
    }
  }
  absl::MutexLock lock(&stats_mu_);
  if (auto it = usage_.find(container); it != usage_.end()) sum += it->second;
  return sum;
}

Usage ChunkStore::TotalUsage() {
  Usage sum;
  for (const auto& pack : OpenPacks()) {
    for (const auto& [owner, usage] : SummarizeOpen(*pack).containers) sum += usage;
  }
  {
    absl::MutexLock lock(&stats_mu_);
    for (const auto& [container, usage] : usage_) sum += usage;
  }
  sum.physical_bytes = PhysicalBytes();
  return sum;
}

uint64_t ChunkStore::PhysicalBytes() {
  uint64_t bytes = 0;
  for (const auto& pack : OpenPacks()) {
    OpenPack::Usage usage = pack->usage();
    bytes += usage.file_bytes + usage.unstored_raw_bytes;
  }
  absl::MutexLock lock(&stats_mu_);
  return bytes + sealed_bytes_;
}

absl::Status ChunkStore::Stop(const std::string& names_state) {
  if (!opened_) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(RotatePacks());
  OCA_RETURN_IF_ERROR(quarantine_.Save());
  OCA_RETURN_IF_ERROR(SaveSnapshot());
  SaveCount(names_state);
  SaveReduction();
  return absl::OkStatus();
}

absl::StatusOr<tree::Root> ChunkStore::RootOf(const names::Inode& inode) const {
  if (options_.keys == nullptr) return tree::DecodeRoot(inode.content);
  OCA_ASSIGN_OR_RETURN(std::string plain, options_.keys->UnsealContent(inode.ino, inode.content));
  return tree::DecodeRoot(plain);
}

absl::Status ChunkStore::EncryptFromNowOn() {
  OCA_RETURN_IF_ERROR(RotatePacks());
  (void)options_.fs->RemoveFile(ReductionPath());  // it may be plain; the next one is encrypted
  return SaveSnapshot();
}

EncryptionProgress ChunkStore::encryption_progress() {
  EncryptionProgress progress;
  for (const auto& pack : OpenPacks()) {
    const OpenPack::Usage usage = pack->usage();
    (pack->key() == 0 ? progress.plain_bytes : progress.encrypted_bytes) +=
        usage.file_bytes + usage.unstored_raw_bytes;
  }
  absl::MutexLock lock(&stats_mu_);
  for (const auto& [id, summary] : summaries_) {
    (summary.key == 0 ? progress.plain_bytes : progress.encrypted_bytes) += summary.file_bytes;
  }
  return progress;
}

absl::Status ChunkStore::Destroy() {
  OCA_RETURN_IF_ERROR(RotatePacks());
  OCA_ASSIGN_OR_RETURN(std::vector<store::PackInfo> present, packs_->List());
  for (const store::PackInfo& pack : present) OCA_RETURN_IF_ERROR(packs_->Remove(pack.id));
  absl::Status health = io::RemoveFileDurably(*options_.fs, io::JoinPath(options_.dir, "health"));
  if (!health.ok() && !absl::IsNotFound(health)) return health;
  for (const std::string& path : {CountPath(), ReductionPath()}) {
    absl::Status gone = options_.fs->RemoveFile(path);
    if (!gone.ok() && !absl::IsNotFound(gone)) return gone;
  }
  absl::MutexLock lock(&snapshot_mu_);
  destroyed_ = true;
  return index::FingerprintIndex::RemoveSnapshot(*options_.fs, SnapshotPath(options_.dir));
}

}  // namespace oca::engine
