// Reading a file: a plan made under the lock, carried out without it.
#include <algorithm>
#include <cstring>
#include <utility>

#include "fs/engine/file_content.h"
#include "lib/base/status.h"

namespace oca::engine {

absl::StatusOr<ReadResult> FileContent::Read(uint64_t offset, uint64_t length) {
  OCA_ASSIGN_OR_RETURN(Plan plan, PlanRead(offset, length));
  return RunPlan(plan);
}

absl::StatusOr<FileContent::Plan> FileContent::PlanRead(uint64_t offset, uint64_t length) {
  absl::MutexLock lock(&mu_);
  Plan plan;
  uint64_t size = SizeLocked();
  if (offset >= size) return plan;
  const uint64_t end = length > size - offset ? size : offset + length;
  plan.length = end - offset;
  auto add = [&](uint64_t ref_offset, const tree::Ref& ref, uint64_t limit) {
    uint64_t from = std::max(ref_offset, offset);
    uint64_t to = std::min({ref_offset + ref.length, end, limit});
    if (from < to) plan.pieces.push_back({from - offset, ref, from - ref_offset, to - from});
  };
  if (offset < stable_) {
    OCA_ASSIGN_OR_RETURN(auto refs, tree::Lookup(*chunks_, base_, offset, std::min(end, stable_)));
    for (const tree::PlacedRef& placed : refs) add(placed.offset, placed.ref, stable_);
  }
  uint64_t at = stable_;
  for (const tree::Ref& ref : tail_refs_) {
    if (at >= end) break;
    add(at, ref, UINT64_MAX);
    at += ref.length;
  }
  auto patch = [&](uint64_t begin, std::string_view bytes) {
    uint64_t from = std::max(begin, offset);
    uint64_t to = std::min(begin + bytes.size(), end);
    if (from < to) plan.patches.emplace_back(from - offset, bytes.substr(from - begin, to - from));
  };
  patch(TailBegin(), job_data_);
  patch(TailBegin() + job_data_.size(), buffer_);
  for (uint64_t next = overlay_.Next(offset); next < end; next = overlay_.Next(next)) {
    uint64_t to = std::min(overlay_.ExtentEnd(next), end);
    std::string bytes(to - next, '\0');
    overlay_.CopyTo(next, bytes.data(), bytes.size());
    plan.patches.emplace_back(next - offset, std::move(bytes));
    next = to;
  }
  return plan;
}

absl::StatusOr<ReadResult> FileContent::RunPlan(const Plan& plan) {
  ReadResult out;
  ChunkCursor cursor;
  for (const Piece& piece : plan.pieces) {
    if (piece.ref.is_hole()) {
      out.AddZeros(piece.length);
      continue;
    }
    OCA_ASSIGN_OR_RETURN(Chunk chunk, RefBytes(piece.ref, &cursor));
    out.Add(std::move(chunk.holder), chunk.bytes.substr(piece.skip, piece.length));
  }
  if (plan.patches.empty() && out.size() == plan.length) return out;
  std::string patched = out.Joined();
  patched.resize(plan.length);
  for (const auto& [at, bytes] : plan.patches)
    std::memcpy(patched.data() + at, bytes.data(), bytes.size());
  ReadResult result;
  result.Add(std::move(patched));
  return result;
}

std::vector<Fingerprint> FileContent::StableChunks(uint64_t offset, uint64_t length) {
  std::vector<Fingerprint> fps;
  absl::MutexLock lock(&mu_);
  if (offset >= stable_) return fps;
  auto refs = tree::Lookup(*chunks_, base_, offset, std::min(offset + length, stable_));
  if (!refs.ok()) return fps;
  for (const tree::PlacedRef& placed : *refs) {
    if (placed.ref.is_hole() || (!fps.empty() && fps.back() == placed.ref.fp)) continue;
    fps.push_back(placed.ref.fp);
  }
  return fps;
}

void FileContent::StartReadahead(uint64_t offset, uint64_t length) {
  chunks_->StartReadahead(StableChunks(offset, length));
}

void FileContent::Prefetch(uint64_t offset, uint64_t length) {
  chunks_->Prefetch(StableChunks(offset, length));
}

}  // namespace oca::engine
