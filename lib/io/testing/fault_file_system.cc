#include "lib/io/testing/fault_file_system.h"

#include <cerrno>
#include <random>
#include <unordered_set>
#include <utility>

namespace oca::io {

uint64_t FaultFileSystem::MutatingCalls() {
  absl::MutexLock lock(&mu_);
  return mutating_calls_;
}

uint64_t FaultFileSystem::Calls() {
  absl::MutexLock lock(&mu_);
  return calls_;
}

void FaultFileSystem::CutPowerAt(uint64_t n) {
  absl::MutexLock lock(&mu_);
  cut_at_ = mutating_calls_ + n;
}

void FaultFileSystem::CutPower() {
  absl::MutexLock lock(&mu_);
  powered_off_ = true;
}

bool FaultFileSystem::PowerIsCut() {
  absl::MutexLock lock(&mu_);
  return powered_off_;
}

void FaultFileSystem::FailAt(uint64_t n, int error_number, Duration duration) {
  absl::MutexLock lock(&mu_);
  failure_ = {mutating_calls_ + n, error_number, duration};
}

void FaultFileSystem::FailAnyAt(uint64_t n, int error_number, Duration duration) {
  absl::MutexLock lock(&mu_);
  any_failure_ = {calls_ + n, error_number, duration};
}

void FaultFileSystem::FailMatching(Op op, std::string path_part, int error_number,
                                   Duration duration) {
  absl::MutexLock lock(&mu_);
  rules_.push_back({op, std::move(path_part), error_number, duration});
}

void FaultFileSystem::ClearFaults() {
  absl::MutexLock lock(&mu_);
  ClearFaultsLocked();
}

void FaultFileSystem::ClearFaultsLocked() {
  cut_at_ = 0;
  failure_ = any_failure_ = {};
  rules_.clear();
}

MemoryFileSystem::Verdict FaultFileSystem::Admit(Op op, std::string_view path,
                                                 std::string_view second_path) {
  ++calls_;
  if (Mutates(op)) {
    ++mutating_calls_;
    if (mutating_calls_ == cut_at_) {
      powered_off_ = true;
      return {EIO, /*carry_out=*/true};
    }
    if (failure_.Hits(mutating_calls_)) return {failure_.error_number};
  }
  if (any_failure_.Hits(calls_)) return {any_failure_.error_number};
  for (auto rule = rules_.begin(); rule != rules_.end(); ++rule) {
    if (rule->op != op || (path.find(rule->path_part) == path.npos &&
                           second_path.find(rule->path_part) == second_path.npos)) {
      continue;
    }
    int error_number = rule->error_number;
    if (rule->duration == Duration::kTransient) rules_.erase(rule);
    return {error_number};
  }
  return {};
}

void FaultFileSystem::OnEntryChange(EntryOp op) { pending_.Add(std::move(op)); }
void FaultFileSystem::OnSync(MemoryNode& node) { node.contents.Sync(); }
void FaultFileSystem::OnSyncFailed(MemoryNode& node) { node.contents.SyncFailed(); }
void FaultFileSystem::OnSyncDir(const MemoryNodePtr& dir) { pending_.Sync(dir); }

void FaultFileSystem::PowerCycle(uint64_t seed) {
  absl::MutexLock lock(&mu_);
  std::mt19937_64 rng(seed);
  ++generation_;
  powered_off_ = false;
  ClearFaultsLocked();
  MemoryNodes all = AllNodes(root_);
  pending_.LosePower(rng);
  for (const MemoryNodePtr& node : all) {
    node->is_locked = false;
    node->entries = node->durable_entries;
  }
  // In the order of the names, so that a seed means one outcome.
  std::unordered_set<MemoryNodePtr> reachable;
  for (const MemoryNodePtr& node : AllNodes(root_)) {
    node->contents.LosePower(rng);
    reachable.insert(node);
  }
  for (const MemoryNodePtr& node : all) {
    if (!reachable.contains(node)) Forget(*node);
  }
}

}  // namespace oca::io
