// The mover's way from the network to the tape.
#include "gateways/ndmp/session/mover.h"

namespace oca::ndmp {

bool Mover::RecordIsDue() const { return ended_ || buffer_.size() == record_size_; }

// Takes what has come, up to one record. False: the connection failed.
bool Mover::FillRecord() {
  while (!ended_ && buffer_.size() < record_size_) {
    const size_t had = buffer_.size();
    buffer_.Resize(record_size_);
    size_t moved = 0;
    Flow flow = Receive(stream_, buffer_.data() + had, record_size_ - had, &moved);
    buffer_.Resize(had + moved);
    if (flow == Flow::kWouldBlock) return true;
    if (flow == Flow::kFailed) return false;
    ended_ = flow == Flow::kEnded;
  }
  return true;
}

void Mover::StepBackup() {
  // A window without room asks for a pause before anything is moved.
  if (window_.length == 0) return Pause(PauseReason::kEow, bytes_moved_);
  if (!FillRecord()) return HaltByConnection();
  if (ended_ && buffer_.empty()) return Halt(MoverHalt::kConnectClosed);
  if (RecordIsDue()) WriteRecord();
}

void Mover::WriteRecord() {
  const uint64_t end = window_.end();
  const uint64_t begin = next_record_ * record_size_;
  if (end != kUnlimited && (begin > end || end - begin < record_size_)) {
    return Pause(PauseReason::kEow, bytes_moved_);
  }
  const size_t payload = buffer_.size();
  buffer_.FillUp(record_size_);
  Error error = slot_.tape->Write(buffer_);
  if (error == Error::kNone) {
    buffer_.Clear();
    bytes_moved_ += payload;
    ++next_record_;
    return;
  }
  // Not on the tape: the record is held for the next one.
  buffer_.Resize(payload);
  if (error == Error::kEom) return Pause(PauseReason::kEom, bytes_moved_);
  HaltByMedium();
}

}  // namespace oca::ndmp
