// MOVER: copies a stream between a data connection and the session's tape. The states and what
// leads from one to the next: docs/protocols/ndmp.md.
//
// It does its work in steps that never wait for the network and for one record of the tape at most,
// so that the session answers requests in between.
#ifndef OCA_GATEWAYS_NDMP_SESSION_MOVER_H_
#define OCA_GATEWAYS_NDMP_SESSION_MOVER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "gateways/ndmp/session/data_connection.h"
#include "gateways/ndmp/session/device_slot.h"
#include "gateways/ndmp/session/outbox.h"
#include "gateways/ndmp/session/socket.h"
#include "gateways/ndmp/wire/messages_tape.h"

namespace oca::ndmp {

// Not thread-safe.
class Mover final : public LocalPeer {
 public:
  // Borrows outbox and slot. `on_failure` is told why, when it halts by an error.
  Mover(Outbox& outbox, DeviceSlot& slot, const DataAddress& address,
        std::function<void(const std::string& reason)> on_failure)
      : outbox_(outbox), slot_(slot), address_(address), on_failure_(std::move(on_failure)) {}

  // Borrows the session's data service, for LOCAL addresses. None: there are no such.
  void set_local_peer(LocalPeer* peer) { local_peer_ = peer; }
  bool ListensLocally() const override;
  void TakeLocal(Socket stream) override;

  Error Listen(const MoverListenRequest& request, ListenReply& reply);
  Error Connect(const MoverConnectRequest& request);
  Error Continue();
  Error Abort();
  Error Stop();
  Error SetWindow(const StreamRange& window);
  Error Read(const StreamRange& range);
  Error Close();
  Error SetRecordSize(uint32_t bytes);
  void GetState(MoverGetStateReply& reply) const;

  MoverState state() const { return state_; }
  // Bytes that it has moved since the session began.
  uint64_t bytes_ever() const { return past_bytes_ + bytes_moved_; }

  // Whether the tape is the mover's alone.
  bool HasTape() const { return state_ == MoverState::kListen || state_ == MoverState::kActive; }
  // Takes in a peer that waits. To be done before each request: who heard that the peer is
  // connected may ask for its data at once.
  void AcceptWaiting();
  Wish NextWish() const;
  // After what NextWish asked for has come, or at any time.
  void Step();

 private:
  struct Window {
    uint64_t offset = 0;
    uint64_t length = kUnlimited;
    // Where in the stream it ends; kUnlimited: nowhere.
    uint64_t end() const { return length >= kUnlimited - offset ? kUnlimited : offset + length; }
  };

  Error CheckStart(MoverMode mode) const;
  void Pause(PauseReason reason, uint64_t seek_position);
  void Halt(MoverHalt reason);
  void Fail(MoverHalt reason, const std::string& why);
  void HaltByMedium();
  void HaltByConnection();
  void ForgetStream();

  // Backup: network to tape.
  void StepBackup();
  bool FillRecord();
  void WriteRecord();
  bool RecordIsDue() const;
  // Restore: tape to network.
  void StepRestore();
  void NoticeGonePeer();
  // The record with stream offset `wanted_` into buffer_; false: it paused or halted instead.
  bool LoadRecord();
  bool SeekRecord(uint64_t record);
  bool ReadRecord();
  void ReadAhead();
  bool Buffered(uint64_t offset) const;
  void SendSome();

  Outbox& outbox_;
  DeviceSlot& slot_;
  const DataAddress address_;
  const std::function<void(const std::string& reason)> on_failure_;
  LocalPeer* local_peer_ = nullptr;

  MoverState state_ = MoverState::kIdle;
  MoverMode mode_ = MoverMode::kRead;
  PauseReason pause_reason_ = PauseReason::kNone;
  MoverHalt halt_reason_ = MoverHalt::kNone;
  Addr addr_;
  Socket listener_;
  Socket stream_;
  uint32_t record_size_ = 10240;  // what clients of old versions count on
  Window window_;
  uint64_t next_record_ = 0;  // number in the stream of the record under the head
  uint64_t bytes_moved_ = 0;
  uint64_t past_bytes_ = 0;  // of transfers before this one
  uint64_t seek_position_ = 0;

  Block buffer_;                               // one record, or the part of it that is there
  bool ended_ = false;                         // backup: the peer has sent everything
  Block block_;                                // restore: one of a record's after the first
  uint64_t buffer_offset_ = 0;                 // restore: where in the stream the buffer begins
  PauseReason tape_end_ = PauseReason::kNone;  // restore: what came after the buffered bytes
  uint64_t wanted_ = 0;                        // restore: the next byte to send
  uint64_t left_ = 0;  // restore: how many; kUnlimited: until something stops it
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_SESSION_MOVER_H_
