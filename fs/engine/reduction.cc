#include "fs/engine/reduction.h"

#include <algorithm>

#include "fmt/format.h"
#include "fs/format/whole_file.h"
#include "lib/base/coding.h"
#include "lib/base/status.h"

namespace oca::engine {
namespace {

constexpr std::string_view kSimilarityMagic = "OCA-SIMI";
constexpr uint32_t kSimilarityVersion = 1;
constexpr std::string_view kSimilarity = "similarity table";

}  // namespace

void Reduction::SetBudget(uint64_t bytes) {
  absl::MutexLock lock(&mu_);
  if (bytes == budget_) return;
  budget_ = bytes;
  table_ = index::SimilarityTable(bytes);
}

bool Reduction::Examined(PackId pack) const {
  absl::MutexLock lock(&mu_);
  return examined_.contains(pack);
}

uint64_t Reduction::examined_packs() const {
  absl::MutexLock lock(&mu_);
  return examined_.size();
}

void Reduction::NoteExamined(PackId pack) {
  absl::MutexLock lock(&mu_);
  changed_ |= examined_.insert(pack).second;
}

void Reduction::Forget(PackId pack) {
  absl::MutexLock lock(&mu_);
  changed_ |= examined_.erase(pack) > 0;
}

void Reduction::Insert(const chunk::Sketch& sketch, const index::SimilarChunk& at) {
  absl::MutexLock lock(&mu_);
  table_.Insert(sketch, at);
  changed_ = true;
}

std::vector<index::SimilarChunk> Reduction::Find(const chunk::Sketch& sketch) const {
  absl::MutexLock lock(&mu_);
  return table_.Find(sketch);
}

absl::Status Reduction::Load(io::FileSystem& fs, const std::string& path) {
  OCA_ASSIGN_OR_RETURN(const std::string bytes, io::ReadFile(fs, path));
  OCA_ASSIGN_OR_RETURN(
      const std::string_view contents,
      format::ContentsOfFile(kSimilarity, kSimilarityMagic, kSimilarityVersion, bytes));
  ByteReader in(contents);
  absl::flat_hash_set<PackId> examined;
  uint64_t id = 0;
  for (uint64_t left = in.Varint(); left > 0 && in.ok(); --left)
    examined.insert(PackId{id += in.Varint()});
  if (!in.ok()) return absl::DataLossError(fmt::format("{}: length", kSimilarity));
  absl::MutexLock lock(&mu_);
  OCA_RETURN_IF_ERROR(table_.Decode(in.rest()));
  examined_ = std::move(examined);
  changed_ = false;
  return absl::OkStatus();
}

absl::Status Reduction::Save(io::FileSystem& fs, const std::string& path) {
  std::string out = format::BeginFile(kSimilarityMagic, kSimilarityVersion);
  {
    absl::MutexLock lock(&mu_);
    if (!changed_) return absl::OkStatus();
    changed_ = false;
    std::vector<PackId> packs(examined_.begin(), examined_.end());
    std::sort(packs.begin(), packs.end());
    PutVarint(&out, packs.size());
    uint64_t last = 0;
    for (const PackId pack : packs) {
      PutVarint(&out, pack.value - last);
      last = pack.value;
    }
    out += table_.Encode();
  }
  format::EndFile(&out);
  absl::Status saved = io::WriteFileAtomically(fs, path, out);
  absl::MutexLock lock(&mu_);
  changed_ |= !saved.ok();
  return saved;
}

}  // namespace oca::engine
