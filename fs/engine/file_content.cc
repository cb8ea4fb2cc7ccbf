#include "fs/engine/file_content.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "fs/engine/old_units.h"
#include "lib/base/status.h"

namespace oca::engine {
namespace {

constexpr size_t kPieceBytes = 1u << 20;  // of zeros, or of one write
constexpr uint64_t kJobsInOverlay = 16;
// Writers wait when so many jobs' bytes are in the buffer: fewer where memory is short.
size_t JobsInBuffer(size_t job_bytes) { return job_bytes < kPieceBytes ? 2 : 4; }
constexpr size_t kMaxTailRefs = 8192;

// Else it is from when fewer files were written.
bool MayKeep(const StreamBuffer& memory, size_t job_bytes) {
  return memory.capacity() <= (JobsInBuffer(job_bytes) + 1) * job_bytes;
}

}  // namespace

FileContent::FileContent(ChunkStore* chunks, const markers::Splitter& splitter, WorkQueue* workers,
                         ContainerId container, tree::Root root,
                         std::shared_ptr<MarkerCounters> counters)
    : chunks_(chunks),
      splitter_(splitter),
      workers_(workers),
      container_(container),
      counters_(std::move(counters)) {
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

void FileContent::SetSeen(const markers::Recognised& seen) {
  if (counters_ != nullptr) counters_->Add(seen_, seen);
  seen_ = seen;
}

void FileContent::StartJob() {
  job_running_ = true;
  job_data_ = std::move(buffer_);
  buffer_ = std::move(spare_);
  buffer_.Clear();
  Lane();
  workers_->Add([self = shared_from_this()] { self->RunJob(); });
}

void FileContent::RunJob() {
  std::string_view data;
  uint64_t offset;
  int lane;
  markers::Recognised seen;
  {
    absl::MutexLock lock(&mu_);
    data = job_data_;
    offset = TailBegin();
    lane = lane_;
    seen = seen_;
  }
  std::vector<markers::Piece> pieces;
  size_t consumed = splitter_.Split(data, offset, false, &pieces, &seen);
  absl::StatusOr<std::vector<tree::Ref>> refs = StorePieces(lane, data, pieces);
  absl::MutexLock lock(&mu_);
  SetSeen(seen);
  if (refs.ok()) {
    tail_refs_.insert(tail_refs_.end(), refs->begin(), refs->end());
    tail_length_ += consumed;
  } else {
    error_ = refs.status();
    consumed = 0;
  }
  buffer_.Prepend(data.substr(consumed));
  if (MayKeep(job_data_, chunks_->JobBytes())) spare_ = std::move(job_data_);
  job_data_ = StreamBuffer();
  job_running_ = false;
}

absl::StatusOr<std::vector<tree::Ref>> FileContent::StoreWhole(std::string_view data,
                                                               uint64_t offset) {
  std::vector<markers::Piece> pieces;
  splitter_.Split(data, offset, true, &pieces);
  return StorePieces(Lane(), data, pieces);
}

absl::StatusOr<tree::PlacedRef> FileContent::RefAt(uint64_t offset) {
  OCA_ASSIGN_OR_RETURN(auto refs, tree::Lookup(*chunks_, base_, offset, offset + 1));
  if (refs.size() != 1) return absl::DataLossError("recipe does not cover the file");
  return refs[0];
}

absl::Status FileContent::BeginWrite(uint64_t offset) {
  // Until it succeeds nothing more is taken.
  if (!error_.ok()) OCA_RETURN_IF_ERROR(SettleLocked());
  ++version_;
  return offset > SizeLocked() ? Grow(offset) : absl::OkStatus();
}

absl::StatusOr<uint64_t> FileContent::Write(uint64_t offset, bool at_end, std::string_view data) {
  absl::MutexLock change(&change_mu_);
  absl::MutexLock lock(&mu_);
  if (at_end) offset = SizeLocked();
  if (data.empty()) return offset;
  OCA_RETURN_IF_ERROR(BeginWrite(offset));
  OCA_RETURN_IF_ERROR(WriteCopy(offset, data));
  return offset;
}

absl::Status FileContent::WriteFrom(StreamBuffer& data, uint64_t offset) {
  absl::MutexLock change(&change_mu_);
  absl::MutexLock lock(&mu_);
  if (data.empty()) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(BeginWrite(offset));
  if (offset == SizeLocked()) {
    OCA_ASSIGN_OR_RETURN(bool taken, AppendMemory(data));
    if (taken) return absl::OkStatus();
  }
  return WriteCopy(offset, data);
}

absl::Status FileContent::WriteCopy(uint64_t offset, std::string_view data) {
  const uint64_t inside = std::min<uint64_t>(data.size(), SizeLocked() - offset);
  if (inside > 0) OCA_RETURN_IF_ERROR(Overwrite(offset, data.substr(0, inside)));
  return inside < data.size() ? Append(data.substr(inside)) : absl::OkStatus();
}

absl::StatusOr<bool> FileContent::AppendMemory(StreamBuffer& data) {
  if (!tail_loaded_) OCA_RETURN_IF_ERROR(LoadTail());
  Lane();  // counts as a writer
  const size_t job = chunks_->JobBytes();
  if (data.size() < job || !MayKeep(data, job)) return false;
  if (buffer_.size() >= job) {
    WaitForJob();
    OCA_RETURN_IF_ERROR(StartJobIfDue(job));
  }
  if (buffer_.size() > data.headroom()) return false;
  data.Prepend(buffer_);
  std::swap(data, buffer_);
  OCA_RETURN_IF_ERROR(StartJobIfDue(job));
  return true;
}

absl::Status FileContent::StartJobIfDue(size_t job_bytes) {
  if (buffer_.size() < job_bytes || job_running_) return absl::OkStatus();
  if (!error_.ok()) return error_;
  if (tail_refs_.size() > kMaxTailRefs) OCA_RETURN_IF_ERROR(FoldTail());
  StartJob();
  return absl::OkStatus();
}

absl::Status FileContent::Append(std::string_view data) {
  if (!tail_loaded_) OCA_RETURN_IF_ERROR(LoadTail());
  while (!data.empty()) {
    Lane();  // counts as a writer
    const size_t job = chunks_->JobBytes();
    if (buffer_.size() >= JobsInBuffer(job) * job) WaitForJob();
    if (buffer_.capacity() < job && buffer_.size() + data.size() > job / 4) {
      buffer_.Reserve(2 * job);
    }
    size_t n = std::min(data.size(), job);
    buffer_.Append(data.substr(0, n));
    data.remove_prefix(n);
    OCA_RETURN_IF_ERROR(StartJobIfDue(job));
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
  Lane();  // counts as a writer
  overlay_.Write(offset, data);
  if (overlay_.bytes() <= kJobsInOverlay * chunks_->JobBytes()) return absl::OkStatus();
  WaitForJob();
  return FoldOverlay();
}

absl::Status FileContent::Grow(uint64_t size) {
  WaitForJob();
  uint64_t gap = size - SizeLocked();
  if (gap < kMinHoleBytes) {
    if (!tail_loaded_) OCA_RETURN_IF_ERROR(LoadTail());
    buffer_.AppendZeros(gap);
    return absl::OkStatus();
  }
  if (!buffer_.empty()) {
    OCA_ASSIGN_OR_RETURN(std::vector<tree::Ref> refs, StoreWhole(buffer_, TailBegin()));
    tail_refs_.insert(tail_refs_.end(), refs.begin(), refs.end());
    tail_length_ += buffer_.size();
    buffer_.Clear();
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
    buffer_.Clear();
    tail_loaded_ = false;
    seen_ = {};
    error_ = absl::OkStatus();
    return absl::OkStatus();
  }
  seen_.counted_to = std::min(seen_.counted_to, size);
  if (size >= TailBegin()) {
    buffer_.Resize(size - TailBegin());
    return absl::OkStatus();
  }
  OCA_RETURN_IF_ERROR(FoldTail());
  buffer_.Clear();
  stable_ = size;
  return LoadTail();
}

// Takes the last unit's bytes into the buffer, so that an append continues the unit instead of
// starting one.
absl::Status FileContent::LoadTail() {
  if (TailBegin() == stable_ && stable_ > 0) {
    OCA_ASSIGN_OR_RETURN(uint64_t begin, UnitBegin(stable_));
    OCA_ASSIGN_OR_RETURN(const std::string bytes, StableBytes(begin, stable_));
    buffer_ = StreamBuffer(bytes);
    overlay_.Truncate(begin);
    stable_ = begin;
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
    splices.push_back({from, from, {}});
    OCA_RETURN_IF_ERROR(RebuildFrom(dirty, &splices.back()));
  }
  OCA_ASSIGN_OR_RETURN(base_, tree::Apply(*chunks_, base_, std::move(splices)));
  overlay_.Clear();
  return absl::OkStatus();
}

// Cuts anew from the unit that `dirty` may change to the first end of a unit that agrees with an
// old one behind the last written byte.
absl::Status FileContent::RebuildFrom(uint64_t dirty, tree::Splice* splice) {
  OCA_ASSIGN_OR_RETURN(uint64_t first, UnitBegin(dirty));
  splice->begin = std::max(first, splice->begin);
  uint64_t chunked = splice->begin;  // everything before is in splice->refs
  uint64_t end = splice->begin;      // data holds [chunked, end)
  uint64_t dirty_end = dirty;
  std::string data;
  OldUnits old_units;
  while (true) {
    bool last = end >= stable_;
    if (!last) {
      OCA_ASSIGN_OR_RETURN(tree::PlacedRef ref, RefAt(end));
      uint64_t ref_end = ref.offset + ref.ref.length;
      size_t at = data.size();
      if (!ref.ref.is_hole()) {
        OCA_ASSIGN_OR_RETURN(Chunk chunk, RefBytes(ref.ref));
        data.append(chunk.bytes);
      } else if (overlay_.Next(end) == end) {
        ref_end = std::min({ref_end, overlay_.ExtentEnd(end), end + kPieceBytes});
        data.append(ref_end - end, '\0');
      } else if (end < dirty) {
        ref_end = std::min(ref_end, dirty);
        data.append(ref_end - end, '\0');
      } else {
        last = true;  // a hole that stays
      }
      if (!last) {
        dirty_end = std::max(dirty_end, overlay_.CopyTo(end, data.data() + at, data.size() - at));
        old_units.Add(end, ref_end, ref.ref);
        end = ref_end;
      }
    }
    std::vector<markers::Piece> pieces;
    size_t used = splitter_.Split(data, chunked, last, &pieces);
    if (last) used = data.size();
    bool agreed = false;
    for (size_t i = 0; i < pieces.size() && !last; ++i) {
      uint64_t cut = chunked + pieces[i].end;
      if (!pieces[i].ends_unit || cut < dirty_end || !old_units.EndsAt(cut)) continue;
      used = pieces[i].end;
      pieces.resize(i + 1);
      agreed = true;
    }
    OCA_ASSIGN_OR_RETURN(std::vector<tree::Ref> refs, StorePieces(Lane(), data, pieces));
    splice->refs.insert(splice->refs.end(), refs.begin(), refs.end());
    data.erase(0, used);
    chunked += used;
    if (last || agreed) break;
    old_units.Forget(chunked);
  }
  splice->end = chunked;
  return absl::OkStatus();
}

absl::Status FileContent::SettleLocked() {
  WaitForJob();
  if (settled_version_ == version_) return absl::OkStatus();
  OCA_RETURN_IF_ERROR(FoldOverlay());
  std::vector<markers::Piece> pieces;
  markers::Recognised seen = seen_;
  const size_t complete = splitter_.Split(buffer_, TailBegin(), true, &pieces, &seen);
  OCA_ASSIGN_OR_RETURN(std::vector<tree::Ref> refs, StorePieces(Lane(), buffer_, pieces));
  std::vector<tree::Ref> all = tail_refs_;
  all.insert(all.end(), refs.begin(), refs.end());
  OCA_ASSIGN_OR_RETURN(base_,
                       tree::Apply(*chunks_, base_, {{stable_, UINT64_MAX, std::move(all)}}));
  SetSeen(seen);
  stable_ += tail_length_ + complete;
  tail_refs_.clear();
  tail_length_ = 0;
  buffer_ = StreamBuffer(std::string_view(buffer_).substr(complete));  // gives big memory back
  spare_ = StreamBuffer();
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
      OCA_ASSIGN_OR_RETURN(Chunk chunk, RefBytes(first.ref));
      OCA_ASSIGN_OR_RETURN(splice.refs,
                           StoreWhole(chunk.bytes.substr(0, begin - first.offset), first.offset));
      splice.begin = first.offset;
    }
  }
  splice.refs.insert(splice.refs.end(), refs.begin(), refs.end());
  if (end < size) {
    OCA_ASSIGN_OR_RETURN(tree::PlacedRef last, RefAt(end));
    if (!last.ref.is_hole() && last.offset < end) {
      OCA_ASSIGN_OR_RETURN(Chunk chunk, RefBytes(last.ref));
      OCA_ASSIGN_OR_RETURN(auto rest, StoreWhole(chunk.bytes.substr(end - last.offset), end));
      splice.refs.insert(splice.refs.end(), rest.begin(), rest.end());
      splice.end = last.offset + last.ref.length;
    }
  }
  OCA_ASSIGN_OR_RETURN(base_, tree::Apply(*chunks_, base_, {std::move(splice)}));
  stable_ = base_.length();
  buffer_.Clear();
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
