// Messages of the SCSI, TAPE and MOVER interfaces, and the mover's posts.
#ifndef OCA_GATEWAYS_NDMP_WIRE_MESSAGES_TAPE_H_
#define OCA_GATEWAYS_NDMP_WIRE_MESSAGES_TAPE_H_

#include <cstdint>
#include <string>

#include "gateways/ndmp/wire/enums.h"
#include "gateways/ndmp/wire/messages_connect.h"

namespace oca::ndmp {

struct ScsiOpenRequest {
  std::string device;
  static void Fields(auto& io, auto& m) { io(m.device); }
};
struct ScsiGetStateReply {
  Error error = Error::kNone;
  uint32_t controller = 0;  // two's complement, as the next two
  uint32_t id = 0;
  uint32_t lun = 0;
  static void Fields(auto& io, auto& m) { io(m.error, m.controller, m.id, m.lun); }
};
struct ScsiSetTargetRequest {
  std::string device;
  uint16_t controller = 0;
  uint16_t id = 0;
  uint16_t lun = 0;
  static void Fields(auto& io, auto& m) { io(m.device, m.controller, m.id, m.lun); }
};
// Of robots and of tapes.
struct ExecuteCdbRequest {
  uint32_t flags = 0;
  uint32_t timeout_ms = 0;
  uint32_t data_in_length = 0;
  std::string cdb;
  std::string data_out;
  static void Fields(auto& io, auto& m) {
    io(m.flags, m.timeout_ms, m.data_in_length, m.cdb, m.data_out);
  }
};
struct ExecuteCdbReply {
  Error error = Error::kNone;
  uint32_t status = 0;
  uint32_t data_out_length = 0;
  std::string data_in;
  std::string sense;
  static void Fields(auto& io, auto& m) {
    io(m.error, m.status, m.data_out_length, m.data_in, m.sense);
  }
};

struct TapeOpenRequest {
  std::string device;
  TapeMode mode = TapeMode::kRead;
  static void Fields(auto& io, auto& m) { io(m.device, m.mode); }
};
struct TapeGetStateReply {
  uint32_t unsupported = 0;  // not v2
  Error error = Error::kNone;
  uint32_t flags = 0;
  uint32_t file_num = kUnknown;
  uint32_t soft_errors = 0;
  uint32_t block_size = 0;
  uint32_t blockno = kUnknown;
  uint64_t total_space = 0;
  uint64_t space_remain = 0;
  uint32_t partition = 0;  // v3
  static void Fields(auto& io, auto& m) {
    if (io.version() >= 3) io(m.unsupported);
    io(m.error, m.flags, m.file_num, m.soft_errors, m.block_size, m.blockno, m.total_space,
       m.space_remain);
    if (io.version() == 3) io(m.partition);
  }
};
struct TapeMtioRequest {
  MtioOp op = MtioOp::kTestReady;
  uint32_t count = 0;
  static void Fields(auto& io, auto& m) { io(m.op, m.count); }
};
struct TapeMtioReply {
  Error error = Error::kNone;
  uint32_t resid_count = 0;
  static void Fields(auto& io, auto& m) { io(m.error, m.resid_count); }
};
struct TapeWriteRequest {
  std::string data;
  static void Fields(auto& io, auto& m) { io(m.data); }
};
struct TapeWriteReply {
  Error error = Error::kNone;
  uint32_t count = 0;
  static void Fields(auto& io, auto& m) { io(m.error, m.count); }
};
struct TapeReadRequest {
  uint32_t count = 0;
  static void Fields(auto& io, auto& m) { io(m.count); }
};
struct TapeReadReply {
  Error error = Error::kNone;
  std::string data;
  static void Fields(auto& io, auto& m) { io(m.error, m.data); }
};

struct MoverGetStateReply {
  Error error = Error::kNone;
  MoverMode mode = MoverMode::kRead;  // v4
  MoverState state = MoverState::kIdle;
  PauseReason pause_reason = PauseReason::kNone;
  MoverHalt halt_reason = MoverHalt::kNone;
  uint32_t record_size = 0;
  uint32_t record_num = 0;
  uint64_t bytes_moved = 0;
  uint64_t seek_position = 0;
  uint64_t bytes_left_to_read = 0;
  uint64_t window_offset = 0;
  uint64_t window_length = 0;
  Addr addr;  // not v2
  static void Fields(auto& io, auto& m) {
    io(m.error);
    if (io.version() >= 4) io(m.mode);
    io(m.state, m.pause_reason, m.halt_reason, m.record_size, m.record_num, m.bytes_moved,
       m.seek_position, m.bytes_left_to_read, m.window_offset, m.window_length);
    if (io.version() >= 3) io(m.addr);
  }
};
struct MoverListenRequest {
  MoverMode mode = MoverMode::kRead;
  AddrType addr_type = AddrType::kLocal;
  static void Fields(auto& io, auto& m) { io(m.mode, m.addr_type); }
};
// Of MOVER_LISTEN and DATA_LISTEN.
struct ListenReply {
  Error error = Error::kNone;
  Addr addr;
  static void Fields(auto& io, auto& m) { io(m.error, m.addr); }
};
struct MoverConnectRequest {
  MoverMode mode = MoverMode::kRead;
  Addr addr;
  static void Fields(auto& io, auto& m) { io(m.mode, m.addr); }
};
// A part of the stream, of MOVER_SET_WINDOW, MOVER_READ and the post NOTIFY_DATA_READ.
struct StreamRange {
  uint64_t offset = 0;
  uint64_t length = 0;
  static void Fields(auto& io, auto& m) { io(m.offset, m.length); }
};
struct MoverSetRecordSizeRequest {
  uint32_t length = 0;
  static void Fields(auto& io, auto& m) { io(m.length); }
};
struct NotifyMoverHalted {
  MoverHalt reason = MoverHalt::kNone;
  std::string text;  // up to v3
  static void Fields(auto& io, auto& m) {
    io(m.reason);
    if (io.version() <= 3) io(m.text);
  }
};
struct NotifyMoverPaused {
  PauseReason reason = PauseReason::kNone;
  uint64_t seek_position = 0;
  static void Fields(auto& io, auto& m) { io(m.reason, m.seek_position); }
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_WIRE_MESSAGES_TAPE_H_
