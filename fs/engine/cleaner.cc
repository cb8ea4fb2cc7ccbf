#include "fs/engine/cleaner.h"

#include <sys/stat.h>

#include <algorithm>

#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

// Packs handled in one step: bounds the temporary space and the work lost by a stop.
constexpr size_t kPacksPerStep = 8;

}  // namespace

// What one run keeps in mind. Nodes are remembered by their whole fingerprint: a node taken for
// seen by mistake would lose its subtree.
struct Cleaner::Epoch {
  struct Group {
    std::vector<PackId> packs;
    absl::flat_hash_set<Fingerprint> nodes_seen;
  };
  absl::flat_hash_map<ChunkStore*, Group> groups;
};

absl::Status Cleaner::Start() {
  return job_.Start("space is being reclaimed already", CleanerStatus(), [this] { return Run(); });
}

void Cleaner::SetPhase(const char* phase, double progress_percent) {
  job_.Update([&](CleanerStatus* status) {
    status->phase = phase;
    status->progress_percent = progress_percent;
  });
}

absl::Status Cleaner::Run() {
  Epoch epoch;
  absl::Status result = RunEpoch(epoch);
  for (auto& [store, group] : epoch.groups) store->EndEpoch();
  job_.Update([](CleanerStatus* status) { status->phase.clear(); });
  if (!result.ok() && !absl::IsCancelled(result))
    log::Error("reclaiming space failed", "error", MessageOf(result));
  return result;
}

absl::Status Cleaner::RunEpoch(Epoch& epoch) {
  SetPhase("mark", 0);
  for (auto& [id, store] : host_->ChunkStores()) {
    OCA_RETURN_IF_ERROR(store->RotatePacks());
    epoch.groups[store].packs = store->BeginEpoch();
  }
  // Refs on their way from a Put into a file or into names have arrived after this.
  host_->QuiesceOperations();
  OCA_RETURN_IF_ERROR(Mark(epoch));
  // What names say now is durable before anything is removed: an older state must not come back and
  // refer to it.
  OCA_RETURN_IF_ERROR(host_->CommitNames());
  return Sweep(epoch);
}

absl::Status Cleaner::Mark(Epoch& epoch) {
  for (const HeldFile& file : host_->HeldFiles()) {
    OCA_RETURN_IF_ERROR(MarkRoot(epoch, file.container, file.refs.base));
    ChunkStore* store = host_->StoreOf(file.container);
    if (store == nullptr || !epoch.groups.contains(store)) continue;
    for (const tree::Ref& ref : file.refs.loose) {
      if (!ref.is_hole()) store->MarkLive(ref.fp);
    }
  }
  uint64_t total = 0;
  for (const names::Container& container : host_->names().ListContainers()) {
    total += host_->names().Counters(container.id).inodes;
  }
  uint64_t seen = 0;
  return host_->names().ForEachInode([&](const names::Inode& inode) -> absl::Status {
    if (job_.stopping()) return absl::CancelledError("stopped");
    if (++seen % 1000 == 0 && total > 0) {
      SetPhase("mark",
               std::min(100.0, 100.0 * static_cast<double>(seen) / static_cast<double>(total)));
    }
    if (!S_ISREG(inode.mode)) return absl::OkStatus();
    ChunkStore* store = host_->StoreOf(inode.container);
    if (!epoch.groups.contains(store)) return absl::OkStatus();  // it is locked, for example
    OCA_ASSIGN_OR_RETURN(tree::Root root, store->RootOf(inode));
    return MarkRoot(epoch, inode.container, root);
  });
}

absl::Status Cleaner::MarkRoot(Epoch& epoch, ContainerId container, const tree::Root& root) {
  ChunkStore* store = host_->StoreOf(container);
  auto group = epoch.groups.find(store);
  // Without a store there is nothing to keep; a group that came after the start is not swept.
  if (group == epoch.groups.end()) return absl::OkStatus();
  return tree::Visit(*store, root,
                     [&](const Fingerprint& fp, bool is_node) -> absl::StatusOr<bool> {
                       if (job_.stopping()) return absl::CancelledError("stopped");
                       store->MarkLive(fp);
                       return !is_node || group->second.nodes_seen.insert(fp).second;
                     });
}

absl::Status Cleaner::Sweep(Epoch& epoch) {
  size_t total = 0, done = 0;
  for (auto& [store, group] : epoch.groups) total += group.packs.size();
  for (auto& [store, group] : epoch.groups) {
    for (size_t i = 0; i < group.packs.size(); i += kPacksPerStep) {
      if (job_.stopping()) return absl::CancelledError("stopped");
      SetPhase("sweep", 100.0 * static_cast<double>(done) / static_cast<double>(total));
      size_t n = std::min(kPacksPerStep, group.packs.size() - i);
      OCA_ASSIGN_OR_RETURN(ChunkStore::SweepResult step,
                           store->SweepPacks(std::span<const PackId>(group.packs).subspan(i, n)));
      done += n;
      job_.Update([&](CleanerStatus* status) {
        status->packs_examined += n;
        status->packs_removed += step.packs_removed;
        status->bytes_copied += step.bytes_copied;
        status->bytes_reclaimed +=
            step.bytes_removed - std::min(step.bytes_removed, step.bytes_copied);
      });
    }
  }
  return absl::OkStatus();
}

}  // namespace oca::engine
