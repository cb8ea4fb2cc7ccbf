#include "fs/index/shard.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace oca::index {
namespace {

constexpr uint32_t kMaxLoadPercent = 93;
constexpr uint32_t kFreshLoadPercent = 88;  // of a shard that is laid out anew
constexpr uint32_t kLeastLoadPercent = 40;  // below, a shard shrinks
constexpr uint32_t kFirstCapacity = 4;

uint32_t FreshCapacity(size_t size) {
  return static_cast<uint32_t>(
      std::max<uint64_t>(kFirstCapacity, uint64_t{size} * 100 / kFreshLoadPercent + 1));
}

// Slots behind the last home of a new array: what runs over there at the load limit, most times.
uint64_t Slack(uint32_t capacity) { return 2 + std::min<uint32_t>(capacity / 64, 14); }

// 1.04 to 1.08 times `capacity`.
uint32_t NextCapacity(uint32_t capacity, uint32_t salt) {
  uint32_t dice = (salt * 0x9E3779B1u ^ capacity * 0x85EBCA6Bu) >> 16;
  uint64_t percent = 104 + dice % 5;
  return std::max(capacity + 2, static_cast<uint32_t>(capacity * percent / 100));
}

}  // namespace

const Slot Shard::kNoSlots[1] = {kEnd};

int64_t Shard::AllocatedBytes() const {
  Slot* slots = slots_.load(std::memory_order_relaxed);
  // What malloc set aside, and its own word.
  return slots == kNoSlots ? 0 : static_cast<int64_t>(malloc_usable_size(slots) + sizeof(size_t));
}

void Shard::Layout(std::span<const Slot> sorted, uint32_t capacity) {
  auto home = [capacity](Slot slot) { return uint64_t{TagOf(slot)} * capacity >> 24; };
  uint64_t end = 0;
  for (Slot slot : sorted) end = std::max(end, home(slot)) + 1;
  // An odd number of slots fills what malloc sets aside (multiples of 16 bytes, 8 of them its own).
  uint64_t total = (std::max<uint64_t>(end, capacity) + Slack(capacity) + 1) | 1;
  auto* fresh = static_cast<Slot*>(std::malloc(total * sizeof(Slot)));
  if (fresh == nullptr) throw std::bad_alloc();
  uint64_t at = 0;
  for (Slot slot : sorted) {
    uint64_t to = std::max(at, home(slot));
    std::fill(fresh + at, fresh + to, kEmpty);
    fresh[to] = slot;
    at = to + 1;
  }
  std::fill(fresh + at, fresh + total - 1, kEmpty);
  fresh[total - 1] = kEnd;

  Slot* old = slots();
  slots_.store(fresh, std::memory_order_relaxed);
  capacity_.store(capacity, std::memory_order_relaxed);
  size_ = static_cast<uint32_t>(sorted.size());
  if (old != kNoSlots) std::free(old);
}

void Shard::Grow(uint32_t salt) {
  uint32_t capacity = capacity_.load(std::memory_order_relaxed);
  std::vector<Slot> entries;
  entries.reserve(size_);
  CopyTo(&entries);
  bool full = uint64_t{size_ + 1} * 100 > uint64_t{capacity} * kMaxLoadPercent;
  Layout(entries, full ? NextCapacity(capacity, salt) : capacity);
}

Shard::Change Shard::Insert(Slot slot, uint32_t salt) {
  Slot* p = const_cast<Slot*>(Find(slot));
  if (*p == slot) return {};
  Change change{1, 0};
  uint32_t capacity = capacity_.load(std::memory_order_relaxed);
  bool grow = uint64_t{size_ + 1} * 100 > uint64_t{capacity} * kMaxLoadPercent;
  Slot* gap = p;
  while (*gap != kEmpty && *gap != kEnd) ++gap;
  if (grow || *gap == kEnd) {
    change.bytes -= AllocatedBytes();
    Grow(salt);
    change.bytes += AllocatedBytes();
    p = const_cast<Slot*>(Find(slot));
    gap = p;
    while (*gap != kEmpty) ++gap;  // a new layout ends in slack
  }
  std::memmove(p + 1, p, (gap - p) * sizeof(Slot));
  *p = slot;
  ++size_;
  return change;
}

Shard::Change Shard::Erase(Slot slot) {
  Slot* p = const_cast<Slot*>(Find(slot));
  if (*p != slot) return {};
  // Those after it move one back, up to a gap or one that is at home.
  Slot* q = p + 1;
  while (*q != kEmpty && *q != kEnd && slots() + HomeOf(*q) < q) ++q;
  std::memmove(p, p + 1, (q - p - 1) * sizeof(Slot));
  q[-1] = kEmpty;
  --size_;

  Change change{-1, 0};
  uint32_t capacity = capacity_.load(std::memory_order_relaxed);
  if (size_ == 0) {
    change.bytes = Clear().bytes;
  } else if (capacity > 4 * kFirstCapacity &&
             uint64_t{size_} * 100 < uint64_t{capacity} * kLeastLoadPercent) {
    std::vector<Slot> entries;
    CopyTo(&entries);
    change.bytes = Assign(entries).bytes;
  }
  return change;
}

Shard::Change Shard::Assign(std::span<const Slot> sorted) {
  if (sorted.empty()) return Clear();
  const int64_t size_before = size_, bytes_before = AllocatedBytes();
  Layout(sorted, FreshCapacity(sorted.size()));
  return {size_ - size_before, AllocatedBytes() - bytes_before};
}

Shard::Change Shard::Clear() {
  Change change{-int64_t{size_}, -AllocatedBytes()};
  if (slots() != kNoSlots) std::free(slots());
  slots_.store(const_cast<Slot*>(kNoSlots), std::memory_order_relaxed);
  capacity_.store(0, std::memory_order_relaxed);
  size_ = 0;
  return change;
}

void Shard::CopyTo(std::vector<Slot>* out) const {
  const Slot* p = slots_.load(std::memory_order_relaxed);
  for (uint32_t left = size_; left > 0; ++p) {
    if (*p == kEmpty) continue;
    out->push_back(*p);
    --left;
  }
}

}  // namespace oca::index
