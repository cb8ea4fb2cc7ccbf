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

Scanner::~Scanner() { Stop().IgnoreError(); }

absl::Status Scanner::Start(ScanLevel level, std::optional<GroupId> group) {
  absl::MutexLock lock(&mu_);
  if (status_.state == JobState::kRunning) return PosixError(EBUSY, "a scan is running already");
  if (thread_.joinable()) thread_.join();
  status_ = ScanStatus();
  status_.state = JobState::kRunning;
  status_.level = level;
  status_.started = clock_->Now();
  stop_ = false;
  thread_ = std::thread([this, level, group] { Run(level, group); });
  return absl::OkStatus();
}

absl::Status Scanner::Stop() {
  stop_ = true;
  std::thread thread;
  {
    absl::MutexLock lock(&mu_);
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
  return absl::OkStatus();
}

ScanStatus Scanner::status() {
  absl::MutexLock lock(&mu_);
  return status_;
}

void Scanner::AddFault(std::string fault) {
  log::Error("the scan found a fault", "fault", fault);
  absl::MutexLock lock(&mu_);
  ++status_.fault_count;
  if (status_.faults.size() < kMaxFaultsKept) status_.faults.push_back(std::move(fault));
}

void Scanner::SetProgress(double percent) {
  absl::MutexLock lock(&mu_);
  status_.progress_percent = std::min(percent, 100.0);
}

void Scanner::Run(ScanLevel level, std::optional<GroupId> group) {
  absl::Status result = ScanNames();
  if (result.ok()) result = ScanRecipes(group);
  if (result.ok() && level == ScanLevel::kVerifyData) result = ScanPacks(group);
  absl::MutexLock lock(&mu_);
  status_.ended = clock_->Now();
  if (absl::IsCancelled(result)) {
    status_.state = JobState::kStopped;
  } else if (!result.ok()) {
    status_.state = JobState::kFailed;
    status_.error = std::string(MessageOf(result));
  } else {
    status_.state = JobState::kDone;
    status_.progress_percent = 100;
  }
}

absl::Status Scanner::ScanNames() {
  auto faults = host_->names().Verify([this](uint64_t seen) {
    absl::MutexLock lock(&mu_);
    status_.inodes_checked = seen;
    return !stop_;
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
    if (stop_) return absl::CancelledError("stopped");
    {
      absl::MutexLock lock(&mu_);
      status_.inodes_checked = ++inodes;
    }
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
  absl::StatusOr<tree::Root> root = tree::DecodeRoot(inode.content);
  if (!root.ok()) {
    fault(MessageOf(root.status()));
    return absl::OkStatus();
  }
  if (root->length() != inode.size)
    fault(fmt::format("recipe of {} bytes, size {}", root->length(), inode.size));
  uint64_t missing = 0;
  absl::Status status =
      tree::Visit(*store, *root, [&](const Fingerprint& fp, bool is_node) -> absl::StatusOr<bool> {
        if (stop_) return absl::CancelledError("stopped");
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
    if (stop_) return absl::CancelledError("stopped");
    uint64_t chunks = 0;
    for (std::string& fault : packs[i].first->VerifyPack(packs[i].second, &chunks))
      AddFault(std::move(fault));
    SetProgress(100.0 * static_cast<double>(i + 1) / static_cast<double>(packs.size()));
    absl::MutexLock lock(&mu_);
    ++status_.packs_checked;
    status_.chunks_checked += chunks;
  }
  return absl::OkStatus();
}

}  // namespace oca::engine
