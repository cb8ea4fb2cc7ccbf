#include "fs/engine/reference_table.h"

#include <algorithm>

namespace oca::engine {

void ReferenceTable::Forget() {
  exact_ = false;
  packs_.clear();
  many_ = {};
  missing_ = {};
}

void ReferenceTable::Reset(bool compact) {
  absl::MutexLock lock(&mu_);
  Forget();
  compact_ = compact;
}

bool ReferenceTable::compact() const {
  absl::MutexLock lock(&mu_);
  return compact_;
}

void ReferenceTable::Grow(Pack& pack, uint32_t chunks) {
  if (chunks <= pack.chunks) return;
  pack.chunks = chunks;
  pack.counts.resize(compact_ ? (chunks + 7) / 8 : chunks);
}

uint32_t ReferenceTable::Get(PackId id, const Pack& pack, uint32_t ordinal) const {
  if (ordinal >= pack.chunks) return 0;
  if (compact_) return static_cast<uint8_t>(pack.counts[ordinal / 8]) >> (ordinal % 8) & 1;
  const auto count = static_cast<uint8_t>(pack.counts[ordinal]);
  return count == kMany ? many_.at({id, ordinal}) : count;
}

void ReferenceTable::Set(PackId id, Pack& pack, uint32_t ordinal, uint32_t references) {
  Grow(pack, ordinal + 1);
  if (compact_) {
    const auto bit = static_cast<char>(1 << (ordinal % 8));
    char& byte = pack.counts[ordinal / 8];
    byte = static_cast<char>(references > 0 ? byte | bit : byte & ~bit);
    return;
  }
  char& count = pack.counts[ordinal];
  if (static_cast<uint8_t>(count) == kMany && references < kMany) many_.erase({id, ordinal});
  count = static_cast<char>(std::min<uint32_t>(references, kMany));
  if (references >= kMany) many_[{id, ordinal}] = references;
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
  Grow(pack, static_cast<uint32_t>(footer.chunks.size()));
  pack.counts.shrink_to_fit();
  for (uint32_t i = 0; i < footer.chunks.size(); ++i) {
    pack.plain_bytes += footer.chunks[i].length;
    if (Get(footer.pack.pack_id, pack, i) == 0) pack.dead_bytes += footer.chunks[i].length;
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
  for (uint32_t i = 0; i < it->second.chunks && !many_.empty(); ++i) many_.erase({pack, i});
  packs_.erase(it);
}

uint32_t ReferenceTable::Count(PackId pack, uint32_t ordinal) const {
  absl::MutexLock lock(&mu_);
  auto it = packs_.find(pack);
  return it == packs_.end() ? 0 : Get(pack, it->second, ordinal);
}

void ReferenceTable::NoteBase(const ChunkPlace& place) {
  absl::MutexLock lock(&mu_);
  std::string& bases = packs_[place.pack].bases;
  if (bases.size() <= place.ordinal / 8) bases.resize(place.ordinal / 8 + 1);
  bases[place.ordinal / 8] |= static_cast<char>(1 << (place.ordinal % 8));
}

bool ReferenceTable::IsBase(PackId pack, uint32_t ordinal) const {
  absl::MutexLock lock(&mu_);
  auto it = packs_.find(pack);
  return it != packs_.end() && ordinal / 8 < it->second.bases.size() &&
         (static_cast<uint8_t>(it->second.bases[ordinal / 8]) >> (ordinal % 8) & 1) != 0;
}

uint32_t ReferenceTable::Add(const ChunkPlace& place, uint32_t references) {
  if (references == 0) return Count(place.pack, place.ordinal);
  absl::MutexLock lock(&mu_);
  Pack& pack = packs_[place.pack];
  const uint32_t before = Get(place.pack, pack, place.ordinal);
  if (before == 0 && pack.sealed) pack.dead_bytes -= place.length;
  Set(place.pack, pack, place.ordinal, before + references);
  return before;
}

uint32_t ReferenceTable::Drop(const ChunkPlace& place) {
  absl::MutexLock lock(&mu_);
  auto it = packs_.find(place.pack);
  const uint32_t before = it == packs_.end() ? 0 : Get(place.pack, it->second, place.ordinal);
  if (before == 0 || compact_) {
    exact_ = false;
    return 0;
  }
  Pack& pack = it->second;
  Set(place.pack, pack, place.ordinal, before - 1);
  if (before == 1 && pack.sealed) pack.dead_bytes += place.length;
  return before - 1;
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
  for (const auto& [id, pack] : packs_) {
    bytes += sizeof(id) + sizeof(pack) + pack.counts.capacity() + pack.bases.capacity();
  }
  return bytes;
}

void ReferenceTable::Take(format::ReferenceCounts* out) {
  absl::MutexLock lock(&mu_);
  for (auto& [id, pack] : packs_) {
    for (uint32_t i = 0; i < pack.chunks && !many_.empty(); ++i) {
      if (auto many = many_.find({id, i}); many != many_.end())
        out->many.push_back({id, i, many->second});
    }
    out->packs.push_back(
        {id, 0, pack.plain_bytes, pack.dead_bytes, std::move(pack.counts), std::move(pack.bases)});
  }
  for (const auto& [fp, references] : missing_) out->missing.push_back({fp, references});
  Forget();
}

void ReferenceTable::Put(format::ReferenceCounts in) {
  absl::MutexLock lock(&mu_);
  for (format::ReferenceCounts::Pack& from : in.packs) {
    Pack& pack = packs_[from.id];
    pack.chunks = static_cast<uint32_t>(from.counts.size());
    pack.counts = std::move(from.counts);
    pack.bases = std::move(from.bases);
    pack.sealed = from.plain_bytes > 0;
    pack.plain_bytes = from.plain_bytes;
    pack.dead_bytes = from.dead_bytes;
  }
  for (const auto& many : in.many) many_[{many.pack, many.ordinal}] = many.references;
  for (const auto& missing : in.missing) missing_[missing.fp] = missing.references;
}

}  // namespace oca::engine
