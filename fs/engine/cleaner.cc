#include "fs/engine/cleaner.h"

#include <sys/stat.h>

#include <algorithm>

#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

// Live bytes moved in one step: bounds the temporary space and the work lost by a stop.
constexpr uint64_t kStepBytes = 32u << 20;
constexpr uint64_t kLeastStepBytes = 4u << 20;

}  // namespace

void Cleaner::SetPhase(const char* phase, double progress_percent) {
  job_.Update([&](CleanerStatus* status) {
    status->phase = phase;
    status->progress_percent = progress_percent;
  });
}

absl::Status Cleaner::Run() {
  work_began_ns_ = clock_->MonotonicNanos();
  calls_seen_ = host_->ForegroundCalls();
  absl::Status result;
  uint64_t left = 0;
  bool recounted = false, released = false, again = false;
  do {
    Epoch epoch;
    result = RunEpoch(epoch);
    left = 0;
    for (auto& [store, group] : epoch.groups) {
      if (store->references().exact()) left += store->PlanSweep().freed_bytes;
      store->EndEpoch();
    }
    NotePauses();
    // Something that was counted cannot be read any more: once more, with a count of what can.
    again = (absl::IsAborted(result) || store::IsPathMissing(result)) && !recounted;
    recounted |= again;
    // Deltas are gone, and what only they needed: they need nothing else, so once is enough.
    if (result.ok() && epoch.bases_released && !released) again = released = true;
  } while (again || (result.ok() && BeginNextRound()));
  job_.Update([](CleanerStatus* status) { status->phase.clear(); });
  const bool failed = !result.ok() && !absl::IsCancelled(result);
  if (failed) log::Error("reclaiming space failed", "error", MessageOf(result));
  absl::MutexLock lock(&mu_);
  running_ = false;
  failed_ = failed;
  left_bytes_ = result.ok() ? 0 : left;  // what a whole run leaves is held by somebody
  ended_ns_ = clock_->MonotonicNanos();
  return result;
}

absl::Status Cleaner::RunEpoch(Epoch& epoch) {
  SetPhase("mark", 0);
  for (auto& [id, store] : host_->ChunkStores()) {
    if (store->RecipesOffline()) continue;  // as one that is locked
    OCA_RETURN_IF_ERROR(store->RotatePacks());
    Group& group = epoch.groups[store];
    group.store = store;
    OCA_ASSIGN_OR_RETURN(group.whole, store->BeginEpoch([this] { return Pause(); }));
  }
  absl::Status marked = Mark(epoch);
  if (!marked.ok()) {  // part of it may be counted
    for (auto& [store, group] : epoch.groups) {
      store->references().Invalidate();
      store->journal().Abandon();
    }
    return marked;
  }
  // What names say now is durable before anything is removed: an older state must not come back and
  // refer to it.
  OCA_RETURN_IF_ERROR(host_->CommitNames());
  OCA_RETURN_IF_ERROR(Sweep(epoch));
  return epoch.bases_released ? absl::OkStatus() : Reduce(epoch);
}

absl::Status Cleaner::Mark(Epoch& epoch) {
  // Refs on their way from a Put into a file or into names have arrived after this.
  host_->QuiesceOperations();
  const std::vector<HeldFile> held = host_->HeldFiles();
  bool any_whole = false;
  for (auto& [store, group] : epoch.groups) {
    if (!group.whole) group.changes = store->journal().Take();
    any_whole |= group.whole;
  }
  if (any_whole) OCA_RETURN_IF_ERROR(CountAll(epoch));
  for (auto& [store, group] : epoch.groups) OCA_RETURN_IF_ERROR(CountChanges(group));
  // Whoever looked at names before the count's moment is through with what went since.
  host_->QuiesceOperations();
  return MarkHeld(epoch, held);
}

absl::Status Cleaner::CountAll(Epoch& epoch) {
  job_.Update([](CleanerStatus* status) { status->whole = true; });
  uint64_t total = 0;
  for (const names::Container& container : host_->names().ListContainers()) {
    total += host_->names().Counters(container.id).inodes;
  }
  uint64_t seen = 0, files = 0, expected_files = 0;
  const ChunkStore::PauseFn pause = [this] { return Pause(); };
  auto count = [&](const names::Inode& inode) -> absl::Status {
    OCA_RETURN_IF_ERROR(Pause());
    if (++seen % 1000 == 0 && total > 0) {
      SetPhase("mark",
               std::min(100.0, 100.0 * static_cast<double>(seen) / static_cast<double>(total)));
    }
    if (!S_ISREG(inode.mode)) return absl::OkStatus();
    ++files;
    auto group = epoch.groups.find(host_->StoreOf(inode.container));
    // Without a store there is nothing to keep; one that is locked or came after the start is not
    // swept.
    if (group == epoch.groups.end() || !group->second.whole) return absl::OkStatus();
    return CountContent(*group->first, inode.ino, inode.content, true, pause);
  };
  OCA_RETURN_IF_ERROR(host_->names().ForEachInode(count, [&] {
    for (auto& [store, group] : epoch.groups) {
      if (group.whole) store->journal().Restart();
    }
    for (const names::Container& container : host_->names().ListContainers())
      expected_files += host_->names().Counters(container.id).files;
  }));
  // What a walk does not come across would be taken for deleted.
  if (files != expected_files) {
    return absl::DataLossError(
        fmt::format("names count {} files, but {} were found: nothing is reclaimed; start a scan",
                    expected_files, files));
  }
  for (auto& [store, group] : epoch.groups) {
    if (group.whole) store->references().SetExact();
  }
  return absl::OkStatus();
}

// All that came first: what moved from file to file is then never counted down to nothing and up
// again. Carried through when a stop is asked for, as half of it would be worth nothing.
absl::Status Cleaner::CountChanges(Group& group) {
  const ChunkStore::PauseFn pause = [this] {
    (void)Pause();
    return absl::OkStatus();
  };
  OCA_RETURN_IF_ERROR(group.store->CountFound());
  for (const bool add : {true, false}) {
    for (const auto& [ino, change] : group.changes) {
      OCA_RETURN_IF_ERROR(
          CountContent(*group.store, ino, add ? change.after : change.before, add, pause));
    }
  }
  return absl::OkStatus();
}

absl::Status Cleaner::CountContent(ChunkStore& store, InodeNo ino, const std::string& content,
                                   bool add, const ChunkStore::PauseFn& pause) {
  if (content.empty()) return absl::OkStatus();
  names::Inode inode;
  inode.ino = ino;
  inode.content = content;
  OCA_ASSIGN_OR_RETURN(tree::Root root, store.RootOf(inode));
  job_.Update([](CleanerStatus* status) { ++status->recipes_counted; });
  return store.CountRoot(root, add, pause);
}

absl::Status Cleaner::MarkHeld(Epoch& epoch, const std::vector<HeldFile>& held) {
  for (const HeldFile& file : held) {
    auto it = epoch.groups.find(host_->StoreOf(file.container));
    if (it == epoch.groups.end()) continue;
    auto& [store, group] = *it;
    OCA_RETURN_IF_ERROR(
        store->MarkHeldRoot(file.refs.base, &group.held_nodes_seen, [this] { return Pause(); }));
    for (const tree::Ref& ref : file.refs.loose) {
      if (!ref.is_hole()) OCA_RETURN_IF_ERROR(store->MarkHeld(ref.fp).status());
    }
  }
  return absl::OkStatus();
}

absl::Status Cleaner::Sweep(Epoch& epoch) {
  SetPhase("sweep", 0);
  std::vector<std::pair<Group*, SweepPlan>> plans;
  for (auto& [store, group] : epoch.groups) {
    plans.emplace_back(&group, store->PlanSweep());
    epoch.total_bytes += plans.back().second.copied_bytes + plans.back().second.freed_bytes;
  }
  epoch.sweep_began_ns = clock_->MonotonicNanos();
  for (auto& [group, plan] : plans) OCA_RETURN_IF_ERROR(SweepGroup(epoch, *group, plan));
  return absl::OkStatus();
}

absl::Status Cleaner::SweepGroup(Epoch& epoch, Group& group, const SweepPlan& plan) {
  const std::span<const SweepPlan::Pack> packs(plan.packs);
  for (size_t i = 0, n = 0; i < packs.size(); i += n) {
    OCA_RETURN_IF_ERROR(Pause());
    const uint64_t room = StepBytes();
    uint64_t live = packs[i].live_bytes;
    for (n = 1; i + n < packs.size() && live + packs[i + n].live_bytes <= room; ++n)
      live += packs[i + n].live_bytes;
    OCA_ASSIGN_OR_RETURN(SweepResult step,
                         group.store->SweepPacks(packs.subspan(i, n), [this] { return Pause(); }));
    NoteStep(epoch, packs.subspan(i, n), step);
  }
  return group.store->SealCopies();
}

uint64_t Cleaner::StepBytes() {
  return std::clamp(host_->DiskRoom().free_bytes / 4, kLeastStepBytes, kStepBytes);
}

absl::Status Cleaner::Reduce(Epoch& epoch) {
  if (LeavesReduction()) return absl::OkStatus();
  SetPhase("reduce", 0);
  std::vector<std::pair<ChunkStore*, SweepPlan>> plans;
  uint64_t total_bytes = 0, done_bytes = 0;
  for (auto& [store, group] : epoch.groups) {
    plans.emplace_back(store, store->PlanReduction());
    total_bytes += plans.back().second.copied_bytes;
  }
  for (auto& [store, plan] : plans) {
    absl::Status reduced = ReduceGroup(*store, plan.packs, total_bytes, &done_bytes);
    if (!plan.packs.empty()) store->SaveReduction();
    OCA_RETURN_IF_ERROR(reduced);
  }
  return absl::OkStatus();
}

absl::Status Cleaner::ReduceGroup(ChunkStore& store, std::span<const SweepPlan::Pack> packs,
                                  uint64_t total_bytes, uint64_t* done_bytes) {
  for (size_t i = 0, n = 0; i < packs.size() && !LeavesReduction(); i += n) {
    OCA_RETURN_IF_ERROR(Pause());
    const uint64_t room = StepBytes();
    uint64_t bytes = packs[i].live_bytes;
    for (n = 1; i + n < packs.size() && bytes + packs[i + n].live_bytes <= room; ++n)
      bytes += packs[i + n].live_bytes;
    OCA_ASSIGN_OR_RETURN(const SweepResult step,
                         store.ReducePacks(packs.subspan(i, n), [this] { return Pause(); }));
    *done_bytes += bytes;
    SetPhase("reduce", 100.0 * static_cast<double>(*done_bytes) /
                           static_cast<double>(std::max<uint64_t>(total_bytes, 1)));
    job_.Update([&](CleanerStatus* status) { status->bytes_saved += step.bytes_saved; });
    NotePauses();
  }
  return store.SealCopies();
}

void Cleaner::NoteStep(Epoch& epoch, std::span<const SweepPlan::Pack> packs,
                       const SweepResult& step) {
  for (const SweepPlan::Pack& pack : packs) epoch.done_bytes += pack.live_bytes + pack.dead_bytes;
  epoch.bases_released |= step.bases_released > 0;
  const double seconds =
      static_cast<double>(clock_->MonotonicNanos() - epoch.sweep_began_ns + 1) / 1e9;
  const double rate = static_cast<double>(epoch.done_bytes) / seconds;
  job_.Update([&](CleanerStatus* status) {
    status->packs_examined += packs.size();
    status->packs_removed += step.packs_removed;
    status->bytes_copied += step.bytes_copied;
    status->bytes_reclaimed += step.bytes_removed - std::min(step.bytes_removed, step.bytes_copied);
    status->progress_percent = 100.0 * static_cast<double>(epoch.done_bytes) /
                               static_cast<double>(std::max<uint64_t>(epoch.total_bytes, 1));
    status->time_left =
        absl::Seconds(static_cast<double>(epoch.total_bytes - epoch.done_bytes) / rate);
  });
  NotePauses();
  absl::MutexLock lock(&mu_);
  sweep_rate_ = rate;
}

void Cleaner::NotePauses() {
  absl::Duration longest = host_->TakeLongestWait();
  for (auto& [id, store] : host_->ChunkStores())
    longest = std::max(longest, store->TakeLongestWait());
  job_.Update([&](CleanerStatus* status) {
    status->longest_pause = std::max(status->longest_pause, longest);
  });
}

}  // namespace oca::engine
