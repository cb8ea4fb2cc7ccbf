#include "fs/engine/filesystem_impl.h"

#include <malloc.h>

#include <algorithm>
#include <random>
#include <utility>

#include "fmt/format.h"
#include "fs/engine/names_seal.h"
#include "fs/format/repository.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr int kDeletesPerStep = 2000;
constexpr absl::Duration kIndexRound = absl::Milliseconds(250);
constexpr absl::Duration kCalmIndexRound = absl::Seconds(2);  // while the indexes stay as they are
// malloc gives free memory back when it keeps more than this part of the budget.
constexpr uint64_t kFreeMemoryShare = 16;

store::Compression CompressionOf(const StorageGroup& group) {
  switch (group.compression) {
    case names::GroupCompression::kFast:
      return store::Compression::kFast;
    case names::GroupCompression::kBest:
      return store::Compression::kBest;
    case names::GroupCompression::kLz4:
      return store::Compression::kLz4;
  }
  return store::Compression::kFast;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Filesystem>> Filesystem::Open(Options options) {
  auto filesystem = std::make_unique<FilesystemImpl>(std::move(options));
  OCA_RETURN_IF_ERROR(filesystem->Start());
  return filesystem;
}

FilesystemImpl::FilesystemImpl(Options options)
    : options_(std::move(options)),
      memory_(PlanMemory(options_.memory_budget_bytes)),
      committer_([this] { return CommitRound(); }),
      names_encrypter_(options_.clock) {
  int workers = options_.workers > 0 ? options_.workers
                                     : static_cast<int>(std::thread::hardware_concurrency());
  caches_ = std::make_unique<Caches>(memory_.footers, memory_.groups, memory_.streams);
  sealers_ = std::make_unique<WorkQueue>(2, 16);
  workers_ = std::make_unique<WorkQueue>(std::max(workers, 1), 32);
  // One fewer: who reads needs a processor too, and what he waits for is decoded before what comes
  // later.
  decoders_ = std::make_unique<WorkQueue>(std::max(workers - 1, 1), 32);
  CleanerHost* host = this;
  cleaner_ = std::make_unique<Cleaner>(host, options_.clock, options_.cleaning);
  repair_history_ = std::make_unique<RepairHistory>(*options_.fs, options_.dir);
  scanner_ = std::make_unique<Scanner>(host, options_.clock, repair_history_.get());
  scrubber_ = std::make_unique<Scrubber>(host, options_.clock, options_.scrub_bytes_per_second,
                                         options_.scrub_interval);
}

// Without Stop: as a crash. Threads end; names write nothing more.
FilesystemImpl::~FilesystemImpl() {
  StopThreads();
  scrubber_.reset();
  cleaner_.reset();
  scanner_.reset();
  names_encrypter_.Stop();
  decoders_.reset();
  workers_.reset();  // jobs end before what they work on; they may still queue seals
  sealers_.reset();
  names_.reset();
}

absl::Status FilesystemImpl::Start() {
  OCA_RETURN_IF_ERROR(OpenRepository());
  OCA_RETURN_IF_ERROR(repair_history_->Load());
  OCA_RETURN_IF_ERROR(OpenNames());
  for (const StorageGroup& group : names_->ListGroups()) {
    OCA_RETURN_IF_ERROR(OpenGroup(group));
    OCA_RETURN_IF_ERROR(NoteKeys(*FindGroup(group.id)));
  }
  {
    absl::MutexLock lock(&runtime_mu_);
    for (const Container& container : names_->ListContainers()) {
      containers_[container.id] =
          std::make_shared<ContainerRuntime>(container, groups_[container.group], options_.clock);
    }
  }
  OCA_ASSIGN_OR_RETURN(std::vector<InodeNo> orphans, names_->ListOrphans());
  for (InodeNo ino : orphans) OCA_RETURN_IF_ERROR(names_->DeleteOrphan(ino));
  background_ = std::thread([this] { Background(); });
  index_keeper_ = std::thread([this] { KeepIndexes(); });
  path_keeper_ = std::thread([this] { KeepPaths(); });
  scrubber_->Start();
  return absl::OkStatus();
}

absl::Status FilesystemImpl::OpenRepository() {
  OCA_RETURN_IF_ERROR(io::CreateDirs(*options_.fs, options_.dir));
  absl::StatusOr<std::unique_ptr<io::FileLock>> lock =
      options_.fs->Lock(io::JoinPath(options_.dir, "lock"));
  if (!lock.ok()) return Annotate(lock.status(), "the repository is in use by another process");
  lock_ = *std::move(lock);
  const std::string path = io::JoinPath(options_.dir, "format");
  absl::StatusOr<std::string> text = io::ReadFile(*options_.fs, path);
  if (absl::IsNotFound(text.status())) {
    OCA_ASSIGN_OR_RETURN(auto listed, store::StoragePaths::ReadList(*options_.fs, options_.dir));
    if (!listed.empty()) {  // they would not know the new one
      return absl::DataLossError(fmt::format("{}: the file is missing; see ofsck(8)", path));
    }
    format::RepositoryUuid seed;
    std::random_device entropy;
    for (uint8_t& byte : seed) byte = static_cast<uint8_t>(entropy());
    format::RepositoryFormat fresh;
    fresh.uuid = format::UuidFromRandom(seed);
    OCA_RETURN_IF_ERROR(
        io::WriteFileAtomically(*options_.fs, path, format::EncodeRepositoryFormat(fresh)));
    return OpenPaths(fresh.uuid);
  }
  if (!text.ok()) return text.status();
  absl::StatusOr<format::RepositoryFormat> known = format::DecodeRepositoryFormat(*text);
  if (!known.ok()) return Annotate(known.status(), path);
  OCA_RETURN_IF_ERROR(Annotate(format::CheckWritable(*known), path));
  return OpenPaths(known->uuid);
}

absl::Status FilesystemImpl::OpenNames() {
  names::Options options;
  options.fs = options_.fs;
  options.clock = options_.clock;
  options.dir = io::JoinPath(options_.dir, "names");
  options.block_cache_bytes = memory_.names_cache;
  options.write_buffer_bytes = memory_.names_buffer;
  options.write_barrier = [this] { return FlushStores(); };
  options.content_changed = [this](const Inode& before, const Inode* after) {
    NoteContentChange(before, after);
  };
  options.root_uid = options_.root_uid;
  options.root_gid = options_.root_gid;
  // Names that are gone must not pass for a new repository: the cleaner would take every chunk.
  absl::StatusOr<std::vector<std::string>> groups =
      options_.fs->List(io::JoinPath(options_.dir, "groups"));
  if (!groups.ok() && ErrnoOf(groups.status()) != ENOENT) return groups.status();
  options.must_exist = groups.ok() && !groups->empty();
  auto break_and_open = [&]() -> absl::StatusOr<std::unique_ptr<names::Names>> {
    OCA_RETURN_IF_ERROR(BreakNamesSeal(*options_.fs, options_.dir));
    return names::Names::Open(std::move(options));
  };
  absl::StatusOr<std::unique_ptr<names::Names>> opened = break_and_open();
  if (absl::IsDataLoss(opened.status())) {
    return Annotate(opened.status(),
                    fmt::format("the names database {} cannot be served; see ofsck(8) for what can "
                                "be done",
                                io::JoinPath(options_.dir, "names")));
  }
  if (!opened.ok()) return opened.status();
  names_ = *std::move(opened);
  return absl::OkStatus();
}

std::string FilesystemImpl::GroupDir(GroupId id) const {
  return io::JoinPath(options_.dir, fmt::format("groups/{:08x}", id.value));
}

absl::Status FilesystemImpl::OpenGroup(const StorageGroup& record) {
  ChunkStoreOptions options;
  options.fs = options_.fs;
  options.clock = options_.clock;
  options.dir = GroupDir(record.id);
  options.group = record.id;
  options.compression = CompressionOf(record);
  options.pack_target_bytes = options_.pack_target_bytes;
  options.workers = workers_.get();
  options.decoders = decoders_.get();
  options.sealers = sealers_.get();
  options.caches = caches_.get();
  std::unique_ptr<store::GroupKeys> keys = OpenKeys(record);
  options.keys = keys.get();
  const size_t groups = names_->ListGroups().size();
  options.index_budget_bytes = IndexBudget(groups);
  options.count_budget_bytes = memory_.cleaner / std::max<size_t>(groups, 1);
  options.reduction_budget_bytes = memory_.reduction / std::max<size_t>(groups, 1);
  options.names_state = names_->opened_state();
  options.paths = paths_.get();
  options.performance_tier = record.performance_tier;
  OCA_ASSIGN_OR_RETURN(auto chunks, ChunkStore::Open(options));
  auto group =
      std::make_shared<GroupRuntime>(record, std::move(keys), std::move(chunks), options_.clock);
  if (group->locked) ++locked_groups_;
  absl::MutexLock lock(&runtime_mu_);
  groups_[record.id] = std::move(group);
  return absl::OkStatus();
}

void FilesystemImpl::StopThreads() {
  stopping_ = true;
  for (Bell* bell : {&background_bell_, &index_bell_, &paths_bell_}) bell->Ring();
  for (std::thread* thread : {&background_, &index_keeper_, &path_keeper_}) {
    if (thread->joinable()) thread->join();
  }
}

absl::Status FilesystemImpl::Stop() {
  StopThreads();
  scrubber_->Stop();
  cleaner_->Stop();
  scanner_->Stop();
  names_encrypter_.Stop();
  absl::Status result = Sync();
  for (const auto& group : Groups()) {
    absl::Status status = group->chunks->Stop(names_->state());
    if (result.ok()) result = status;
  }
  names_.reset();
  return result.ok() ? SealNames(*options_.fs, options_.dir) : result;
}

absl::Status FilesystemImpl::FlushStores() {
  for (const auto& group : Groups()) OCA_RETURN_IF_ERROR(group->chunks->Flush());
  return absl::OkStatus();
}

// Chunks first, outside of any lock of names; the barrier inside names then finds little or nothing
// left to do.
absl::Status FilesystemImpl::CommitRound() {
  OCA_RETURN_IF_ERROR(FlushStores());
  absl::Status status = names_->Commit();
  if (status.ok()) return status;
  OCA_RETURN_IF_ERROR(Annotate(names_->Resume(), MessageOf(status)));
  return names_->Commit();
}

void FilesystemImpl::RecordChangedFiles() {
  for (const std::shared_ptr<OpenFile>& file : files_.All()) {
    if (!file->NeedsRecording()) continue;
    if (absl::Status status = file->Record(*names_); !status.ok()) {
      log::Warning("a file's changes could not be stored yet", "inode", file->ino.value, "error",
                   MessageOf(status));
      continue;
    }
    files_.Reap(file);
  }
}

void FilesystemImpl::DeleteContainersInBackground() {
  for (const Container& container : names_->ListContainers()) {
    if (!container.deleting) continue;
    absl::StatusOr<bool> done =
        names_->DeleteContainerStep(container.id, kDeletesPerStep, [](const Inode&) {});
    if (!done.ok()) {
      log::Warning("deleting a container goes on later", "container", container.name, "error",
                   MessageOf(done.status()));
    } else if (*done) {
      absl::MutexLock lock(&runtime_mu_);
      containers_.erase(container.id);
    }
  }
}

void FilesystemImpl::Background() {
  absl::Time next_commit = MonotonicNow() + options_.commit_interval;
  background_bell_.Ring();  // encryption that was under way goes on at once
  while (true) {
    bool deleting = false;
    for (const Container& container : names_->ListContainers()) deleting |= container.deleting;
    background_bell_.WaitFor(std::min(next_commit - MonotonicNow(),
                                      deleting ? absl::Milliseconds(1) : absl::Seconds(1)));
    if (stopping_) return;
    if (deleting) DeleteContainersInBackground();
    AdvanceEncryption();
    AdvanceMoves();
    LockUnchangedFiles();
    ExpireRecycledFiles();
    if (MonotonicNow() < next_commit) continue;
    RecordChangedFiles();
    if (absl::Status status = committer_.Commit(); !status.ok()) {
      log::Warning("the periodic commit failed and will be tried again", "error",
                   MessageOf(status));
    }
    cleaner_->StartIfDue(IsCleanerTime());
    next_commit = MonotonicNow() + options_.commit_interval;
  }
}

bool FilesystemImpl::IsCleanerTime() {
  absl::StatusOr<CleanerSchedule> schedule = names_->GetCleanerSchedule();
  if (!schedule.ok()) {
    log::Warning("the cleaner's schedule cannot be read", "error", MessageOf(schedule.status()));
    return false;
  }
  return IsInWindow(*schedule, options_.clock->Now(), absl::LocalTimeZone());
}

uint64_t FilesystemImpl::IndexBudget(size_t groups) const {
  return memory_.index / std::max<size_t>(groups, 1);
}

// A thread of its own: merging runs takes seconds at terabytes, and commits must not wait.
void FilesystemImpl::KeepIndexes() {
  uint64_t last_entries = 0;
  absl::Duration pause = kIndexRound;
  while (true) {
    index_bell_.WaitFor(pause);
    if (stopping_) return;
    if (mallinfo2().fordblks > options_.memory_budget_bytes / kFreeMemoryShare) malloc_trim(0);
    const std::vector<std::shared_ptr<GroupRuntime>> groups = Groups();
    // A fifth in equal parts, the rest by what each holds.
    const uint64_t all = IndexBudget(1), equal = IndexBudget(groups.size()) / 5;
    uint64_t entries = 1;
    for (const auto& group : groups) entries += group->chunks->index().size();
    pause = entries == last_entries ? kCalmIndexRound : kIndexRound;
    last_entries = entries;
    for (const auto& group : groups) {
      const double share =
          static_cast<double>(group->chunks->index().size()) / static_cast<double>(entries);
      const double rest = static_cast<double>(all - equal * groups.size());
      const uint64_t budget =
          groups.size() == 1 ? all : equal + static_cast<uint64_t>(rest * share);
      group->chunks->SetIndexBudget(budget);
      group->chunks->SetCountBudget(budget / MemoryPlan::kIndex * MemoryPlan::kCleaner);
      group->chunks->SetReductionBudget(memory_.reduction / groups.size());
      group->chunks->MaybeSaveSnapshot();
    }
  }
}

std::shared_ptr<GroupRuntime> FilesystemImpl::FindGroup(GroupId id) {
  absl::MutexLock lock(&runtime_mu_);
  auto it = groups_.find(id);
  return it == groups_.end() ? nullptr : it->second;
}

std::vector<std::shared_ptr<GroupRuntime>> FilesystemImpl::Groups() {
  std::vector<std::shared_ptr<GroupRuntime>> all;
  absl::MutexLock lock(&runtime_mu_);
  for (const auto& [id, group] : groups_) all.push_back(group);
  return all;
}

std::shared_ptr<ContainerRuntime> FilesystemImpl::FindContainer(ContainerId id) {
  absl::MutexLock lock(&runtime_mu_);
  auto it = containers_.find(id);
  return it == containers_.end() ? nullptr : it->second;
}

std::vector<std::pair<GroupId, ChunkStore*>> FilesystemImpl::ChunkStores() {
  std::vector<std::pair<GroupId, ChunkStore*>> stores;
  absl::MutexLock lock(&runtime_mu_);
  for (const auto& [id, group] : groups_) {
    if (group->keys->Ready().ok()) stores.emplace_back(id, group->chunks.get());
  }
  return stores;
}

ChunkStore* FilesystemImpl::StoreOf(ContainerId container) {
  std::shared_ptr<ContainerRuntime> runtime = FindContainer(container);
  return runtime == nullptr ? nullptr : runtime->group->chunks.get();
}

void FilesystemImpl::QuiesceOperations() { operations_gate_.Quiesce(); }

CleanerHost::Room FilesystemImpl::DiskRoom() {
  absl::StatusOr<Space> space = LookAtSpace(store::PathUse::kCapacity);
  if (!space.ok()) return {};
  Room room{space->available_bytes, space->tight};
  if (!paths_->CheckAny(store::PathUse::kTier).ok()) return room;
  space = LookAtSpace(store::PathUse::kTier);
  if (!space.ok()) return room;
  return {std::min(room.free_bytes, space->available_bytes), room.is_short || space->tight};
}

void FilesystemImpl::NoteContentChange(const Inode& before, const Inode* after) {
  std::shared_ptr<ContainerRuntime> container = FindContainer(before.container);
  if (container == nullptr) return;
  const uint64_t left = after == nullptr ? 0 : after->data_bytes;
  container->group->chunks->journal().Note(before,
                                           after == nullptr ? std::string_view() : after->content,
                                           before.data_bytes - std::min(before.data_bytes, left));
}

std::vector<HeldFile> FilesystemImpl::HeldFiles() {
  std::vector<HeldFile> held;
  for (const std::shared_ptr<OpenFile>& file : files_.All()) {
    held.push_back({file->container->id, file->content->HeldRefs()});
  }
  return held;
}

}  // namespace oca::engine
