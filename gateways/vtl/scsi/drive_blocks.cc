// Blocks and filemarks of a tape: READ, WRITE, VERIFY, WRITE FILEMARKS, ERASE, FORMAT MEDIUM.
#include "gateways/vtl/scsi/drive.h"

namespace oca::scsi {
namespace {

constexpr uint8_t kRead6 = 0x08;
constexpr uint8_t kWrite6 = 0x0a;
constexpr uint8_t kFixed = 0x01;
constexpr uint8_t kSuppressIncorrectLength = 0x02;
constexpr uint8_t kImmediate = 0x01;

// The initiator's buffer is smaller than what the CDB says.
Outcome BufferTooSmall() { return Check(Key::kIllegalRequest, Asc::kInvalidFieldInCommandUnit); }

}  // namespace

bool Drive::IsQuick(const Command& command) {
  // Fixed blocks come many at once.
  if (tape_ == nullptr || command.cdb.Has(1, kFixed)) return false;
  if (command.cdb[0] == kRead6) return tape_->ReadIsQuick();
  return command.cdb[0] == kWrite6 && buffered_ && tape_->WriteIsQuick(command.cdb.Get(2, 3));
}

Outcome Drive::Read(Command& command) {
  return Transfer(command.cdb.Has(1, kFixed), command.cdb.Has(1, kSuppressIncorrectLength),
                  command.cdb.Get(2, 3), &command.in, &command.in_bytes);
}

Outcome Drive::Verify(Command& command) {
  size_t unused = 0;
  return Transfer(command.cdb.Has(1, kFixed), false, command.cdb.Get(2, 3), nullptr, &unused);
}

Outcome Drive::Transfer(bool fixed, bool short_is_well, uint64_t count, std::span<char>* in,
                        size_t* in_bytes) {
  if (Outcome ready = Ready(); !ready.good()) return ready;
  if (fixed && (short_is_well || block_bytes_ == 0)) return InvalidCdb(1);
  uint64_t block_bytes = fixed ? block_bytes_ : count;
  uint64_t blocks = fixed ? count : 1;
  if (in != nullptr && in->size() < block_bytes * blocks) return BufferTooSmall();
  for (uint64_t done = 0; count > 0 && done < blocks; ++done) {
    auto residue = static_cast<int64_t>(fixed ? blocks - done : count);
    auto read =
        tape_->Read(in == nullptr ? std::span<char>() : in->subspan(*in_bytes, block_bytes));
    if (!read.ok()) return ReadFailed(read.status(), residue);
    if (read->kind == vtape::Cartridge::ReadOutcome::kFilemark) {
      return Check(Sense{.key = Key::kNoSense,
                         .asc = Asc::kFilemarkDetected,
                         .filemark = true,
                         .information = residue});
    }
    if (read->kind == vtape::Cartridge::ReadOutcome::kEndOfData) {
      return Check(Sense{.key = Key::kBlankCheck,
                         .asc = Asc::kEndOfDataDetected,
                         .end_of_medium = tape_->in_early_warning(),
                         .information = residue});
    }
    mount_.read_bytes += read->block_bytes;
    log_.read_bytes += read->block_bytes;
    bool longer = read->block_bytes > block_bytes;
    if (!fixed) *in_bytes += read->copied;
    if (read->block_bytes == block_bytes) {
      if (fixed && in != nullptr) *in_bytes += block_bytes;
      continue;
    }
    // A longer block is worth a word even so while fixed blocks are set.
    if (short_is_well && (!longer || block_bytes_ == 0)) return Good();
    if (!fixed) residue = static_cast<int64_t>(count) - static_cast<int64_t>(read->block_bytes);
    return Check(Sense{.key = Key::kNoSense, .incorrect_length = true, .information = residue});
  }
  return Good();
}

Outcome Drive::Write(Command& command) {
  bool fixed = command.cdb.Has(1, kFixed);
  uint64_t count = command.cdb.Get(2, 3);
  if (Outcome ready = Ready(); !ready.good()) return ready;
  if (fixed && block_bytes_ == 0) return InvalidCdb(1);
  if (!fixed && count > vtape::kMaxBlockBytes) return InvalidCdb(2);
  if (Outcome writable = CheckWritable(); !writable.good()) return writable;
  uint64_t block_bytes = fixed ? block_bytes_ : count;
  uint64_t blocks = fixed ? count : 1;
  if (count == 0) return Good();
  if (command.out.size() < block_bytes * blocks) return BufferTooSmall();
  for (uint64_t done = 0; done < blocks; ++done) {
    vtape::Status status = tape_->Write(command.out.substr(done * block_bytes, block_bytes));
    if (!status.ok()) {
      return WriteFailed(status, static_cast<int64_t>(fixed ? blocks - done : count));
    }
    unsettled_ = true;
    mount_.written_bytes += block_bytes;
    log_.written_bytes += block_bytes;
  }
  if (!buffered_) {
    if (Outcome settled = Settle(); !settled.good()) return settled;
  }
  return tape_->in_early_warning() ? EarlyWarning() : Good();
}

Outcome Drive::WriteFilemarks(Command& command) {
  bool immediate = command.cdb.Has(1, kImmediate);
  auto count = static_cast<uint32_t>(command.cdb.Get(2, 3));
  if (Outcome ready = Ready(); !ready.good()) return ready;
  // None of them only makes durable what was written, which a write-protected tape has not.
  if (count == 0) return immediate ? Good() : Settle();
  if (Outcome writable = CheckWritable(); !writable.good()) return writable;
  vtape::Status status = tape_->WriteFilemarks(count, immediate);
  if (!status.ok()) return WriteFailed(status, count);
  unsettled_ = immediate;
  return tape_->in_early_warning() ? EarlyWarning() : Good();
}

Outcome Drive::Erase(Command&) {
  if (Outcome ready = Ready(); !ready.good()) return ready;
  if (Outcome writable = CheckWritable(); !writable.good()) return writable;
  vtape::Status status = tape_->Erase();
  unsettled_ = false;
  return status.ok() ? Good() : WriteFailed(status, 0);
}

Outcome Drive::FormatMedium(Command& command) {
  if (Outcome ready = Ready(); !ready.good()) return ready;
  if (tape_->position() != 0) return Check(Key::kIllegalRequest, Asc::kPastBeginningOfMedium);
  return Erase(command);
}

}  // namespace oca::scsi
