#include "lib/vtape/index_file.h"

#include <algorithm>
#include <utility>

namespace oca::vtape {
namespace {

constexpr uint64_t kBatch = 128;  // entries: 4 KiB

uint64_t OffsetOf(uint64_t object) { return kEntriesOffset + object * kEntryBytes; }

uint64_t PlaceOf(const Checkpoint& checkpoint) {
  return kCheckpointOffsets[checkpoint.sequence % kCheckpointOffsets.size()];
}

}  // namespace

Result<Entry> IndexFile::Get(uint64_t object) {
  if (object >= written_) {
    std::string_view bytes(pending_);
    return DecodeEntry(id_, object, bytes.substr((object - written_) * kEntryBytes, kEntryBytes));
  }
  if (!HasAtHand(object)) {
    window_first_ = object / kBatch * kBatch;
    window_.resize(std::min(kBatch, written_ - window_first_) * kEntryBytes);
    auto n = file_->ReadAt(OffsetOf(window_first_), window_);
    window_.resize(n.ok() ? *n / kEntryBytes * kEntryBytes : 0);
    if (!n.ok()) return n.status();
    if (!HasAtHand(object)) {
      return Status(Code::kDamaged, "index: ends before object " + std::to_string(object));
    }
  }
  std::string_view bytes(window_);
  return DecodeEntry(id_, object,
                     bytes.substr((object - window_first_) * kEntryBytes, kEntryBytes));
}

bool IndexFile::HasAtHand(uint64_t object) const {
  if (object >= written_) return true;
  return object >= window_first_ && object < window_first_ + window_.size() / kEntryBytes;
}

bool IndexFile::AppendIsQuick() const { return (objects() + 1) % kBatch != 0; }

Status IndexFile::Append(const Entry& entry) {
  pending_ += EncodeEntry(id_, objects(), entry);
  if (objects() % kBatch != 0) return Status();
  Status status = Flush();
  if (!status.ok()) pending_.resize(pending_.size() - kEntryBytes);
  return status;
}

Status IndexFile::Flush() {
  if (pending_.empty()) return Status();
  VTAPE_RETURN_IF_ERROR(file_->WriteAt(OffsetOf(written_), pending_));
  written_ = objects();
  pending_.clear();
  return Status();
}

Status IndexFile::Truncate(uint64_t objects) {
  SetObjects(objects);
  return file_->Truncate(OffsetOf(written_));
}

void IndexFile::SetObjects(uint64_t objects) {
  if (objects < written_ || pending_.empty()) {
    written_ = objects;
    pending_.clear();
  } else {
    pending_.resize((objects - written_) * kEntryBytes);
  }
  window_.clear();
}

Result<uint64_t> IndexFile::EntriesInFile() {
  VTAPE_ASSIGN_OR_RETURN(uint64_t size, file_->Size());
  return size < kEntriesOffset ? 0 : (size - kEntriesOffset) / kEntryBytes;
}

Result<std::vector<Checkpoint>> IndexFile::ReadCheckpoints() {
  std::vector<Checkpoint> found;
  for (uint64_t offset : kCheckpointOffsets) {
    std::string bytes(kCheckpointBytes, '\0');
    VTAPE_ASSIGN_OR_RETURN(size_t n, file_->ReadAt(offset, bytes));
    auto checkpoint = DecodeCheckpoint(id_, std::string_view(bytes).substr(0, n));
    if (checkpoint.ok()) found.push_back(*checkpoint);
    if (checkpoint.status().code() == Code::kNewer) return checkpoint.status();
  }
  if (found.empty()) return Status(Code::kDamaged, "index: no whole checkpoint");
  if (found.back().sequence > found.front().sequence) std::swap(found.front(), found.back());
  return found;
}

Status IndexFile::WriteCheckpoint(const Checkpoint& checkpoint) {
  return file_->WriteAt(PlaceOf(checkpoint), EncodeCheckpoint(id_, checkpoint));
}

void IndexFile::WithdrawCheckpoint(const Checkpoint& checkpoint) {
  (void)file_->WriteAt(PlaceOf(checkpoint), std::string(kCheckpointBytes, '\0'));
}

}  // namespace oca::vtape
