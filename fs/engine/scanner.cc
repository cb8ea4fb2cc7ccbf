#include "fs/engine/scanner.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr size_t kMaxFaultsKept = 1000;

}  // namespace

absl::Status Scanner::Start(ScanLevel level, std::optional<GroupId> group) {
  ScanStatus status;
  status.level = level;
  return job_.Start("a scan is running already", std::move(status),
                    [this, level, group] { return Run(level, group); });
}

void Scanner::AddFault(std::string fault) {
  log::Error("the scan found a fault", "fault", fault);
  job_.Update([&](ScanStatus* status) {
    ++status->fault_count;
    if (status->faults.size() < kMaxFaultsKept) status->faults.push_back(std::move(fault));
  });
}

absl::Status Scanner::Run(ScanLevel level, std::optional<GroupId> group) {
  OCA_RETURN_IF_ERROR(ScanNames());
  OCA_RETURN_IF_ERROR(ScanRecipes(group));
  return level == ScanLevel::kVerifyData ? ScanPacks(group) : absl::OkStatus();
}

absl::Status Scanner::ScanNames() {
  auto faults = host_->names().Verify([this](uint64_t seen) {
    job_.Update([&](ScanStatus* status) { status->inodes_checked = seen; });
    return !job_.stopping();
  });
  if (!faults.ok()) return faults.status();
  for (std::string& fault : *faults) AddFault(std::move(fault));
  return absl::OkStatus();
}

absl::Status Scanner::ScanRecipes(std::optional<GroupId> group) {
  absl::flat_hash_set<ChunkStore*> chosen;
  for (auto& [id, store] : host_->ChunkStores()) {
    if (!group || *group == id) chosen.insert(store);
  }
  absl::flat_hash_map<ChunkStore*, absl::flat_hash_set<Fingerprint>> seen;
  uint64_t inodes = 0;
  return host_->names().ForEachInode([&](const names::Inode& inode) -> absl::Status {
    if (job_.stopping()) return absl::CancelledError("stopped");
    job_.Update([&](ScanStatus* status) { status->inodes_checked = ++inodes; });
    if (!S_ISREG(inode.mode)) return absl::OkStatus();
    ChunkStore* store = host_->StoreOf(inode.container);
    if (store == nullptr || !chosen.contains(store)) return absl::OkStatus();
    return ScanRecipe(store, inode, &seen[store]);
  });
}

absl::Status Scanner::ScanRecipe(ChunkStore* store, const names::Inode& inode,
                                 absl::flat_hash_set<Fingerprint>* seen) {
  auto fault = [&](std::string_view what) {
    AddFault(fmt::format("inode {}: {}", inode.ino.value, what));
  };
  absl::StatusOr<tree::Root> root = store->RootOf(inode);
  if (!root.ok()) {
    fault(MessageOf(root.status()));
    return absl::OkStatus();
  }
  if (root->length() != inode.size)
    fault(fmt::format("recipe of {} bytes, size {}", root->length(), inode.size));
  uint64_t missing = 0;
  absl::Status status =
      tree::Visit(*store, *root, [&](const Fingerprint& fp, bool is_node) -> absl::StatusOr<bool> {
        if (job_.stopping()) return absl::CancelledError("stopped");
        if (!seen->insert(fp).second) return false;
        if (!is_node && !store->Holds(fp)) ++missing;
        return true;
      });
  if (absl::IsCancelled(status)) return status;
  // The file may have been changed and its old chunks swept since this walk began: only what the
  // file says now counts.
  auto still_there = [&] {
    auto now = host_->names().GetInode(inode.ino);
    return now.ok() && now->content == inode.content;
  };
  if (!status.ok() && still_there()) fault(MessageOf(status));
  if (missing > 0 && still_there()) fault(fmt::format("{} of its chunks are in no pack", missing));
  return absl::OkStatus();
}

absl::Status Scanner::ScanPacks(std::optional<GroupId> group) {
  std::vector<std::pair<ChunkStore*, PackId>> packs;
  for (auto& [id, store] : host_->ChunkStores()) {
    if (group && *group != id) continue;
    for (PackId pack : store->SealedPacks()) packs.emplace_back(store, pack);
  }
  for (size_t i = 0; i < packs.size(); ++i) {
    if (job_.stopping()) return absl::CancelledError("stopped");
    uint64_t chunks = 0;
    for (std::string& fault : packs[i].first->VerifyPack(packs[i].second, &chunks))
      AddFault(std::move(fault));
    job_.Update([&](ScanStatus* status) {
      status->progress_percent =
          100.0 * static_cast<double>(i + 1) / static_cast<double>(packs.size());
      ++status->packs_checked;
      status->chunks_checked += chunks;
    });
  }
  return absl::OkStatus();
}

}  // namespace oca::engine
