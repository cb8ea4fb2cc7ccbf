#include "lib/vtape/cartridge.h"

#include <algorithm>
#include <utility>

#include "lib/vtape/crc32c.h"

namespace oca::vtape {
namespace {

// Filemarks fit for so long after blocks do not any more: a host closes a full tape with them.
constexpr uint64_t kFilemarkReserve = 64 * kFilemarkCost;

}  // namespace

Cartridge::Cartridge(Storage& storage, std::string dir, Options options, Attributes attributes,
                     std::unique_ptr<StorageLock> lock, std::unique_ptr<StorageFile> index,
                     std::unique_ptr<StorageFile> payload)
    : storage_(storage),
      dir_(std::move(dir)),
      options_(options),
      attributes_(std::move(attributes)),
      lock_(std::move(lock)),
      index_(std::move(index), attributes_.id),
      payload_(std::move(payload)),
      behind_(*payload_, options.write_behind_bytes),
      ahead_(*payload_, options.read_ahead_bytes) {}

uint64_t Cartridge::remaining_bytes() const {
  return attributes_.capacity_bytes - std::min(attributes_.capacity_bytes, used_bytes());
}

bool Cartridge::in_early_warning() const {
  return remaining_bytes() <= attributes_.capacity_bytes / 100;
}

Status Cartridge::CanWrite() const {
  if (!damage_.ok()) return damage_;
  if (!broken_.ok()) return broken_;
  if (attributes_.write_protected || attributes_.kind == MediumKind::kCleaning) {
    return Status(Code::kWriteProtected, dir_ + ": write-protected");
  }
  return Status();
}

Result<Cartridge::ReadOutcome> Cartridge::Read(std::span<char> out) {
  if (position_ >= objects()) return ReadOutcome{};
  VTAPE_ASSIGN_OR_RETURN(Entry entry, index_.Get(position_));
  if (entry.kind == ObjectKind::kFilemark) {
    ++position_;
    return ReadOutcome{ReadOutcome::kFilemark};
  }
  ReadOutcome outcome{ReadOutcome::kBlock, entry.length,
                      std::min<size_t>(entry.length, out.size())};
  // The checksum is that of the whole block, whatever of it was asked for.
  std::string whole;
  std::span<char> target = out.first(outcome.copied);
  if (outcome.copied < entry.length) {
    whole.resize(entry.length);
    target = whole;
  }
  if (behind_.Lacks(entry.payload_end())) VTAPE_RETURN_IF_ERROR(behind_.Drain());
  VTAPE_ASSIGN_OR_RETURN(size_t n, ahead_.ReadAt(entry.payload_offset, target));
  uint64_t object = position_++;
  if (n != entry.length || Crc32c({target.data(), n}) != entry.payload_crc) {
    return Status(Code::kDamaged, dir_ + ": object " + std::to_string(object) +
                                      ": the block's bytes are not those that were written");
  }
  if (!whole.empty()) std::copy_n(whole.begin(), outcome.copied, out.begin());
  attributes_.read_bytes += entry.length;
  return outcome;
}

bool Cartridge::ReadIsQuick() {
  if (position_ >= objects()) return true;
  if (!index_.HasAtHand(position_)) return false;
  auto entry = index_.Get(position_);
  if (!entry.ok() || entry->kind == ObjectKind::kFilemark) return true;
  return !behind_.Busy() && !behind_.Lacks(entry->payload_end()) &&
         ahead_.Holds(entry->payload_offset, entry->length);
}

bool Cartridge::WriteIsQuick(size_t block_bytes) {
  return position_ == objects() && index_.AppendIsQuick() && !ahead_.Busy() &&
         payload_bytes_ + block_bytes - checkpoint_.payload_bytes < options_.sync_every_bytes &&
         behind_.HasRoom(payload_bytes_, block_bytes);
}

Status Cartridge::CheckOverwrite() const {
  if (attributes_.kind != MediumKind::kWorm || position_ == objects()) return Status();
  // The filemarks that end the data may give way to more of it, as with every maker's WORM tapes.
  if (position_ > 0 && objects() - position_ <= trailing_filemarks_) return Status();
  return Status(Code::kWorm, dir_ + ": written once, cannot be overwritten at object " +
                                 std::to_string(position_));
}

Status Cartridge::Write(std::string_view block) {
  if (block.empty() || block.size() > kMaxBlockBytes) {
    return Status(Code::kInvalid, "a block has 1 to " + std::to_string(kMaxBlockBytes) + " bytes");
  }
  VTAPE_RETURN_IF_ERROR(CanWrite());
  VTAPE_RETURN_IF_ERROR(CheckOverwrite());
  VTAPE_RETURN_IF_ERROR(TruncateHere());
  if (block.size() > remaining_bytes()) {
    return Status(Code::kEndOfMedium, dir_ + ": the cartridge is full");
  }
  ahead_.Forget();
  VTAPE_RETURN_IF_ERROR(behind_.Append(payload_bytes_, block));
  Entry entry{ObjectKind::kBlock, payload_bytes_, static_cast<uint32_t>(block.size()),
              Crc32c(block),      filemarks_,     checkpoint_.epoch};
  VTAPE_RETURN_IF_ERROR(index_.Append(entry));
  payload_bytes_ += block.size();
  trailing_filemarks_ = 0;
  attributes_.written_bytes += block.size();
  position_ = objects();
  if (payload_bytes_ - checkpoint_.payload_bytes >= options_.sync_every_bytes) {
    return MakeDurable();
  }
  return Status();
}

Status Cartridge::WriteFilemarks(uint32_t count, bool immediate) {
  VTAPE_RETURN_IF_ERROR(CanWrite());
  if (count > 0) {
    VTAPE_RETURN_IF_ERROR(CheckOverwrite());
    VTAPE_RETURN_IF_ERROR(TruncateHere());
    uint64_t limit = attributes_.capacity_bytes + kFilemarkReserve;
    if (used_bytes() > limit || count > (limit - used_bytes()) / kFilemarkCost) {
      return Status(Code::kEndOfMedium, dir_ + ": the cartridge is full");
    }
  }
  for (uint32_t i = 0; i < count; ++i) {
    VTAPE_RETURN_IF_ERROR(index_.Append(
        {ObjectKind::kFilemark, payload_bytes_, 0, 0, filemarks_, checkpoint_.epoch}));
    ++filemarks_;
    ++trailing_filemarks_;
    position_ = objects();
  }
  return immediate ? Status() : MakeDurable();
}

Status Cartridge::Erase() {
  VTAPE_RETURN_IF_ERROR(CanWrite());
  VTAPE_RETURN_IF_ERROR(CheckOverwrite());
  VTAPE_RETURN_IF_ERROR(TruncateHere());
  return MakeDurable();
}

Status Cartridge::Sync() {
  if (checkpoint_.objects == objects()) return broken_;
  VTAPE_RETURN_IF_ERROR(CanWrite());
  return MakeDurable();
}

Status Cartridge::BreakOn(Status status) {
  if (!status.ok()) {
    broken_ = Status(Code::kIo, dir_ + ": load the cartridge again after: " + status.message());
  }
  return status;
}

Status Cartridge::WriteCheckpoint(Checkpoint durable) {
  durable.sequence = checkpoint_.sequence + 1;
  Status status = index_.WriteCheckpoint(durable);
  if (status.ok()) status = index_.Sync();
  if (!status.ok()) {
    // It may stand in the page cache, never reach the disk, and be believed by the next load.
    index_.WithdrawCheckpoint(durable);
    return BreakOn(status);
  }
  confirmed_ = durable.epoch != checkpoint_.epoch || durable.objects == checkpoint_.objects;
  checkpoint_ = durable;
  return Status();
}

Status Cartridge::MakeDurable() {
  VTAPE_RETURN_IF_ERROR(broken_);
  if (checkpoint_.objects == objects()) return Status();
  VTAPE_RETURN_IF_ERROR(behind_.Drain());
  VTAPE_RETURN_IF_ERROR(index_.Flush());
  VTAPE_RETURN_IF_ERROR(BreakOn(payload_->Sync()));
  return WriteCheckpoint({0, checkpoint_.epoch, objects(), filemarks_, payload_bytes_});
}

Status Cartridge::TruncateHere() {
  if (position_ == objects()) return Status();
  // The checkpoint below counts all before the position as durable.
  if (position_ > checkpoint_.objects) VTAPE_RETURN_IF_ERROR(MakeDurable());
  VTAPE_ASSIGN_OR_RETURN(Entry first, index_.Get(position_));
  uint64_t trailing = 0;
  while (trailing < position_) {
    VTAPE_ASSIGN_OR_RETURN(Entry entry, index_.Get(position_ - trailing - 1));
    if (entry.kind != ObjectKind::kFilemark) break;
    ++trailing;
  }
  // From the new epoch on no entry that stands behind this place counts, whatever becomes of it.
  VTAPE_RETURN_IF_ERROR(WriteCheckpoint(
      {0, checkpoint_.epoch + 1, position_, first.filemarks_before, first.payload_offset}));
  behind_.ForgetFrom(first.payload_offset);
  ahead_.Forget();
  filemarks_ = first.filemarks_before;
  payload_bytes_ = first.payload_offset;
  trailing_filemarks_ = trailing;
  VTAPE_RETURN_IF_ERROR(BreakOn(index_.Truncate(position_)));
  return BreakOn(payload_->Truncate(payload_bytes_));
}

Result<uint64_t> Cartridge::FilemarksBefore(uint64_t object) {
  if (object >= objects()) return filemarks_;
  VTAPE_ASSIGN_OR_RETURN(Entry entry, index_.Get(object));
  return entry.filemarks_before;
}

Result<uint64_t> Cartridge::FilemarkObject(uint64_t filemark) {
  uint64_t low = filemark;  // so many filemarks stand before it
  uint64_t high = objects();
  // The last object with at most `filemark` filemarks before it.
  while (high - low > 1) {
    uint64_t middle = low + (high - low) / 2;
    VTAPE_ASSIGN_OR_RETURN(Entry entry, index_.Get(middle));
    (entry.filemarks_before <= filemark ? low : high) = middle;
  }
  VTAPE_ASSIGN_OR_RETURN(Entry entry, index_.Get(low));
  if (entry.kind == ObjectKind::kFilemark && entry.filemarks_before == filemark) return low;
  return Status(Code::kDamaged, dir_ + ": filemark " + std::to_string(filemark) + " is not found");
}

Result<Cartridge::SpaceOutcome> Cartridge::SpaceBlocks(int64_t count) {
  VTAPE_ASSIGN_OR_RETURN(uint64_t here, FilemarksBefore(position_));
  bool forward = count >= 0;
  uint64_t wanted = forward ? static_cast<uint64_t>(count) : uint64_t{0} - count;
  uint64_t possible = std::min(wanted, forward ? objects() - position_ : position_);
  uint64_t target = forward ? position_ + possible : position_ - possible;
  VTAPE_ASSIGN_OR_RETURN(uint64_t there, FilemarksBefore(target));
  if (there != here) {
    VTAPE_ASSIGN_OR_RETURN(uint64_t mark, FilemarkObject(forward ? here : here - 1));
    SpaceOutcome outcome{forward ? mark - position_ : position_ - mark - 1, Stop::kFilemark};
    position_ = forward ? mark + 1 : mark;
    return outcome;
  }
  position_ = target;
  if (possible == wanted) return SpaceOutcome{possible, Stop::kDone};
  return SpaceOutcome{possible, forward ? Stop::kEndOfData : Stop::kBeginning};
}

Result<Cartridge::SpaceOutcome> Cartridge::SpaceFilemarks(int64_t count) {
  VTAPE_ASSIGN_OR_RETURN(uint64_t here, FilemarksBefore(position_));
  bool forward = count >= 0;
  uint64_t wanted = forward ? static_cast<uint64_t>(count) : uint64_t{0} - count;
  uint64_t possible = forward ? filemarks_ - here : here;
  if (wanted == 0) return SpaceOutcome{};
  if (wanted > possible) {
    position_ = forward ? objects() : 0;
    return SpaceOutcome{possible, forward ? Stop::kEndOfData : Stop::kBeginning};
  }
  VTAPE_ASSIGN_OR_RETURN(uint64_t mark,
                         FilemarkObject(forward ? here + wanted - 1 : here - wanted));
  position_ = forward ? mark + 1 : mark;
  return SpaceOutcome{wanted, Stop::kDone};
}

bool Cartridge::Locate(uint64_t object) {
  position_ = std::min(object, objects());
  return position_ == object;
}

Result<bool> Cartridge::LocateFile(uint64_t number) {
  if (number == 0) {
    position_ = 0;
    return true;
  }
  if (number > filemarks_) {
    position_ = objects();
    return false;
  }
  VTAPE_ASSIGN_OR_RETURN(uint64_t mark, FilemarkObject(number - 1));
  position_ = mark + 1;
  return true;
}

Status Cartridge::SaveAttributes() {
  return WriteAtomically(storage_, dir_ + "/attributes", EncodeAttributes(attributes_));
}

Status Cartridge::SetMam(uint16_t id, MamAttribute attribute) {
  Attributes before = attributes_;
  if (attribute.value.empty()) {
    attributes_.mam.erase(id);
  } else {
    attributes_.mam[id] = std::move(attribute);
  }
  Status status = MamBytes(attributes_) <= kMaxMamBytes
                      ? SaveAttributes()
                      : Status(Code::kNoSpace, dir_ + ": the medium's memory is full");
  if (!status.ok()) attributes_ = std::move(before);
  return status;
}

Status Cartridge::SetWriteProtected(bool on) {
  bool before = std::exchange(attributes_.write_protected, on);
  Status status = SaveAttributes();
  if (!status.ok()) attributes_.write_protected = before;
  return status;
}

Status Cartridge::Unload() {
  Status status = damage_.ok() ? MakeDurable() : Status();
  if (status.ok() && damage_.ok() && !confirmed_) status = WriteCheckpoint(checkpoint_);
  Status saved = SaveAttributes();
  lock_.reset();
  return status.ok() ? saved : status;
}

}  // namespace oca::vtape
