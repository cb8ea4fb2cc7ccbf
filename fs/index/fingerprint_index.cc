#include "fs/index/fingerprint_index.h"

#include <algorithm>

#include "fs/index/index_impl.h"

namespace oca::index {
namespace {

// Lookups whose memory is fetched at once.
constexpr size_t kBatch = 32;

Location LocationOf(Slot slot) { return {PackId(PackOf(slot)), BlockOf(slot)}; }

bool Fits(Location at) {
  return at.pack.value > 0 && at.pack.value <= kMaxPack && at.ordinal_block <= kMaxBlock;
}

Slot SlotOf(const Key& key, Location at) {
  return MakeSlot(key.tag, at.pack.value, at.ordinal_block);
}

// Whether `slot`, met in a search, is an entry of `tag`.
bool Matches(Slot slot, uint32_t tag) {
  return slot != kEmpty && slot != kEnd && TagOf(slot) == tag;
}

void LookupOne(const Stripe& stripe, const Key& key, Candidates* out) {
  *out = Candidates();
  StripeLockHolder lock(&stripe.mu);
  const Slot* p = stripe.shards[key.shard].Find(MakeSlot(key.tag, 0, 0));
  for (; Matches(*p, key.tag); ++p) {
    if (out->count == std::size(out->at)) {
      out->more = true;
      return;
    }
    out->at[out->count++] = LocationOf(*p);
  }
}

}  // namespace

FingerprintIndex::FingerprintIndex() : impl_(std::make_unique<Impl>()) {}
FingerprintIndex::~FingerprintIndex() = default;

void FingerprintIndex::Insert(const Fingerprint& fp, Location at) {
  if (!Fits(at)) return;
  const Key key = KeyOf(fp);
  Stripe& stripe = impl_->stripes[key.stripe];
  StripeLockHolder lock(&stripe.mu);
  uint32_t salt = key.stripe * kShardsPerStripe + key.shard;
  stripe.Count(stripe.shards[key.shard].Insert(SlotOf(key, at), salt));
}

bool FingerprintIndex::Erase(const Fingerprint& fp, Location at) {
  if (!Fits(at)) return false;
  const Key key = KeyOf(fp);
  Stripe& stripe = impl_->stripes[key.stripe];
  StripeLockHolder lock(&stripe.mu);
  Shard::Change change = stripe.shards[key.shard].Erase(SlotOf(key, at));
  stripe.Count(change);
  return change.size != 0;
}

void FingerprintIndex::LookupMany(std::span<const Fingerprint> fps,
                                  std::span<Candidates> out) const {
  Key keys[kBatch];
  for (size_t begin = 0; begin < fps.size(); begin += kBatch) {
    const size_t n = std::min(kBatch, fps.size() - begin);
    for (size_t i = 0; i < n; ++i) {
      keys[i] = KeyOf(fps[begin + i]);
      __builtin_prefetch(impl_->stripes[keys[i].stripe].Header(keys[i]));
    }
    for (size_t i = 0; i < n; ++i) {
      // A search goes on for two or three slots, so often into the next cache line.
      const Slot* home = impl_->stripes[keys[i].stripe].Home(keys[i]);
      __builtin_prefetch(home);
      __builtin_prefetch(home + 4);
    }
    for (size_t i = 0; i < n; ++i) {
      LookupOne(impl_->stripes[keys[i].stripe], keys[i], &out[begin + i]);
    }
  }
}

std::vector<Location> FingerprintIndex::LookupAll(const Fingerprint& fp) const {
  const Key key = KeyOf(fp);
  const Stripe& stripe = impl_->stripes[key.stripe];
  std::vector<Location> found;
  StripeLockHolder lock(&stripe.mu);
  const Slot* p = stripe.shards[key.shard].Find(MakeSlot(key.tag, 0, 0));
  for (; Matches(*p, key.tag); ++p) found.push_back(LocationOf(*p));
  return found;
}

uint64_t FingerprintIndex::EraseIf(const std::function<bool(Location)>& drop) {
  uint64_t erased = 0;
  std::vector<Slot> entries;
  for (Stripe& stripe : impl_->stripes) {
    for (size_t s = 0; s < kShardsPerStripe; ++s) {
      StripeLockHolder lock(&stripe.mu);
      Shard& shard = stripe.shards[s];
      entries.clear();
      shard.CopyTo(&entries);
      size_t dropped = std::erase_if(entries, [&](Slot slot) { return drop(LocationOf(slot)); });
      if (dropped == 0) continue;
      stripe.Count(shard.Assign(entries));
      erased += dropped;
    }
  }
  return erased;
}

uint64_t FingerprintIndex::size() const {
  uint64_t sum = 0;
  for (const Stripe& stripe : impl_->stripes) sum += stripe.size.load(std::memory_order_relaxed);
  return sum;
}

uint64_t FingerprintIndex::memory_bytes() const {
  uint64_t sum = sizeof(Impl);
  for (const Stripe& stripe : impl_->stripes) sum += stripe.bytes.load(std::memory_order_relaxed);
  return sum;
}

void FingerprintIndex::Impl::Clear() {
  for (Stripe& stripe : stripes) {
    StripeLockHolder lock(&stripe.mu);
    if (stripe.size.load(std::memory_order_relaxed) == 0) continue;
    for (Shard& shard : stripe.shards) stripe.Count(shard.Clear());
  }
}

}  // namespace oca::index
