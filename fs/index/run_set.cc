#include "fs/index/run_set.h"

#include <algorithm>

namespace oca::index {
namespace {

// A run is merged with the newer ones when they have together at least a third of its entries.
constexpr uint64_t kMergeRatio = 3;
constexpr size_t kMaxDropped = 1u << 16;  // then all runs are written anew without them

}  // namespace

bool RunSet::IsDropped(const Entry& entry) const {
  return !dropped.empty() && std::binary_search(dropped.begin(), dropped.end(), PackOf(entry.slot));
}

absl::Status RunSet::Find(uint64_t key, std::vector<Entry>* out, uint64_t* reads) const {
  std::vector<Entry> found;
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    absl::Status status = (*run)->Find(key, &found, reads);
    if (!status.ok()) return status;
  }
  std::stable_sort(found.begin(), found.end());  // the newest of equal ones stays first
  found.erase(std::unique(found.begin(), found.end()), found.end());
  for (const Entry& entry : found) {
    if (!entry.erased() && !IsDropped(entry)) out->push_back(entry);
  }
  return absl::OkStatus();
}

uint64_t RunSet::memory_bytes() const {
  uint64_t bytes = dropped.capacity() * sizeof(uint64_t);
  for (const auto& run : runs) bytes += run->memory_bytes();
  return bytes;
}

uint64_t RunSet::stored_bytes() const {
  uint64_t pages = 0;
  for (const auto& run : runs) pages += 1 + run->info().pages;
  return pages * kPageBytes;
}

uint64_t RunSet::entries() const {
  uint64_t added = 0, erased = 0;
  for (const auto& run : runs) {
    added += run->info().entries - run->info().erased;
    erased += run->info().erased;
  }
  return added - std::min(added, erased);
}

void KeepNewest(std::vector<Entry>* entries, std::span<const size_t> ends) {
  const auto at = [&](size_t i) { return entries->begin() + static_cast<ptrdiff_t>(i); };
  for (size_t i = 1; i < ends.size(); ++i) {
    std::inplace_merge(entries->begin(), at(ends[i - 1]), at(ends[i]));  // stable
  }
  if (ends.size() > 1)
    entries->erase(std::unique(entries->begin(), entries->end()), entries->end());
}

MergedRuns::MergedRuns(const RunSet& set, size_t first_run, uint32_t first_shard) : set_(set) {
  for (size_t i = set.runs.size(); i > first_run; --i) {
    newest_first_.emplace_back(*set.runs[i - 1], first_shard);
  }
}

absl::Status MergedRuns::Take(uint32_t shard, std::vector<Entry>* out) {
  out->clear();
  ends_.clear();
  for (RunReader& reader : newest_first_) {
    absl::Status status = reader.TakeShard(shard, out);
    if (!status.ok()) return status;
    ends_.push_back(out->size());
  }
  KeepNewest(out, ends_);
  if (!set_.dropped.empty()) {
    std::erase_if(*out, [this](const Entry& entry) { return set_.IsDropped(entry); });
  }
  return absl::OkStatus();
}

size_t MergeFrom(const RunSet& set) {
  if (set.dropped.size() > kMaxDropped) return 0;
  size_t from = set.runs.size();
  uint64_t newer = 0;
  for (size_t i = set.runs.size(); i > 0; --i) {
    const uint64_t entries = set.runs[i - 1]->info().entries;
    if (entries <= kMergeRatio * newer) from = i - 1;
    newer += entries;
  }
  return from;
}

}  // namespace oca::index
