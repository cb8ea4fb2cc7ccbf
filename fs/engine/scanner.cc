#include "fs/engine/scanner.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "fmt/format.h"
#include "lib/base/status.h"
#include "lib/log/log.h"

namespace oca::engine {
namespace {

constexpr size_t kMaxFaultsKept = 1000;

}  // namespace

absl::Status Scanner::Start(ScanLevel level, std::optional<GroupId> group, bool repair) {
  ScanStatus status;
  status.level = level;
  status.group = group;
  status.repair = repair;
  return job_.Start("a scan or repair is running already", std::move(status),
                    [this, level, group, repair] {
                      absl::Status result = Run(level, group, repair);
                      if (repair) NoteRepair(result);
                      return result;
                    });
}

void Scanner::NoteRepair(const absl::Status& result) {
  ScanStatus status = job_.status();
  status.ended = clock_->Now();
  status.error = std::string(MessageOf(result));
  history_->Add(status);
}

void Scanner::AddFault(std::string fault) {
  log::Error("the scan found a fault", "fault", fault);
  job_.Update([&](ScanStatus* status) {
    ++status->fault_count;
    if (status->faults.size() < kMaxFaultsKept) status->faults.push_back(std::move(fault));
  });
}

void Scanner::AddRepairs(std::vector<std::string> done) {
  for (const std::string& what : done) log::Info("repaired", "what", what);
  job_.Update([&](ScanStatus* status) {
    for (std::string& what : done) {
      if (status->repairs.size() < kMaxFaultsKept) status->repairs.push_back(std::move(what));
    }
  });
}

absl::Status Scanner::Run(ScanLevel level, std::optional<GroupId> group, bool repair) {
  OCA_RETURN_IF_ERROR(ScanNames());
  // Packs first: then the files show what is missing now.
  if (level == ScanLevel::kVerifyData) OCA_RETURN_IF_ERROR(ScanPacks(group, repair));
  return ScanRecipes(group);
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
  std::map<ChunkStore*, RecipeCheck> checks;
  for (auto& [id, store] : host_->ChunkStores()) {
    if (!group || *group == id) checks.emplace(store, store);
  }
  std::map<InodeNo, std::string> faults;
  uint64_t inodes = 0;
  OCA_RETURN_IF_ERROR(host_->names().ForEachInode([&](const names::Inode& inode) -> absl::Status {
    if (job_.stopping()) return absl::CancelledError("stopped");
    job_.Update([&](ScanStatus* status) { status->inodes_checked = ++inodes; });
    if (!S_ISREG(inode.mode)) return absl::OkStatus();
    auto check = checks.find(host_->StoreOf(inode.container));
    if (check == checks.end()) return absl::OkStatus();
    OCA_ASSIGN_OR_RETURN(std::string fault, ScanRecipe(check->first, inode, &check->second));
    if (!fault.empty()) faults[inode.ino] = std::move(fault);
    return absl::OkStatus();
  }));
  return AddFileFaults(faults);
}

absl::StatusOr<std::string> Scanner::ScanRecipe(ChunkStore* store, const names::Inode& inode,
                                                RecipeCheck* check) {
  absl::StatusOr<tree::Root> root = store->RootOf(inode);
  if (!root.ok()) return std::string(MessageOf(root.status()));
  if (root->length() != inode.size) {
    return fmt::format("recipe of {} bytes, size {}", root->length(), inode.size);
  }
  OCA_ASSIGN_OR_RETURN(RecipeCheck::Loss loss,
                       check->Check(*root, [this] { return job_.stopping(); }));
  if (loss.none()) return std::string();
  // The file may have been changed and its old chunks swept since this walk began: only what the
  // file says now counts.
  auto now = host_->names().GetInode(inode.ino);
  if (!now.ok() || now->content != inode.content) return std::string();
  if (loss.error.empty()) return fmt::format("{} of its chunks are in no pack", loss.chunks);
  return fmt::format("a part of its recipe cannot be read: {}", loss.error);
}

absl::Status Scanner::AddFileFaults(const std::map<InodeNo, std::string>& faults) {
  absl::flat_hash_set<InodeNo> inodes;
  for (const auto& [ino, fault] : faults) inodes.insert(ino);
  OCA_ASSIGN_OR_RETURN(auto paths, host_->names().PathsOf(inodes));
  for (const auto& [ino, fault] : faults) {
    const std::vector<std::string>& names = paths[ino];
    if (names.empty()) AddFault(fmt::format("inode {} (no name): {}", ino.value, fault));
    for (const std::string& path : names) AddFault(fmt::format("{}: {}", path, fault));
  }
  return absl::OkStatus();
}

absl::Status Scanner::ScanPacks(std::optional<GroupId> group, bool repair) {
  std::vector<std::pair<ChunkStore*, PackId>> packs;
  for (auto& [id, store] : host_->ChunkStores()) {
    if (group && *group != id) continue;
    for (PackId pack : store->SealedPacks()) packs.emplace_back(store, pack);
  }
  for (size_t i = 0; i < packs.size(); ++i) {
    if (job_.stopping()) return absl::CancelledError("stopped");
    uint64_t chunks = 0;
    if (repair) AddRepairs(packs[i].first->RepairPack(packs[i].second));
    for (std::string& fault : packs[i].first->VerifyPack(packs[i].second, &chunks))
      AddFault(std::move(fault));
    job_.Update([&](ScanStatus* status) {
      status->progress_percent =
          100.0 * static_cast<double>(i + 1) / static_cast<double>(packs.size());
      ++status->packs_checked;
      status->chunks_checked += chunks;
    });
  }
  for (auto& [id, store] : host_->ChunkStores()) {
    if (group && *group != id) continue;
    OCA_RETURN_IF_ERROR(store->SaveHealth());
    if (const uint64_t offline = store->offline_packs(); offline > 0) {
      AddFault(
          fmt::format("storage group {}: {} packs lie in a storage path that is missing and "
                      "were not checked",
                      id.value, offline));
    }
  }
  return absl::OkStatus();
}

}  // namespace oca::engine
