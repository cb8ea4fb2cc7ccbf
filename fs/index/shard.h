// Inside oca_index: one shard of the index, a sorted array of slots with gaps.
#ifndef OCA_FS_INDEX_SHARD_H_
#define OCA_FS_INDEX_SHARD_H_

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

namespace oca::index {

// A slot is tag (24 bits, the high ones), pack (30) and ordinal block (10), so that slots sort by
// tag. Pack 0 is never valid, so no entry is 0.
using Slot = uint64_t;
inline constexpr Slot kEmpty = 0;
inline constexpr Slot kEnd = UINT64_MAX;  // stands after the last slot; not valid as an entry
inline constexpr int kTagShift = 40;
inline constexpr uint64_t kMaxPack = (1u << 30) - 2;
inline constexpr uint32_t kMaxBlock = (1u << 10) - 1;

inline Slot MakeSlot(uint32_t tag, uint64_t pack, uint32_t block) {
  return uint64_t{tag} << kTagShift | pack << 10 | block;
}
inline uint32_t TagOf(Slot slot) { return static_cast<uint32_t>(slot >> kTagShift); }
inline uint64_t PackOf(Slot slot) { return slot >> 10 & ((1u << 30) - 1); }
inline uint32_t BlockOf(Slot slot) { return slot & kMaxBlock; }
inline bool IsEntry(Slot slot) { return slot != kEnd && PackOf(slot) != 0; }

// Ordered linear probing. A slot's home is its tag scaled to the capacity, which keeps order; it
// lies at its home or after it with no gap between, and the slots are in ascending order. So all
// entries of a tag are neighbours, and the array grows without the fingerprints. No wrap-around:
// after the homes there are some slots more.
//
// Not thread-safe, but for Home().
class Shard {
 public:
  Shard() = default;
  ~Shard() { Clear(); }
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // Where a search for `tag` begins: a hint to prefetch by. Any thread may ask at any time.
  const Slot* Home(uint32_t tag) const {
    return slots_.load(std::memory_order_relaxed) +
           (uint64_t{tag} * capacity_.load(std::memory_order_relaxed) >> 24);
  }
  // The first slot >= `from` that is an entry where `from` could stand, or kEmpty or kEnd; what
  // follows it goes on in ascending order up to the first kEmpty or kEnd.
  const Slot* Find(Slot from) const {
    const Slot* p = Home(TagOf(from));
    while (*p != kEmpty && *p < from) ++p;
    return p;
  }
  uint32_t size() const { return size_; }

  // What a change did: entries more or fewer, and bytes of memory. `size` is 0 when nothing
  // changed.
  struct Change {
    int64_t size = 0;
    int64_t bytes = 0;
  };
  // `salt` varies how much a full shard grows, so that shards do not grow all at once.
  Change Insert(Slot slot, uint32_t salt);
  Change Erase(Slot slot);
  // Replaces the contents by `sorted` (strictly ascending entries).
  Change Assign(std::span<const Slot> sorted);
  Change Clear();
  // Appends all entries, ascending.
  void CopyTo(std::vector<Slot>* out) const;

 private:
  Slot* slots() { return slots_.load(std::memory_order_relaxed); }
  uint64_t HomeOf(Slot slot) const {
    return uint64_t{TagOf(slot)} * capacity_.load(std::memory_order_relaxed) >> 24;
  }
  int64_t AllocatedBytes() const;
  // Lays `sorted` out in a new array with `capacity` homes.
  void Layout(std::span<const Slot> sorted, uint32_t capacity);
  // Makes room: more homes when the shard is full, else more slots behind the last home.
  void Grow(uint32_t salt);

  static const Slot kNoSlots[1];

  // Atomic for Home() alone; all else is under the owner's lock.
  std::atomic<Slot*> slots_{
      const_cast<Slot*>(kNoSlots)};    // ends in kEnd; kNoSlots is never written
  std::atomic<uint32_t> capacity_{0};  // homes
  uint32_t size_ = 0;                  // entries
};
static_assert(sizeof(Shard) == 16);

}  // namespace oca::index

#endif  // OCA_FS_INDEX_SHARD_H_
