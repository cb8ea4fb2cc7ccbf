#include "fs/engine/file_content.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lib/base/status.h"

namespace oca::engine {
namespace {

constexpr size_t kJobBytes = 1u << 20;             // a job begins when this much waits
constexpr size_t kMaxBufferBytes = 4 * kJobBytes;  // writers wait above it
constexpr uint64_t kMaxOverlayBytes = 16u << 20;
constexpr size_t kMaxTailRefs = 8192;
constexpr uint64_t kMinHoleBytes = 4096;

bool AllZero(std::string_view bytes) {
  return bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

FileContent::FileContent(ChunkStore* chunks, const chunk::Chunker* chunker, WorkQueue* workers,
                         ContainerId container, tree::Root root)
    : chunks_(chunks), chunker_(chunker), workers_(workers), container_(container) {
  stable_ = root.length();
  base_ = std::move(root);
}

FileContent::~FileContent() {
  if (lane_ >= 0) chunks_->ReleaseLane(lane_);
}

uint64_t FileContent::size() {
  absl::MutexLock lock(&mu_);
  return SizeLocked();
}

uint64_t FileContent::data_bytes() {
  absl::MutexLock lock(&mu_);
  if (settled_version_ == version_) return base_.data_length();
  uint64_t bytes = base_.data_length() + job_data_.size() + buffer_.size();
  for (const tree::Ref& ref : tail_refs_) bytes += ref.data_length;
  return std::min(bytes, SizeLocked());
}

int FileContent::Lane() {
  if (lane_ < 0) lane_ = chunks_->AcquireLane();
  return lane_;
}

void FileContent::FreeLane() {
  if (lane_ >= 0) chunks_->ReleaseLane(lane_);
  lane_ = -1;
}

void FileContent::WaitForJob() {
  auto idle = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return !job_running_; };
  mu_.Await(absl::Condition(&idle));
}

void FileContent::StartJob() {
  job_running_ = true;
  job_data_.swap(buffer_);
  buffer_.swap(spare_);
  buffer_.clear();
  Lane();
  workers_->Add([self = shared_from_this()] { self->RunJob(); });
}

void FileContent::RunJob() {
  std::string_view data;
  int lane;
  {
    absl::MutexLock lock(&mu_);
    data = job_data_;
    lane = lane_;
  }
  std::vector<size_t> cuts;
  size_t consumed = chunker_->Cut(data, false, &cuts);
  absl::StatusOr<std::vector<tree::Ref>> refs = StoreCuts(lane, data, cuts);
  absl::MutexLock lock(&mu_);
  if (refs.ok()) {
    tail_refs_.insert(tail_refs_.end(), refs->begin(), refs->end());
    tail_length_ += consumed;
  } else {
    error_ = refs.status();
    consumed = 0;
  }
  buffer_.insert(0, job_data_, consumed, std::string::npos);
  spare_.swap(job_data_);
  job_data_.clear();
  spare_.clear();
  job_running_ = false;
}

absl::StatusOr<std::vector<tree::Ref>> FileContent::StoreCuts(int lane, std::string_view data,
                                                              const std::vector<size_t>& cuts) {
  std::vector<tree::Ref> refs;
  std::vector<std::string_view> views;
  refs.reserve(cuts.size());
  views.reserve(cuts.size());
  size_t begin = 0;
  for (size_t cut : cuts) {
    std::string_view bytes = data.substr(begin, cut - begin);
    begin = cut;
    if (bytes.size() >= kMinHoleBytes && AllZero(bytes)) {
      refs.push_back(tree::HoleRef(bytes.size()));
    } else {
      refs.push_back(tree::DataRef({}, bytes.size()));
      views.push_back(bytes);
    }
  }
  std::vector<Fingerprint> fps(views.size());
  OCA_RETURN_IF_ERROR(chunks_->PutChunks(lane, container_, views, fps));
  size_t next = 0;
  for (tree::Ref& ref : refs) {
    if (ref.data_length > 0) ref.fp = fps[next++];
  }
  return refs;
}

absl::StatusOr<std::vector<tree::Ref>> FileContent::StoreWhole(std::string_view data) {
  std::vector<size_t> cuts;
  chunker_->Cut(data, true, &cuts);
  return StoreCuts(Lane(), data, cuts);
}

absl::StatusOr<tree::PlacedRef> FileContent::RefAt(uint64_t offset) {
  OCA_ASSIGN_OR_RETURN(auto refs, tree::Lookup(*chunks_, base_, offset, offset + 1));
  if (refs.size() != 1) return absl::DataLossError("recipe does not cover the file");
  return refs[0];
}

absl::StatusOr<uint64_t> FileContent::Write(uint64_t offset, bool at_end, std::string_view data) {
  absl::MutexLock change(&change_mu_);
  absl::MutexLock lock(&mu_);
  if (!error_.ok()) {
    // Tried again by the next Settle; until then nothing more is taken.
    if (absl::Status settled = SettleLocked(); !settled.ok()) return settled;
  }
  if (at_end) offset = SizeLocked();
  if (data.empty()) return offset;
  ++version_;
  if (offset > SizeLocked()) OCA_RETURN_IF_ERROR(Grow(offset));
  uint64_t inside = std::min<uint64_t>(data.size(), SizeLocked() - offset);
  if (inside > 0) OCA_RETURN_IF_ERROR(Overwrite(offset, data.substr(0, inside)));
  if (inside < data.size()) OCA_RETURN_IF_ERROR(Append(data.substr(inside)));
  return offset;
}

absl::Status FileContent::Append(std::string_view data) {
  if (!tail_loaded_) OCA_RETURN_IF_ERROR(LoadTail());
  while (!data.empty()) {
    if (buffer_.size() >= kMaxBufferBytes) WaitForJob();
    if (buffer_.capacity() < kJobBytes && buffer_.size() + data.size() > kJobBytes / 4) {
      buffer_.reserve(2 * kJobBytes);
    }
    size_t n = std::min(data.size(), kJobBytes);
    buffer_.append(data.substr(0, n));
    data.remove_prefix(n);
    if (buffer_.size() < kJobBytes || job_running_) continue;
    if (!error_.ok()) return error_;
    if (tail_refs_.size() > kMaxTailRefs) OCA_RETURN_IF_ERROR(FoldTail());
    StartJob();
  }
  return absl::OkStatus();
}

absl::Status FileContent::Overwrite(uint64_t offset, std::string_view data) {
  if (offset + data.size() > TailBegin()) WaitForJob();
  uint64_t tail = TailBegin();
  if (offset + data.size() > tail) {
    uint64_t begin = std::max(offset, tail);
    std::memcpy(buffer_.data() + (begin - tail), data.data() + (begin - offset),
                offset + data.size() - begin);
    data = data.substr(0, begin - offset);
  }
  overlay_.Write(offset, data);
  if (overlay_.bytes() <= kMaxOverlayBytes) return absl::OkStatus();
  WaitForJob();
  return FoldOverlay();
}

absl::Status FileContent::Grow(uint64_t size) {
  WaitForJob();
  uint64_t gap = size - SizeLocked();
  if (gap < kMinHoleBytes) {
    if (!tail_loaded_) OCA_RETURN_IF_ERROR(LoadTail());
    buffer_.append(gap, '\0');
    return absl::OkStatus();
  }
  if (!buffer_.empty()) {
    OCA_ASSIGN_OR_RETURN(std::vector<tree::Ref> refs, StoreWhole(buffer_));
    tail_refs_.insert(tail_refs_.end(), refs.begin(), refs.end());
    tail_length_ += buffer_.size();
    buffer_.clear();
  }
  tail_refs_.push_back(tree::HoleRef(gap));
  tail_length_ += gap;
  tail_loaded_ = true;
  return absl::OkStatus();
}

absl::Status FileContent::Truncate(uint64_t size) {
  absl::MutexLock change(&change_mu_);
  absl::MutexLock lock(&mu_);
  ++version_;
  if (size >= SizeLocked()) return size == SizeLocked() ? absl::OkStatus() : Grow(size);
  return Shrink(size);
}

absl::Status FileContent::Shrink(uint64_t size) {
  WaitForJob();
  overlay_.Truncate(size);
  if (size == 0) {
    base_ = tree::Root();
    stable_ = 0;
    tail_refs_.clear();
    tail_length_ = 0;
    buffer_.clear();
    tail_loaded_ = false;
    error_ = absl::OkStatus();
    return absl::OkStatus();
  }
  if (size >= TailBegin()) {
    buffer_.resize(size - TailBegin());
    return absl::OkStatus();
  }
  OCA_RETURN_IF_ERROR(FoldTail());
  OCA_ASSIGN_OR_RETURN(tree::PlacedRef last, RefAt(size));
  std::string kept;
  if (!last.ref.is_hole() && last.offset < size) {
    OCA_ASSIGN_OR_RETURN(Chunk chunk, chunks_->Get(last.ref.fp));
    kept = chunk.bytes.substr(0, size - last.offset);
    overlay_.CopyTo(last.offset, kept.data(), kept.size());
    overlay_.Truncate(last.offset);
  }
  stable_ = size - kept.size();
  tail_loaded_ = !kept.empty();
  buffer_ = std::move(kept);
  return absl::OkStatus();
}

// Takes the last chunk's bytes into the buffer, so that an append continues the chunk instead of
// starting one.
absl::Status FileContent::LoadTail() {
  if (TailBegin() == stable_ && stable_ > 0) {
    OCA_ASSIGN_OR_RETURN(tree::PlacedRef last, RefAt(stable_ - 1));
    if (!last.ref.is_hole() && last.offset + last.ref.length == stable_) {
      OCA_ASSIGN_OR_RETURN(Chunk chunk, chunks_->Get(last.ref.fp));
      buffer_.assign(chunk.bytes);
      overlay_.CopyTo(last.offset, buffer_.data(), buffer_.size());
      overlay_.Truncate(last.offset);
      stable_ = last.offset;
    }
  }
  tail_loaded_ = true;
  return absl::OkStatus();
}

absl::Status FileContent::FoldTail() {
  if (tail_refs_.empty() && base_.length() == stable_) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(base_, tree::Apply(*chunks_, base_, {{stable_, UINT64_MAX, tail_refs_}}));
  stable_ += tail_length_;
  tail_refs_.clear();
  tail_length_ = 0;
  return absl::OkStatus();
}

absl::Status FileContent::FoldOverlay() {
  if (overlay_.empty()) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(FoldTail());
  std::vector<tree::Splice> splices;
  uint64_t from = 0;
  for (uint64_t dirty; (dirty = overlay_.Next(from)) != Overlay::kNone; from = splices.back().end) {
    splices.emplace_back();
    OCA_RETURN_IF_ERROR(RebuildFrom(dirty, &splices.back()));
  }
  OCA_ASSIGN_OR_RETURN(base_, tree::Apply(*chunks_, base_, std::move(splices)));
  overlay_.Clear();
  return absl::OkStatus();
}

// Chunks anew from the chunk that holds `dirty` to the first cut that agrees with an old one behind
// the last written byte.
absl::Status FileContent::RebuildFrom(uint64_t dirty, tree::Splice* splice) {
  OCA_ASSIGN_OR_RETURN(tree::PlacedRef first, RefAt(dirty));
  splice->begin = first.ref.is_hole() ? dirty : first.offset;
  uint64_t chunked = splice->begin;  // everything before is in splice->refs
  uint64_t end = splice->begin;      // data holds [chunked, end)
  uint64_t dirty_end = dirty;
  std::string data;
  std::vector<uint64_t> old_cuts;
  while (true) {
    bool last = end >= stable_;
    if (!last) {
      OCA_ASSIGN_OR_RETURN(tree::PlacedRef ref, RefAt(end));
      uint64_t ref_end = ref.offset + ref.ref.length;
      size_t at = data.size();
      if (!ref.ref.is_hole()) {
        OCA_ASSIGN_OR_RETURN(Chunk chunk, chunks_->Get(ref.ref.fp));
        data.append(chunk.bytes);
      } else if (overlay_.Next(end) == end) {
        ref_end = std::min({ref_end, overlay_.ExtentEnd(end), end + kJobBytes});
        data.append(ref_end - end, '\0');
      } else {
        last = true;  // a hole that stays
      }
      if (!last) {
        dirty_end = std::max(dirty_end, overlay_.CopyTo(end, data.data() + at, data.size() - at));
        end = ref_end;
        old_cuts.push_back(end);
      }
    }
    std::vector<size_t> cuts;
    size_t used = chunker_->Cut(data, last, &cuts);
    bool agreed = false;
    for (size_t i = 0; i < cuts.size() && !last; ++i) {
      uint64_t cut = chunked + cuts[i];
      if (cut < dirty_end || std::find(old_cuts.begin(), old_cuts.end(), cut) == old_cuts.end())
        continue;
      cuts.resize(i + 1);
      used = cuts[i];
      agreed = true;
    }
    OCA_ASSIGN_OR_RETURN(std::vector<tree::Ref> refs, StoreCuts(Lane(), data, cuts));
    splice->refs.insert(splice->refs.end(), refs.begin(), refs.end());
    data.erase(0, used);
    chunked += used;
    if (last || agreed) break;
    std::erase_if(old_cuts, [chunked](uint64_t cut) { return cut <= chunked; });
  }
  splice->end = chunked;
  return absl::OkStatus();
}

absl::Status FileContent::SettleLocked() {
  WaitForJob();
  if (settled_version_ == version_) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(FoldOverlay());
  std::vector<size_t> cuts;
  chunker_->Cut(buffer_, true, &cuts);
  OCA_ASSIGN_OR_RETURN(std::vector<tree::Ref> refs, StoreCuts(Lane(), buffer_, cuts));
  std::vector<tree::Ref> all = tail_refs_;
  all.insert(all.end(), refs.begin(), refs.end());
  OCA_ASSIGN_OR_RETURN(base_,
                       tree::Apply(*chunks_, base_, {{stable_, UINT64_MAX, std::move(all)}}));
  size_t last_chunk = cuts.size() > 1 ? cuts[cuts.size() - 2] : 0;
  stable_ += tail_length_ + last_chunk;
  tail_refs_.clear();
  tail_length_ = 0;
  buffer_ = buffer_.substr(last_chunk);  // and gives the big memory back
  spare_ = std::string();
  settled_version_ = version_;
  error_ = absl::OkStatus();
  FreeLane();
  return absl::OkStatus();
}

absl::StatusOr<FileContent::Settled> FileContent::Settle() {
  absl::MutexLock change(&change_mu_);
  absl::MutexLock lock(&mu_);
  OCA_RETURN_IF_ERROR(SettleLocked());
  return Settled{base_, version_};
}

absl::Status FileContent::ReplaceRange(uint64_t begin, uint64_t end, std::vector<tree::Ref> refs) {
  OCA_RETURN_IF_ERROR(SettleLocked());  // now base_ is the whole file
  const uint64_t size = base_.length();
  tree::Splice splice{begin, end < size ? end : UINT64_MAX, {}};
  if (begin < size) {
    OCA_ASSIGN_OR_RETURN(tree::PlacedRef first, RefAt(begin));
    if (!first.ref.is_hole() && first.offset < begin) {
      OCA_ASSIGN_OR_RETURN(Chunk chunk, chunks_->Get(first.ref.fp));
      OCA_ASSIGN_OR_RETURN(splice.refs, StoreWhole(chunk.bytes.substr(0, begin - first.offset)));
      splice.begin = first.offset;
    }
  }
  splice.refs.insert(splice.refs.end(), refs.begin(), refs.end());
  if (end < size) {
    OCA_ASSIGN_OR_RETURN(tree::PlacedRef last, RefAt(end));
    if (!last.ref.is_hole() && last.offset < end) {
      OCA_ASSIGN_OR_RETURN(Chunk chunk, chunks_->Get(last.ref.fp));
      OCA_ASSIGN_OR_RETURN(auto rest, StoreWhole(chunk.bytes.substr(end - last.offset)));
      splice.refs.insert(splice.refs.end(), rest.begin(), rest.end());
      splice.end = last.offset + last.ref.length;
    }
  }
  OCA_ASSIGN_OR_RETURN(base_, tree::Apply(*chunks_, base_, {std::move(splice)}));
  stable_ = base_.length();
  buffer_.clear();
  tail_loaded_ = false;
  FreeLane();
  settled_version_ = ++version_;
  return absl::OkStatus();
}

absl::Status FileContent::PunchHole(uint64_t offset, uint64_t length) {
  absl::MutexLock change(&change_mu_);
  absl::MutexLock lock(&mu_);
  uint64_t size = SizeLocked();
  if (offset >= size || length == 0) return absl::OkStatus();
  uint64_t end = length > size - offset ? size : offset + length;
  return ReplaceRange(offset, end, {tree::HoleRef(end - offset)});
}

absl::Status FileContent::Insert(uint64_t offset, uint64_t length, std::vector<tree::Ref> refs) {
  absl::MutexLock change(&change_mu_);
  absl::MutexLock lock(&mu_);
  if (offset > SizeLocked()) {
    ++version_;
    OCA_RETURN_IF_ERROR(Grow(offset));
  }
  return ReplaceRange(offset, offset + length, std::move(refs));
}

absl::StatusOr<std::vector<tree::PlacedRef>> FileContent::Extract(uint64_t offset,
                                                                  uint64_t length) {
  absl::MutexLock change(&change_mu_);
  absl::MutexLock lock(&mu_);
  OCA_RETURN_IF_ERROR(SettleLocked());
  return tree::Lookup(*chunks_, base_, offset, offset + length);
}

absl::StatusOr<uint64_t> FileContent::Seek(uint64_t offset, bool want_data) {
  absl::MutexLock change(&change_mu_);
  absl::MutexLock lock(&mu_);
  OCA_RETURN_IF_ERROR(SettleLocked());
  return tree::Seek(*chunks_, base_, offset, want_data);
}

FileContent::Held FileContent::HeldRefs() {
  absl::MutexLock lock(&mu_);
  WaitForJob();
  return {base_, tail_refs_};
}

}  // namespace oca::engine
