#include "fs/index/fingerprint_index.h"

#include <algorithm>

#include "fs/index/index_impl.h"

namespace oca::index {
namespace {

// Lookups whose memory is fetched at once.
constexpr size_t kBatch = 32;

bool Fits(Location at) {
  return at.pack.value > 0 && at.pack.value <= kMaxPack && at.ordinal_block <= kMaxBlock;
}

Slot SlotOf(const Key& key, Location at) {
  return MakeSlot(key.tag, at.pack.value, at.ordinal_block);
}

Entry EntryOf(const Key& key, Location at, uint8_t flags) {
  return {SlotOf(key, at), key.global_shard(), flags};
}

// Whether `slot`, met in a search, is an entry of `tag`.
bool Matches(Slot slot, uint32_t tag) {
  return slot != kEmpty && slot != kEnd && TagOf(slot) == tag;
}

template <typename Visit>
void VisitShard(const Shard& shard, uint32_t tag, const Visit& visit) {
  for (const Slot* p = shard.Find(MakeSlot(tag, 0, 0)); Matches(*p, tag); ++p) visit(*p);
}

// Calls visit(entry) for the fresh entries of `key`.
template <typename Visit>
void VisitFresh(const absl::btree_set<Entry>& fresh, const Key& key, const Visit& visit) {
  const Entry first{MakeSlot(key.tag, 0, 0), key.global_shard()};
  for (auto it = fresh.lower_bound(first); it != fresh.end() && it->key() == first.key(); ++it) {
    visit(*it);
  }
}

void LookupOne(const Stripe& stripe, const Key& key, bool exact, Candidates* out) {
  *out = Candidates();
  const auto add = [out](Slot slot) {
    const Location at = LocationOf(slot);
    for (int i = 0; i < out->count; ++i) {
      if (out->at[i] == at) return;
    }
    if (out->count == std::size(out->at)) {
      out->more = true;
    } else {
      out->at[out->count++] = at;
    }
  };
  StripeLockHolder lock(&stripe.mu);
  VisitShard(stripe.shards[key.shard], key.tag, add);
  if (exact) return;
  for (const auto& generation : stripe.nearby) {
    if (generation != nullptr) VisitShard((*generation)[key.shard], key.tag, add);
  }
  VisitFresh(stripe.fresh, key, [&](const Entry& entry) {
    if (!entry.erased()) add(entry.slot);
  });
}

}  // namespace

void Stripe::SetFresh(const Entry& entry) {
  auto it = fresh.lower_bound(entry);
  if (it != fresh.end() && *it == entry) {
    if (it->flags == entry.flags) return;
    it = ForgetFresh(it);
  }
  fresh.insert(it, entry);
  fresh_size.fetch_add(1, std::memory_order_relaxed);
  fresh_net.fetch_add(entry.erased() ? -1 : 1, std::memory_order_relaxed);
}

Stripe::Fresh::iterator Stripe::ForgetFresh(Fresh::iterator it) {
  fresh_size.fetch_sub(1, std::memory_order_relaxed);
  fresh_net.fetch_sub(it->erased() ? -1 : 1, std::memory_order_relaxed);
  return fresh.erase(it);
}

void Stripe::ClearFresh() {
  fresh.clear();
  fresh_size = 0;
  fresh_net = 0;
}

void Stripe::AddFresh(uint16_t shard, std::vector<Entry>* entries) {
  auto it = fresh.lower_bound(Entry{0, shard});
  if (it == fresh.end() || it->shard != shard) return;
  std::vector<Entry> all;
  for (; it != fresh.end() && it->shard == shard; ++it) all.push_back(*it);
  const size_t middle = all.size();
  all.insert(all.end(), entries->begin(), entries->end());
  const size_t ends[] = {middle, all.size()};
  KeepNewest(&all, ends);
  entries->swap(all);
}

void Stripe::DropNearby(size_t generation) {
  if (nearby[generation] == nullptr) return;
  for (Shard& shard : *nearby[generation]) CountNearby(shard.Clear());
}

FingerprintIndex::FingerprintIndex() : impl_(std::make_unique<Impl>()) {}
FingerprintIndex::~FingerprintIndex() = default;

void FingerprintIndex::Insert(const Fingerprint& fp, Location at, bool pinned) {
  if (!Fits(at)) return;
  const Key key = KeyOf(fp);
  Stripe& stripe = impl_->stripes[key.stripe];
  StripeLockHolder lock(&stripe.mu);
  // Read under the lock: see SetLevel.
  if (pinned || IsSampled(key.tag, impl_->level.load(std::memory_order_relaxed))) {
    const Shard::Change change =
        stripe.shards[key.shard].Insert(SlotOf(key, at), key.global_shard());
    stripe.Count(change);
    if (pinned && change.size > 0) impl_->pinned.fetch_add(1, std::memory_order_relaxed);
  }
  if (impl_->recording.load(std::memory_order_relaxed)) {
    stripe.SetFresh(EntryOf(key, at, pinned ? Entry::kPinned : 0));
  }
}

bool FingerprintIndex::Erase(const Fingerprint& fp, Location at) {
  if (!Fits(at)) return false;
  const Key key = KeyOf(fp);
  const Slot slot = SlotOf(key, at);
  Stripe& stripe = impl_->stripes[key.stripe];
  StripeLockHolder lock(&stripe.mu);
  Shard::Change change = stripe.shards[key.shard].Erase(slot);
  stripe.Count(change);
  bool found = change.size != 0;
  for (auto& generation : stripe.nearby) {
    if (generation == nullptr) continue;
    change = (*generation)[key.shard].Erase(slot);
    stripe.CountNearby(change);
    found |= change.size != 0;
  }
  if (impl_->recording.load(std::memory_order_relaxed)) {
    const Entry erased = EntryOf(key, at, Entry::kErased);
    if (auto it = stripe.fresh.find(erased); it != stripe.fresh.end()) found |= !it->erased();
    stripe.SetFresh(erased);
  }
  return found;
}

void FingerprintIndex::LookupMany(std::span<const Fingerprint> fps,
                                  std::span<Candidates> out) const {
  const bool exact = impl_->exact.load(std::memory_order_acquire);
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
      LookupOne(impl_->stripes[keys[i].stripe], keys[i], exact, &out[begin + i]);
    }
  }
}

std::vector<Location> FingerprintIndex::LookupInRam(const Fingerprint& fp) const {
  const Key key = KeyOf(fp);
  const Stripe& stripe = impl_->stripes[key.stripe];
  const bool exact = impl_->exact.load(std::memory_order_acquire);
  std::vector<Slot> slots;
  {
    const auto add = [&slots](Slot slot) { slots.push_back(slot); };
    StripeLockHolder lock(&stripe.mu);
    VisitShard(stripe.shards[key.shard], key.tag, add);
    for (const auto& generation : stripe.nearby) {
      if (generation != nullptr && !exact) VisitShard((*generation)[key.shard], key.tag, add);
    }
    if (!exact) {
      VisitFresh(stripe.fresh, key, [&](const Entry& entry) {
        if (!entry.erased()) add(entry.slot);
      });
    }
  }
  if (!exact) {
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  }
  std::vector<Location> found;
  found.reserve(slots.size());
  for (Slot slot : slots) found.push_back(LocationOf(slot));
  return found;
}

absl::StatusOr<std::vector<Location>> FingerprintIndex::LookupAll(const Fingerprint& fp) const {
  std::vector<Location> found = LookupInRam(fp);
  // Still exact after the look: then RAM held all when it was looked at.
  if (impl_->exact.load(std::memory_order_acquire)) return found;
  impl_->stored_lookups.fetch_add(1, std::memory_order_relaxed);
  const Key key = KeyOf(fp);
  std::vector<Entry> newer;
  {
    const Stripe& stripe = impl_->stripes[key.stripe];
    StripeLockHolder lock(&stripe.mu);
    VisitFresh(stripe.fresh, key, [&](const Entry& entry) { newer.push_back(entry); });
  }
  // After the fresh ones: those that leave them meanwhile are in a run by then.
  std::vector<Entry> stored;
  uint64_t reads = 0;
  absl::Status status =
      impl_->Runs()->Find(uint64_t{key.global_shard()} << 24 | key.tag, &stored, &reads);
  impl_->disk_reads.fetch_add(reads, std::memory_order_relaxed);
  if (!status.ok()) return status;
  std::vector<Entry> all = newer;
  for (const Entry& entry : stored) {
    if (std::find(newer.begin(), newer.end(), entry) == newer.end()) all.push_back(entry);
  }
  std::sort(all.begin(), all.end());
  found.clear();
  for (const Entry& entry : all) {
    if (!entry.erased()) found.push_back(LocationOf(entry.slot));
  }
  return found;
}

void FingerprintIndex::DropPacks(std::vector<PackId> packs) {
  std::vector<uint64_t> ids;
  for (PackId pack : packs) ids.push_back(pack.value);
  std::sort(ids.begin(), ids.end());
  const auto drop = [&ids](Slot slot) {
    return std::binary_search(ids.begin(), ids.end(), PackOf(slot));
  };
  absl::MutexLock save_lock(&impl_->save_mu);
  std::shared_ptr<const RunSet> runs = impl_->Runs();
  if (!runs->runs.empty()) {
    auto with = std::make_shared<RunSet>(*runs);
    with->dropped.clear();
    std::set_union(runs->dropped.begin(), runs->dropped.end(), ids.begin(), ids.end(),
                   std::back_inserter(with->dropped));
    impl_->Publish(std::move(with));
  }
  impl_->ForgetNearby();
  std::vector<Slot> entries;
  for (Stripe& stripe : impl_->stripes) {
    for (size_t i = 0; i < kShardsPerStripe; ++i) {
      StripeLockHolder lock(&stripe.mu);
      Shard& shard = stripe.shards[i];
      entries.clear();
      shard.CopyTo(&entries);
      if (std::erase_if(entries, drop) > 0) stripe.Count(shard.Assign(entries));
    }
    StripeLockHolder lock(&stripe.mu);
    for (auto it = stripe.fresh.begin(); it != stripe.fresh.end();) {
      it = drop(it->slot) ? stripe.ForgetFresh(it) : std::next(it);
    }
  }
}

bool FingerprintIndex::IsDropped(PackId pack) const {
  const std::shared_ptr<const RunSet> runs = impl_->Runs();
  return std::binary_search(runs->dropped.begin(), runs->dropped.end(), pack.value);
}

void FingerprintIndex::Clear() {
  absl::MutexLock lock(&impl_->save_mu);
  impl_->Clear();
}

void FingerprintIndex::Impl::Clear() {
  Publish(std::make_shared<RunSet>());
  orphans = true;
  level = 0;
  pinned = 0;
  ForgetNearby();
  for (Stripe& stripe : stripes) {
    StripeLockHolder lock(&stripe.mu);
    stripe.ClearFresh();
    if (stripe.size.load(std::memory_order_relaxed) == 0) continue;
    for (Shard& shard : stripe.shards) stripe.Count(shard.Clear());
  }
  exact = true;
}

uint64_t FingerprintIndex::Impl::Size() const {
  uint64_t sum = 0;
  if (exact.load(std::memory_order_acquire)) {
    for (const Stripe& stripe : stripes) sum += stripe.size.load(std::memory_order_relaxed);
    return sum;
  }
  return static_cast<uint64_t>(
      std::max<int64_t>(0, static_cast<int64_t>(Runs()->entries()) + FreshNet()));
}

uint64_t FingerprintIndex::Impl::FreshSize() const {
  uint64_t sum = 0;
  for (const Stripe& stripe : stripes) sum += stripe.fresh_size.load(std::memory_order_relaxed);
  return sum;
}

int64_t FingerprintIndex::Impl::FreshNet() const {
  int64_t sum = 0;
  for (const Stripe& stripe : stripes) sum += stripe.fresh_net.load(std::memory_order_relaxed);
  return sum;
}

uint64_t FingerprintIndex::Impl::MemoryBytes() const {
  uint64_t sum = sizeof(Impl) + Runs()->memory_bytes() + FreshSize() * kFreshBytes;
  for (const Stripe& stripe : stripes) sum += stripe.bytes.load(std::memory_order_relaxed);
  return sum;
}

uint64_t FingerprintIndex::size() const { return impl_->Size(); }
uint64_t FingerprintIndex::memory_bytes() const { return impl_->MemoryBytes(); }

IndexStats FingerprintIndex::stats() const {
  IndexStats stats;
  const std::shared_ptr<const RunSet> runs = impl_->Runs();
  stats.one_in = 1u << impl_->level.load();
  stats.entries = impl_->Size();
  stats.memory_bytes = impl_->MemoryBytes();
  stats.budget_bytes = impl_->budget.load();
  stats.stored_bytes = runs->stored_bytes();
  stats.runs = static_cast<uint32_t>(runs->runs.size());
  stats.stored_lookups = impl_->stored_lookups.load();
  stats.disk_reads = impl_->disk_reads.load();
  return stats;
}

}  // namespace oca::index
