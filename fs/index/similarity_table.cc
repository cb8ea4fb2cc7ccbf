#include "fs/index/similarity_table.h"

#include <algorithm>
#include <utility>

#include "fs/format/pack.h"
#include "lib/base/coding.h"

namespace oca::index {
namespace {

// An entry: 16 bits of the feature, 34 of the pack's id, 14 of the ordinal.
constexpr unsigned kOrdinalBits = 14;
constexpr unsigned kPackBits = 34;
static_assert(format::kMaxChunksPerPack <= 1u << kOrdinalBits);

uint64_t TagInEntry(uint64_t feature) { return feature << (kPackBits + kOrdinalBits); }

SimilarChunk PlaceInEntry(uint64_t entry) {
  return {PackId{entry >> kOrdinalBits & ((uint64_t{1} << kPackBits) - 1)},
          static_cast<uint32_t>(entry & ((1u << kOrdinalBits) - 1))};
}

}  // namespace

SimilarityTable::SimilarityTable(uint64_t budget_bytes)
    : buckets_(budget_bytes / (kWays * sizeof(uint64_t))) {}

void SimilarityTable::Insert(const chunk::Sketch& sketch, const SimilarChunk& at) {
  if (buckets_ == 0 || at.pack.value >> kPackBits != 0) return;
  if (entries_.empty()) entries_.resize(buckets_ * kWays);
  const uint64_t place = at.pack.value << kOrdinalBits | at.ordinal;
  for (const uint64_t feature : sketch) {
    const auto bucket = entries_.begin() + static_cast<ptrdiff_t>(BucketOf(feature));
    const auto end = bucket + kWays;
    const auto oldest = std::find(bucket, end - 1, TagInEntry(feature) | place);
    std::move_backward(bucket, oldest, oldest + 1);
    *bucket = TagInEntry(feature) | place;
  }
}

std::vector<SimilarChunk> SimilarityTable::Find(const chunk::Sketch& sketch) const {
  struct Found {
    SimilarChunk at;
    int shared = 0;
  };
  std::vector<Found> found;
  if (entries_.empty()) return {};
  for (const uint64_t feature : sketch) {
    const size_t bucket = BucketOf(feature);
    for (size_t i = bucket; i < bucket + kWays; ++i) {
      const uint64_t entry = entries_[i];
      if (entry == 0 || (entry ^ TagInEntry(feature)) >> (kPackBits + kOrdinalBits) != 0) continue;
      const SimilarChunk at = PlaceInEntry(entry);
      auto it =
          std::find_if(found.begin(), found.end(), [&](const Found& f) { return f.at == at; });
      if (it == found.end()) it = found.insert(found.end(), {at});
      ++it->shared;
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.shared > b.shared; });
  std::vector<SimilarChunk> out;
  for (const Found& f : found) out.push_back(f.at);
  return out;
}

std::string SimilarityTable::Encode() const {
  std::string out;
  PutVarint(&out, entries_.size());
  size_t next = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i] == 0) continue;
    PutVarint(&out, i - next);
    PutLe<uint64_t>(&out, entries_[i]);
    next = i + 1;
  }
  return out;
}

absl::Status SimilarityTable::Decode(std::string_view bytes) {
  entries_.clear();
  ByteReader in(bytes);
  const uint64_t count = in.Varint();
  if (!in.ok()) return absl::DataLossError("similarity table: length");
  if (count != buckets_ * kWays) return absl::OkStatus();  // the budget is another one now
  std::vector<uint64_t> entries(count);
  for (uint64_t next = 0; !in.empty();) {
    const uint64_t empty = in.Varint();
    const uint64_t entry = in.Le<uint64_t>();
    if (!in.ok() || empty >= count - next) return absl::DataLossError("similarity table: entries");
    entries[next += empty] = entry;
    ++next;
    if (next == count && !in.empty()) return absl::DataLossError("similarity table: length");
  }
  entries_ = std::move(entries);
  return absl::OkStatus();
}

}  // namespace oca::index
