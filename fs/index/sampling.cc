// What of the index is in RAM: by budget all, or what is sampled, pinned, new, or near to what is
// in use.
#include <algorithm>
#include <thread>

#include "fs/index/index_impl.h"

namespace oca::index {
namespace {

// Sampling begins at one in eight: less would save little and cost as much.
constexpr uint32_t kFirstLevel = 3;
constexpr uint32_t kLastLevel = 16;
constexpr uint64_t kMaxFresh = 1u << 20;
constexpr uint64_t kMaxNearbyBytes = 14u << 20;
// Of a slot with what lies around it: where a shard holds few, and where it holds many.
constexpr uint64_t kFewBytes = 15;
constexpr uint64_t kManyBytes = 10;
constexpr uint64_t kLeastShardBytes = 64;
constexpr uint64_t kEntriesPerPage = 450;

uint32_t NextLevel(uint32_t level) { return level == 0 ? kFirstLevel : level + 1; }

}  // namespace

uint64_t FingerprintIndex::Impl::FreshLimit() const {
  return std::clamp<uint64_t>(budget.load() / 8 / kFreshBytes, 4096, kMaxFresh);
}

uint64_t FingerprintIndex::Impl::NearbyLimit() const {
  return std::min(budget.load() / 16, kMaxNearbyBytes);
}

uint64_t FingerprintIndex::Impl::Estimate(uint64_t entries, uint32_t at_level) const {
  uint64_t bytes =
      sizeof(Impl) + FreshLimit() * kFreshBytes + entries / kEntriesPerPage * sizeof(uint64_t);
  uint64_t kept = entries;
  if (at_level > 0) {
    kept = (entries >> at_level) + pinned.load(std::memory_order_relaxed);
    bytes += 2 * (kStripes * sizeof(ShardArray) + NearbyLimit());
  }
  const uint64_t each = kept / kShards < 32 ? kFewBytes : kManyBytes;
  return bytes + std::max(kept * each, std::min<uint64_t>(kept, kShards) * kLeastShardBytes);
}

uint32_t FingerprintIndex::Impl::LevelFor(uint64_t entries) const {
  const uint64_t limit = budget.load();
  uint32_t fit = 0;
  while (fit < kLastLevel && Estimate(entries, fit) > limit / 10 * 9) fit = NextLevel(fit);
  return fit;
}

uint32_t FingerprintIndex::Impl::WantedLevel(uint64_t entries) const {
  const uint64_t limit = budget.load();
  const uint32_t now = level.load();
  // What there is when as many are fresh as may be.
  const uint64_t steady = MemoryBytes() - FreshSize() * kFreshBytes + FreshLimit() * kFreshBytes;
  if (now < kLastLevel && (steady > limit || Estimate(entries, now) > limit)) {
    return std::max(LevelFor(entries), NextLevel(now));
  }
  for (uint32_t lower = 0; lower < now; lower = NextLevel(lower)) {
    if (Estimate(entries, lower) <= limit / 10 * 7) return lower;
  }
  return now;
}

void FingerprintIndex::SetBudget(uint64_t bytes) {
  impl_->budget.store(std::max(bytes, kMinBudget));
}

bool FingerprintIndex::NeedsSave() const {
  if (!impl_->recording.load(std::memory_order_relaxed)) return false;
  return impl_->FreshSize() >= impl_->FreshLimit() ||
         impl_->WantedLevel(impl_->Size()) != impl_->level.load();
}

// Why no lookup misses an entry on the way: an index that becomes sampled says so before the first
// entry leaves RAM, and says that it is exact after the last has come. Insert reads the level under
// the stripe's lock, so what it puts by the old level is laid out again by Populate, which takes
// that lock after the level changed.
absl::Status FingerprintIndex::Impl::SetLevel(uint32_t to, int threads) {
  const uint32_t before = level.load();
  if (to > 0) exact = false;
  level = to;
  pinned = 0;
  std::vector<absl::Status> status(threads);
  std::vector<std::thread> helpers;
  const uint32_t part = kShards / threads;
  for (int i = 1; i < threads; ++i) {
    helpers.emplace_back([&, i] {
      status[i] = Populate(to, i * part, i + 1 == threads ? kShards : (i + 1) * part);
    });
  }
  status[0] = Populate(to, 0, threads == 1 ? kShards : part);
  for (std::thread& helper : helpers) helper.join();
  for (const absl::Status& each : status) {
    if (each.ok()) continue;
    level = std::max(before, to);
    return each;
  }
  if (to > 0) return absl::OkStatus();
  exact = true;
  ForgetNearby();
  return absl::OkStatus();
}

absl::Status FingerprintIndex::Impl::Populate(uint32_t to, uint32_t first_shard,
                                              uint32_t end_shard) {
  const std::shared_ptr<const RunSet> set = Runs();
  MergedRuns merged(*set, 0, first_shard);
  std::vector<Entry> entries;
  std::vector<Slot> slots;
  uint64_t pinned_here = 0;
  for (uint32_t number = first_shard; number < end_shard; ++number) {
    absl::Status status = merged.Take(number, &entries);
    if (!status.ok()) return status;
    Stripe& stripe = stripes[number / kShardsPerStripe];
    StripeLockHolder lock(&stripe.mu);
    Shard& shard = stripe.shards[number % kShardsPerStripe];
    stripe.AddFresh(static_cast<uint16_t>(number), &entries);
    slots.clear();
    for (const Entry& entry : entries) {
      if (entry.erased()) continue;
      if (!entry.pinned() && !IsSampled(TagOf(entry.slot), to)) continue;
      if (entry.pinned()) ++pinned_here;
      slots.push_back(entry.slot);
    }
    stripe.Count(shard.Assign(slots));
  }
  pinned.fetch_add(pinned_here);
  return absl::OkStatus();
}

bool FingerprintIndex::sampled() const { return !impl_->exact.load(std::memory_order_acquire); }

bool FingerprintIndex::WantsNearby(PackId pack) const {
  if (impl_->exact.load(std::memory_order_relaxed)) return false;
  absl::MutexLock lock(&impl_->nearby_mu);
  return !impl_->nearby_packs[0].contains(pack);
}

void FingerprintIndex::AddNearby(PackId pack, std::span<const std::optional<Fingerprint>> chunks) {
  if (pack.value == 0 || pack.value > kMaxPack) return;
  absl::MutexLock nearby_lock(&impl_->nearby_mu);
  if (impl_->exact.load() || !impl_->nearby_packs[0].insert(pack).second) return;
  if (impl_->nearby_bytes > impl_->NearbyLimit() / 10 * 9) {
    // The older generation goes; the younger takes its place.
    for (Stripe& stripe : impl_->stripes) {
      StripeLockHolder lock(&stripe.mu);
      stripe.DropNearby(1);
      std::swap(stripe.nearby[0], stripe.nearby[1]);
    }
    impl_->nearby_packs[1] = std::move(impl_->nearby_packs[0]);
    impl_->nearby_packs[0] = {pack};
    impl_->nearby_bytes = 0;
  }
  for (size_t i = 0; i < chunks.size() && i / 16 <= kMaxBlock; ++i) {
    if (!chunks[i].has_value()) continue;
    const Key key = KeyOf(*chunks[i]);
    Stripe& stripe = impl_->stripes[key.stripe];
    StripeLockHolder lock(&stripe.mu);
    if (stripe.nearby[0] == nullptr) {
      stripe.nearby[0] = std::make_unique<ShardArray>();
      stripe.bytes.fetch_add(sizeof(ShardArray), std::memory_order_relaxed);
    }
    const Shard::Change change = (*stripe.nearby[0])[key.shard].Insert(
        MakeSlot(key.tag, pack.value, static_cast<uint32_t>(i / 16)), key.global_shard());
    stripe.CountNearby(change);
    impl_->nearby_bytes += static_cast<uint64_t>(change.bytes);
  }
}

void FingerprintIndex::Impl::ForgetNearby() {
  absl::MutexLock nearby_lock(&nearby_mu);
  for (auto& packs : nearby_packs) packs.clear();
  nearby_bytes = 0;
  for (Stripe& stripe : stripes) {
    StripeLockHolder lock(&stripe.mu);
    for (size_t generation : {0, 1}) {
      if (stripe.nearby[generation] == nullptr) continue;
      stripe.DropNearby(generation);
      stripe.nearby[generation] = nullptr;
      stripe.bytes.fetch_sub(sizeof(ShardArray), std::memory_order_relaxed);
    }
  }
}

}  // namespace oca::index
