#include "fs/engine/reference_table.h"

#include <algorithm>

namespace oca::engine {

void ReferenceTable::Reset() {
  absl::MutexLock lock(&mu_);
  exact_ = false;
  packs_.clear();
  many_.clear();
  missing_.clear();
}

void ReferenceTable::SetExact() {
  absl::MutexLock lock(&mu_);
  exact_ = true;
}

void ReferenceTable::Invalidate() {
  absl::MutexLock lock(&mu_);
  exact_ = false;
}

bool ReferenceTable::exact() const {
  absl::MutexLock lock(&mu_);
  return exact_;
}

void ReferenceTable::AddPack(const format::PackFooter& footer) {
  absl::MutexLock lock(&mu_);
  Pack& pack = packs_[footer.pack.pack_id];
  if (pack.sealed) return;
  pack.sealed = true;
  pack.counts.resize(footer.chunks.size());
  pack.counts.shrink_to_fit();
  for (size_t i = 0; i < footer.chunks.size(); ++i) {
    pack.plain_bytes += footer.chunks[i].length;
    if (pack.counts[i] == 0) pack.dead_bytes += footer.chunks[i].length;
  }
}

bool ReferenceTable::HasPack(PackId pack) const {
  absl::MutexLock lock(&mu_);
  auto it = packs_.find(pack);
  return it != packs_.end() && it->second.sealed;
}

void ReferenceTable::RemovePack(PackId pack) {
  absl::MutexLock lock(&mu_);
  auto it = packs_.find(pack);
  if (it == packs_.end()) return;
  for (uint32_t i = 0; i < it->second.counts.size(); ++i) {
    if (it->second.counts[i] == kMany) many_.erase({pack, i});
  }
  packs_.erase(it);
}

uint32_t ReferenceTable::Count(PackId pack, uint32_t ordinal) const {
  absl::MutexLock lock(&mu_);
  auto it = packs_.find(pack);
  if (it == packs_.end() || ordinal >= it->second.counts.size()) return 0;
  const uint8_t count = it->second.counts[ordinal];
  return count == kMany ? many_.at({pack, ordinal}) : count;
}

uint32_t ReferenceTable::Add(const ChunkPlace& place, uint32_t references) {
  if (references == 0) return Count(place.pack, place.ordinal);
  absl::MutexLock lock(&mu_);
  Pack& pack = packs_[place.pack];
  if (pack.counts.size() <= place.ordinal) pack.counts.resize(place.ordinal + 1);
  uint8_t& count = pack.counts[place.ordinal];
  const uint32_t before = count == kMany ? many_.at({place.pack, place.ordinal}) : count;
  if (before == 0 && pack.sealed) pack.dead_bytes -= place.length;
  const uint32_t after = before + references;
  count = static_cast<uint8_t>(std::min<uint32_t>(after, kMany));
  if (count == kMany) many_[{place.pack, place.ordinal}] = after;
  return before;
}

uint32_t ReferenceTable::Drop(const ChunkPlace& place) {
  absl::MutexLock lock(&mu_);
  auto it = packs_.find(place.pack);
  if (it == packs_.end() || place.ordinal >= it->second.counts.size() ||
      it->second.counts[place.ordinal] == 0) {
    exact_ = false;
    return 0;
  }
  Pack& pack = it->second;
  uint8_t& count = pack.counts[place.ordinal];
  if (count == kMany) {
    auto many = many_.find({place.pack, place.ordinal});
    const uint32_t left = --many->second;
    if (left < kMany) {
      many_.erase(many);
      count = static_cast<uint8_t>(left);
    }
    return left;
  }
  if (--count == 0 && pack.sealed) pack.dead_bytes += place.length;
  return count;
}

uint32_t ReferenceTable::AddMissing(const Fingerprint& fp) {
  absl::MutexLock lock(&mu_);
  return missing_[fp]++;
}

bool ReferenceTable::DropMissing(const Fingerprint& fp, uint32_t* left) {
  absl::MutexLock lock(&mu_);
  auto it = missing_.find(fp);
  if (it == missing_.end()) return false;
  *left = --it->second;
  if (it->second == 0) missing_.erase(it);
  return true;
}

bool ReferenceTable::IsMissing(const Fingerprint& fp) const {
  absl::MutexLock lock(&mu_);
  return missing_.contains(fp);
}

std::vector<std::pair<Fingerprint, uint32_t>> ReferenceTable::TakeMissing() {
  absl::MutexLock lock(&mu_);
  std::vector<std::pair<Fingerprint, uint32_t>> all(missing_.begin(), missing_.end());
  missing_.clear();
  return all;
}

std::vector<PackLiveness> ReferenceTable::Liveness() const {
  std::vector<PackLiveness> all;
  absl::MutexLock lock(&mu_);
  all.reserve(packs_.size());
  for (const auto& [id, pack] : packs_) {
    if (pack.sealed) all.push_back({id, pack.plain_bytes, pack.dead_bytes});
  }
  return all;
}

uint64_t ReferenceTable::memory_bytes() const {
  absl::MutexLock lock(&mu_);
  uint64_t bytes = many_.capacity() * sizeof(std::pair<Ordinal, uint32_t>) +
                   missing_.capacity() * sizeof(std::pair<Fingerprint, uint32_t>);
  for (const auto& [id, pack] : packs_) bytes += sizeof(id) + sizeof(pack) + pack.counts.capacity();
  return bytes;
}

}  // namespace oca::engine
