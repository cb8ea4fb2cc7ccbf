#include "gateways/ndmp/session/mover.h"

#include <poll.h>

#include <utility>

#include "lib/log/log.h"

namespace oca::ndmp {
Error Mover::CheckStart(MoverMode mode) const {
  if (mode != MoverMode::kRead && mode != MoverMode::kWrite) return Error::kIllegalArgs;
  if (slot_.tape == nullptr) return Error::kDeviceNotOpen;
  if (mode == MoverMode::kRead && slot_.tape_mode == TapeMode::kRead) return Error::kPermission;
  return Error::kNone;
}

Error Mover::Listen(const MoverListenRequest& request, ListenReply& reply) {
  if (state_ != MoverState::kIdle) return Error::kIllegalState;
  if (!IsReachable(request.addr_type)) return Error::kIllegalArgs;
  if (Error error = CheckStart(request.mode); error != Error::kNone) return error;
  if (Error error = ListenOn(request.addr_type, address_, &listener_, &addr_);
      error != Error::kNone) {
    return error;
  }
  mode_ = request.mode;
  reply.addr = addr_;
  state_ = MoverState::kListen;
  return Error::kNone;
}

Error Mover::Connect(const MoverConnectRequest& request) {
  if (state_ != MoverState::kIdle) return Error::kIllegalState;
  if (!IsReachable(request.addr.type)) return Error::kIllegalArgs;
  if (Error error = CheckStart(request.mode); error != Error::kNone) return error;
  if (Error error = ConnectTo(request.addr, local_peer_, &stream_, &addr_); error != Error::kNone) {
    return error;
  }
  mode_ = request.mode;
  state_ = MoverState::kActive;
  return Error::kNone;
}

bool Mover::ListensLocally() const {
  return state_ == MoverState::kListen && addr_.type == AddrType::kLocal;
}

void Mover::TakeLocal(Socket stream) {
  stream_ = std::move(stream);
  state_ = MoverState::kActive;
}

Error Mover::Continue() {
  if (state_ != MoverState::kPaused) return Error::kIllegalState;
  if (slot_.tape == nullptr) return Error::kDeviceNotOpen;
  if (mode_ == MoverMode::kRead && slot_.tape_mode == TapeMode::kRead) return Error::kPermission;
  state_ = MoverState::kActive;
  pause_reason_ = PauseReason::kNone;
  seek_position_ = 0;
  return Error::kNone;
}

Error Mover::Abort() {
  if (state_ == MoverState::kIdle || state_ == MoverState::kHalted) return Error::kIllegalState;
  Halt(MoverHalt::kAborted);
  return Error::kNone;
}

Error Mover::Close() {
  if (state_ != MoverState::kPaused) return Error::kIllegalState;
  Halt(MoverHalt::kConnectClosed);
  return Error::kNone;
}

Error Mover::Stop() {
  if (state_ != MoverState::kHalted) return Error::kIllegalState;
  state_ = MoverState::kIdle;
  halt_reason_ = MoverHalt::kNone;
  mode_ = MoverMode::kRead;
  addr_ = {};
  window_ = {};
  next_record_ = 0;
  past_bytes_ += std::exchange(bytes_moved_, 0);
  ForgetStream();
  return Error::kNone;
}

void Mover::ForgetStream() {
  buffer_.Clear();
  ended_ = false;
  buffer_offset_ = 0;
  tape_end_ = PauseReason::kNone;
  wanted_ = 0;
  left_ = 0;
  seek_position_ = 0;
}

Error Mover::SetWindow(const StreamRange& window) {
  const bool early = state_ == MoverState::kListen && outbox_.version() <= 3;
  if (state_ != MoverState::kIdle && state_ != MoverState::kPaused && !early) {
    return Error::kIllegalState;
  }
  if (window.length != kUnlimited && window.length > kUnlimited - window.offset) {
    return Error::kIllegalArgs;
  }
  if (window.offset % record_size_ != 0) return Error::kIllegalArgs;
  window_ = {window.offset, window.length};
  next_record_ = window.offset / record_size_;
  if (mode_ == MoverMode::kWrite) {
    // Another tape, or another place: what was read ahead is not what stands there.
    buffer_.Clear();
    tape_end_ = PauseReason::kNone;
  }
  return Error::kNone;
}

Error Mover::SetRecordSize(uint32_t bytes) {
  if (state_ != MoverState::kIdle && state_ != MoverState::kPaused) return Error::kIllegalState;
  if (bytes == 0 || bytes > kMaxBlockBytes) return Error::kIllegalArgs;
  // A record that is held for the next tape keeps its size.
  if (state_ == MoverState::kPaused && !buffer_.empty()) return Error::kIllegalState;
  record_size_ = bytes;
  return Error::kNone;
}

Error Mover::Read(const StreamRange& range) {
  if (state_ != MoverState::kActive || mode_ != MoverMode::kWrite) return Error::kIllegalState;
  if (left_ > 0) return Error::kReadInProgress;
  if (range.length == 0) return Error::kIllegalArgs;
  if (range.length != kUnlimited && range.length > kUnlimited - range.offset) {
    return Error::kIllegalArgs;
  }
  wanted_ = range.offset;
  left_ = range.length;
  return Error::kNone;
}

void Mover::GetState(MoverGetStateReply& reply) const {
  reply.mode = state_ == MoverState::kIdle ? MoverMode::kNoAction : mode_;
  reply.state = state_;
  reply.pause_reason = pause_reason_;
  reply.halt_reason = halt_reason_;
  reply.record_size = record_size_;
  reply.record_num = static_cast<uint32_t>(next_record_);
  reply.bytes_moved = bytes_moved_;
  reply.seek_position = seek_position_;
  reply.bytes_left_to_read = left_;
  reply.window_offset = window_.offset;
  reply.window_length = window_.length;
  reply.addr = addr_;
}

void Mover::Pause(PauseReason reason, uint64_t seek_position) {
  state_ = MoverState::kPaused;
  pause_reason_ = reason;
  seek_position_ = seek_position;
  log::Info("ndmp_mover_paused", "reason", static_cast<uint32_t>(reason), "at", seek_position,
            "moved", bytes_moved_);
  outbox_.Post(Code::kNotifyMoverPaused, NotifyMoverPaused{reason, seek_position});
}

void Mover::Halt(MoverHalt reason) {
  state_ = MoverState::kHalted;
  pause_reason_ = PauseReason::kNone;
  halt_reason_ = reason;
  listener_.Close();
  stream_.Close();
  ForgetStream();
  log::Info("ndmp_mover_halted", "reason", static_cast<uint32_t>(reason), "moved", bytes_moved_);
  outbox_.Post(Code::kNotifyMoverHalted, NotifyMoverHalted{reason, ""});
}

void Mover::Fail(MoverHalt reason, const std::string& why) {
  on_failure_(why);
  Halt(reason);
}

void Mover::HaltByMedium() {
  log::Error("ndmp_tape_failed", "moved", bytes_moved_);
  Fail(outbox_.version() >= 4 ? MoverHalt::kMediaError : MoverHalt::kInternalError,
       "the tape failed");
}

void Mover::HaltByConnection() { Fail(MoverHalt::kConnectError, "the data connection failed"); }

void Mover::AcceptWaiting() {
  if (state_ != MoverState::kListen || !listener_.is_open()) return;
  Endpoint peer;
  stream_ = Accept(listener_, &peer);
  if (!stream_.is_open()) return;
  listener_.Close();
  state_ = MoverState::kActive;
  log::Info("ndmp_data_connected", "peer", ToText(peer));
}

Wish Mover::NextWish() const {
  if (state_ == MoverState::kListen) return {listener_.fd(), POLLIN, false};
  if (state_ != MoverState::kActive) return {};
  if (mode_ == MoverMode::kRead) {
    if (RecordIsDue() || window_.length == 0) return {-1, 0, true};
    return {stream_.fd(), POLLIN, false};
  }
  if (left_ == 0) return {stream_.fd(), POLLRDHUP, false};
  if (Buffered(wanted_)) return {stream_.fd(), POLLOUT, false};
  return {-1, 0, true};
}

void Mover::Step() {
  AcceptWaiting();
  if (state_ != MoverState::kActive) return;
  if (mode_ == MoverMode::kRead) {
    StepBackup();
  } else {
    StepRestore();
  }
}

}  // namespace oca::ndmp
