// A tape drive as NDMP's TAPE interface and movers use it: one request, one block; where the tape
// stands; how errors of SCSI are told in NDMP's.
#ifndef OCA_GATEWAYS_NDMP_DEVICE_TAPE_H_
#define OCA_GATEWAYS_NDMP_DEVICE_TAPE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gateways/ndmp/device/block.h"
#include "gateways/ndmp/device/read_ahead_drive.h"
#include "gateways/ndmp/device/scsi_unit.h"
#include "gateways/ndmp/wire/enums.h"

namespace oca::ndmp {

// The largest block that drives take.
inline constexpr uint32_t kMaxBlockBytes = 8u << 20;

struct TapeState {
  uint32_t flags = 0;
  uint32_t file_num = kUnknown;
  uint32_t blockno = kUnknown;
};

// Not thread-safe.
class Tape {
 public:
  // `stays_before_marks`: what stops at a filemark stays on the side that it came from, and end of
  // data is EOM (v4); otherwise it goes past the mark, and end of data is EOF (v2, v3).
  Tape(std::unique_ptr<ScsiUnit> unit, bool stays_before_marks)
      : drive_(std::move(unit)), stays_before_marks_(stays_before_marks) {}

  // What TAPE_OPEN does. Reserves the drive until Close: kDeviceBusy when another host has it.
  // kNoTapeLoaded (not for kRaw), kWriteProtect (kReadWrite), kIllegalArgs.
  Error Open(TapeMode mode);
  // Writes the mark that is owed, and gives the drive back.
  Error Close();

  // One block. kPermission when opened to read; kEom once, without writing, after the block that
  // crossed early warning; from then on again blocks, until kIo.
  Error Write(std::string_view block);
  // One block of at most `bytes` bytes; more is thrown away, and `*cut` says so. kEof at a mark,
  // kEom or kEof at end of data.
  Error Read(uint32_t bytes, Block* block, bool* cut);
  // The next thing will most likely be a Read of so many bytes: the drive begins with it. Nothing
  // else is changed by that, whatever comes next.
  void ReadAhead(uint32_t bytes);
  // *resid: what of `count` was not done.
  Error Mtio(MtioOp op, uint32_t count, uint32_t* resid);
  TapeState state();

  // A command as it is. kIllegalArgs, kTimeout, kIo.
  Error ExecuteRaw(const ScsiCommand& command, ScsiAnswer* answer);

 private:
  struct Outcome {
    Error error = Error::kNone;
    Sense sense;  // of a CHECK CONDITION
  };
  Outcome Do(const ScsiCommand& command, ScsiAnswer* answer = nullptr);
  Outcome Judge(const absl::StatusOr<ScsiAnswer>& answer);
  Error Prepare();
  // What Prepare does, when the cartridge may be another one than before.
  Error LookAgain();
  void ForgetCartridge();
  Error CheckReady();
  Error CheckWriteProtection();
  Error WriteMarks(uint32_t count);
  // Writes the mark that NDMP wants behind what was written.
  Error SettleWrites();
  Error StopAtMark();
  Error Space(int what, int64_t count, uint32_t* resid);
  Error SpaceFiles(int64_t count, uint32_t* resid);
  Error SpaceRecords(int64_t count, uint32_t* resid);
  Error Rewind();
  Error Unload();
  void AskPosition();

  ReadAheadDrive drive_;
  const bool stays_before_marks_;
  TapeMode mode_ = TapeMode::kRead;
  bool write_protected_ = false;
  bool unloaded_ = false;
  bool stale_ = false;  // what is known is not of this cartridge
  // Behind the head is a write without a mark. Whatever else moves the tape ends that: a mark
  // written elsewhere would be the end of what stands there.
  bool mark_owed_ = false;
  bool early_warning_ = false;  // seen
  bool eom_told_ = false;
  uint32_t file_num_ = kUnknown;
  uint32_t blockno_ = kUnknown;
};

// NDMP's words for how a command ended; the one table of SCSI's errors.
Error ErrorOf(const ScsiAnswer& answer);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DEVICE_TAPE_H_
