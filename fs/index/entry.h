// Inside oca_index: one entry as runs hold it.
#ifndef OCA_FS_INDEX_ENTRY_H_
#define OCA_FS_INDEX_ENTRY_H_

#include <compare>
#include <cstdint>

#include "fs/index/shard.h"

namespace oca::index {

inline constexpr uint32_t kShards = 1u << 16;

// A slot, the shard that it belongs in, and what runs say of it. Two entries are the same when
// shard and slot are; the newer one's flags count.
struct Entry {
  enum Flag : uint8_t {
    kErased = 1,  // there is no such entry any more
    kPinned = 2,  // stays in memory when the index is sampled
  };
  Slot slot = kEmpty;
  uint16_t shard = 0;
  uint8_t flags = 0;

  bool erased() const { return (flags & kErased) != 0; }
  bool pinned() const { return (flags & kPinned) != 0; }
  // The 40 bits of the fingerprint: shard, then tag.
  uint64_t key() const { return uint64_t{shard} << 24 | TagOf(slot); }

  friend bool operator==(const Entry& a, const Entry& b) {
    return a.shard == b.shard && a.slot == b.slot;
  }
  friend std::strong_ordering operator<=>(const Entry& a, const Entry& b) {
    if (auto order = a.shard <=> b.shard; order != 0) return order;
    return a.slot <=> b.slot;
  }
};
static_assert(sizeof(Entry) == 16);

inline constexpr uint64_t kPlaceBits = (uint64_t{1} << kTagShift) - 1;  // pack and block in a slot

// Whether an index that keeps one tag in 2^level in memory keeps this one.
inline bool IsSampled(uint32_t tag, uint32_t level) { return (tag & ((1u << level) - 1)) == 0; }

}  // namespace oca::index

#endif  // OCA_FS_INDEX_ENTRY_H_
