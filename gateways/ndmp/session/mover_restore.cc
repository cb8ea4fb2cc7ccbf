// The mover's way from the tape to the network.
#include <algorithm>

#include "gateways/ndmp/session/mover.h"

namespace oca::ndmp {

bool Mover::Buffered(uint64_t offset) const {
  return offset >= buffer_offset_ && offset - buffer_offset_ < buffer_.size();
}

void Mover::StepRestore() {
  if (left_ == 0) return NoticeGonePeer();
  if (wanted_ < window_.offset || wanted_ >= window_.end()) {
    return Pause(PauseReason::kSeek, wanted_);
  }
  if (!Buffered(wanted_) && !LoadRecord()) return;
  SendSome();
}

// With nothing to send, the end of the connection is the only thing that can come.
void Mover::NoticeGonePeer() {
  char byte = 0;
  size_t moved = 0;
  Flow flow = Receive(stream_, &byte, 1, &moved);
  if (flow == Flow::kEnded) Halt(MoverHalt::kConnectClosed);
  if (flow == Flow::kFailed) HaltByConnection();
}

// Brings the head before the record.
bool Mover::SeekRecord(uint64_t record) {
  if (record == next_record_) return true;
  const bool forward = record > next_record_;
  const uint64_t distance = forward ? record - next_record_ : next_record_ - record;
  uint32_t resid = 0;
  auto count = static_cast<uint32_t>(std::min<uint64_t>(distance, kUnknown));
  Error error =
      slot_.tape->Mtio(forward ? MtioOp::kForwardRecords : MtioOp::kBackRecords, count, &resid);
  if (error != Error::kNone || count != distance) {
    HaltByMedium();
    return false;
  }
  next_record_ = forward ? record - resid : record + resid;
  if (resid == 0) return true;
  // The tape holds less of the stream than the window says.
  Pause(PauseReason::kEof, wanted_);
  return false;
}

bool Mover::LoadRecord() {
  const uint64_t record = wanted_ / record_size_;
  if (!buffer_.empty() && tape_end_ != PauseReason::kNone &&
      record == buffer_offset_ / record_size_) {
    Pause(tape_end_, wanted_);
    return false;
  }
  if (!SeekRecord(record)) return false;
  buffer_offset_ = record * record_size_;
  if (!ReadRecord()) return false;
  if (!buffer_.empty()) ++next_record_;
  if (!Buffered(wanted_)) {
    Pause(tape_end_, wanted_);
    return false;
  }
  ReadAhead();
  return true;
}

// What is there of the record that is under the head; false: it halted.
bool Mover::ReadRecord() {
  buffer_.Clear();
  tape_end_ = PauseReason::kNone;
  // Blocks may be shorter than records; a record is what so many of them hold.
  while (buffer_.size() < record_size_) {
    bool cut = false;
    const auto missing = static_cast<uint32_t>(record_size_ - buffer_.size());
    const bool first = buffer_.empty();
    Error error = slot_.tape->Read(missing, first ? &buffer_ : &block_, &cut);
    if (error == Error::kNone && !cut) {
      if (!first) buffer_.Append(block_);
      continue;
    }
    if (error == Error::kEof || error == Error::kEom) {
      tape_end_ = error == Error::kEof ? PauseReason::kEof : PauseReason::kEom;
      return true;
    }
    HaltByMedium();
    return false;
  }
  return true;
}

// The next record is asked for while this one is sent, when it is sure to be wanted.
void Mover::ReadAhead() {
  const uint64_t next = buffer_offset_ + buffer_.size();
  const uint64_t end = left_ == kUnlimited ? kUnlimited : wanted_ + left_;
  if (tape_end_ != PauseReason::kNone || next >= std::min(end, window_.end())) return;
  slot_.tape->ReadAhead(record_size_);
}

void Mover::SendSome() {
  const uint64_t from = wanted_ - buffer_offset_;
  uint64_t bytes = std::min<uint64_t>(buffer_.size() - from, left_);
  bytes = std::min(bytes, window_.end() - wanted_);
  size_t moved = 0;
  Flow flow = Send(stream_, std::string_view(buffer_).substr(from, bytes), &moved);
  if (flow == Flow::kEnded) return Halt(MoverHalt::kConnectClosed);
  if (flow == Flow::kFailed) return HaltByConnection();
  wanted_ += moved;
  bytes_moved_ += moved;
  if (left_ != kUnlimited) left_ -= moved;
}

}  // namespace oca::ndmp
