#include "gateways/ndmp/device/tape.h"

#include <algorithm>
#include <utility>

#include "gateways/ndmp/device/tape_cdb.h"

namespace oca::ndmp {
namespace {

constexpr uint32_t kMaxMarks = (1u << 24) - 1;

void Add(uint32_t* number, int64_t change) {
  if (*number != kUnknown) *number = static_cast<uint32_t>(*number + change);
}

}  // namespace

Error ErrorOf(const ScsiAnswer& answer) {
  if (answer.good()) return Error::kNone;
  if (answer.status == kScsiReservationConflict) return Error::kDeviceBusy;
  if (answer.status != kScsiCheckCondition) return Error::kIo;
  Sense sense = ParseSense(answer.sense);
  switch (sense.key) {
    case kNotReady:
      return sense.code == kBecomingReady ? Error::kDeviceBusy : Error::kNoTapeLoaded;
    case kDataProtect:
      // A full disk is not for the writer to mend by another tape.
      return sense.code == kSpaceAllocationFailed ? Error::kIo : Error::kWriteProtect;
    default:
      return Error::kIo;
  }
}

Tape::Outcome Tape::Judge(const absl::StatusOr<ScsiAnswer>& answer) {
  if (absl::IsAborted(answer.status())) ForgetCartridge();
  if (absl::IsDeadlineExceeded(answer.status())) return {Error::kTimeout, {}};
  if (!answer.ok()) return {Error::kIo, {}};
  Outcome outcome{ErrorOf(*answer), ParseSense(answer->sense)};
  // The drive was reset, or somebody changed the cartridge.
  if (outcome.sense.key == kUnitAttention) ForgetCartridge();
  return outcome;
}

Tape::Outcome Tape::Do(const ScsiCommand& command, ScsiAnswer* answer) {
  absl::StatusOr<ScsiAnswer> done = drive_.Execute(command);
  Outcome outcome = Judge(done);
  if (answer != nullptr && done.ok()) *answer = *std::move(done);
  return outcome;
}

Error Tape::ExecuteRaw(const ScsiCommand& command, ScsiAnswer* answer) {
  // Whoever sends commands of his own may have moved the tape.
  ForgetCartridge();
  absl::StatusOr<ScsiAnswer> done = drive_.Execute(command);
  if (absl::IsInvalidArgument(done.status())) return Error::kIllegalArgs;
  if (absl::IsDeadlineExceeded(done.status())) return Error::kTimeout;
  if (!done.ok()) return Error::kIo;
  *answer = *std::move(done);
  return Error::kNone;
}

Error Tape::CheckReady() {
  Outcome outcome;
  // A new session, a new cartridge: news that this host has not heard yet.
  for (int i = 0; i < kMaxAttentions; ++i) {
    outcome = Do({.cdb = Cdb6(kTestUnitReady)});
    if (outcome.sense.key != kUnitAttention) break;
  }
  return outcome.error;
}

Error Tape::CheckWriteProtection() {
  ScsiAnswer answer;
  Outcome outcome = Do({.cdb = Cdb6(kModeSense6, 12), .in_bytes = 12}, &answer);
  if (outcome.error != Error::kNone) return outcome.error;
  if (answer.in.size() < 3) return Error::kIo;
  write_protected_ = (static_cast<uint8_t>(answer.in[2]) & 0x80) != 0;
  if (answer.in.size() < 12 || BigEndian(std::string_view(answer.in).substr(9, 3)) == 0) {
    return Error::kNone;
  }
  // A host set a block length: back to variable blocks.
  std::string list(12, '\0');
  list[2] = 0x10;
  list[3] = 8;
  std::string cdb = Cdb6(kModeSelect6, 12);
  cdb[1] = 0x10;
  return Do({.cdb = cdb, .out = list}).error;
}

Error Tape::Prepare() {
  if (Error error = CheckReady(); error != Error::kNone) return error;
  if (Error error = CheckWriteProtection(); error != Error::kNone) return error;
  AskPosition();
  return Error::kNone;
}

void Tape::ForgetCartridge() {
  stale_ = true;
  mark_owed_ = false;
  early_warning_ = false;
  eom_told_ = false;
  file_num_ = kUnknown;
  blockno_ = kUnknown;
}

Error Tape::LookAgain() {
  if (!stale_ && !unloaded_) return Error::kNone;
  Error error = Prepare();
  unloaded_ = error == Error::kNoTapeLoaded;
  if (error == Error::kNone) stale_ = false;
  return error;
}

Error Tape::Open(TapeMode mode) {
  if (mode == TapeMode::kOldRaw) mode = TapeMode::kRaw;
  if (mode != TapeMode::kRead && mode != TapeMode::kReadWrite && mode != TapeMode::kRaw) {
    return Error::kIllegalArgs;
  }
  mode_ = mode;
  Error ready = CheckReady();
  if (ready != Error::kNone && ready != Error::kNoTapeLoaded) return ready;
  if (Error error = Do({.cdb = Cdb6(kReserve6)}).error; error != Error::kNone) return error;
  Error error = ready == Error::kNone ? Prepare() : ready;
  if (error == Error::kNone && write_protected_ && mode == TapeMode::kReadWrite) {
    error = Error::kWriteProtect;
  }
  if (error == Error::kNone || (mode == TapeMode::kRaw && error == Error::kNoTapeLoaded)) {
    unloaded_ = error != Error::kNone;
    stale_ = false;
    return Error::kNone;
  }
  Do({.cdb = Cdb6(kRelease6)});
  return error;
}

Error Tape::Close() {
  Error error = SettleWrites();
  Do({.cdb = Cdb6(kRelease6)});
  return error;
}

void Tape::AskPosition() {
  std::string cdb(10, '\0');
  cdb[0] = static_cast<char>(kReadPosition);
  cdb[1] = 0x06;  // long form
  ScsiAnswer answer;
  Outcome outcome = Do({.cdb = cdb, .in_bytes = 32}, &answer);
  file_num_ = kUnknown;
  blockno_ = kUnknown;
  if (outcome.error != Error::kNone || answer.in.size() < 24) return;
  std::string_view in = answer.in;
  // Not known to the drive: MPU for the file, LONU for the block.
  if ((static_cast<uint8_t>(in[0]) & 0x08) != 0) return;
  auto file = static_cast<uint32_t>(BigEndian(in.substr(16, 8)));
  file_num_ = file;
  if (file == 0) blockno_ = static_cast<uint32_t>(BigEndian(in.substr(8, 8)));
}

Error Tape::Write(std::string_view block) {
  if (mode_ == TapeMode::kRead) return Error::kPermission;
  if (block.size() > kMaxBlockBytes) return Error::kIllegalArgs;
  if (block.empty()) return Error::kNone;
  if (Error error = LookAgain(); error != Error::kNone) return error;
  if (early_warning_ && !eom_told_) {
    eom_told_ = true;
    return Error::kEom;
  }
  Outcome outcome = Do({.cdb = Cdb6(kWrite6, static_cast<uint32_t>(block.size())), .out = block});
  if (outcome.sense.key == kVolumeOverflow && !eom_told_) {
    early_warning_ = true;
    eom_told_ = true;
    return Error::kEom;
  }
  if (outcome.error != Error::kNone) {
    // End of medium without another fault: the block is on the tape.
    bool written = outcome.sense.key == kNoSense && outcome.sense.end_of_medium;
    if (!written) return outcome.error;
    early_warning_ = true;
  }
  mark_owed_ = true;
  Add(&blockno_, 1);
  return Error::kNone;
}

Error Tape::Read(uint32_t bytes, Block* block, bool* cut) {
  block->Clear();
  *cut = false;
  if (bytes > kMaxBlockBytes) return Error::kIllegalArgs;
  if (bytes == 0) return Error::kNone;
  if (Error error = LookAgain(); error != Error::kNone) return error;
  mark_owed_ = false;
  Outcome outcome = Judge(drive_.Read(bytes, block));
  const Sense& sense = outcome.sense;
  if (outcome.error == Error::kNone || (sense.key == kNoSense && sense.incorrect_length)) {
    if (sense.incorrect_length && sense.has_information) {
      *cut = sense.information < 0;
      if (sense.information > 0) {
        block->Resize(std::min<size_t>(block->size(), bytes - sense.information));
      }
    }
    Add(&blockno_, 1);
    return Error::kNone;
  }
  block->Clear();
  if (sense.filemark) return StopAtMark();
  if (sense.key == kBlankCheck) return stays_before_marks_ ? Error::kEom : Error::kEof;
  return outcome.error;
}

// After a read that has passed a mark.
Error Tape::StopAtMark() {
  if (stays_before_marks_) {
    uint32_t resid = 0;
    if (Error error = Space(kSpaceFilemarks, -1, &resid); error != Error::kNone) return error;
    blockno_ = kUnknown;
  } else {
    Add(&file_num_, 1);
    blockno_ = 0;
  }
  return Error::kEof;
}

void Tape::ReadAhead(uint32_t bytes) {
  if (stale_ || unloaded_ || bytes == 0 || bytes > kMaxBlockBytes) return;
  drive_.ReadAhead(bytes);
}

// The drive's own words about how far it came; not NDMP's.
Error Tape::Space(int what, int64_t count, uint32_t* resid) {
  *resid = 0;
  if (count == 0) return Error::kNone;
  if (Error error = LookAgain(); error != Error::kNone) return error;
  mark_owed_ = false;
  Outcome outcome = Do({.cdb = SpaceCdb(what, count)});
  if (outcome.error == Error::kNone) return Error::kNone;
  const Sense& sense = outcome.sense;
  bool stopped = sense.filemark || sense.end_of_medium || sense.key == kBlankCheck;
  if ((sense.key != kNoSense && sense.key != kBlankCheck) || !stopped) return outcome.error;
  auto wanted = static_cast<uint64_t>(count < 0 ? -count : count);
  // The fixed format has room for 32 bits.
  uint64_t left = sense.has_information ? static_cast<uint32_t>(sense.information) : wanted;
  *resid = static_cast<uint32_t>(std::min(left, wanted));
  if (sense.filemark && what == kSpaceBlocks) {
    const bool forward = count > 0;
    if (stays_before_marks_) {
      return Do({.cdb = SpaceCdb(kSpaceFilemarks, forward ? -1 : 1)}).error;
    }
    Add(&file_num_, forward ? 1 : -1);
  }
  return Error::kNone;
}

Error Tape::SpaceFiles(int64_t count, uint32_t* resid) {
  Error error = Space(kSpaceFilemarks, count, resid);
  if (error != Error::kNone || *resid != 0) {
    AskPosition();
    return error;
  }
  Add(&file_num_, count);
  blockno_ = count > 0 ? 0 : kUnknown;
  return error;
}

Error Tape::SpaceRecords(int64_t count, uint32_t* resid) {
  const uint32_t file_before = file_num_;
  Error error = Space(kSpaceBlocks, count, resid);
  if (error != Error::kNone) {
    AskPosition();
    return error;
  }
  int64_t done = (count < 0 ? -count : count) - *resid;
  Add(&blockno_, count < 0 ? -done : done);
  if (file_num_ != file_before) blockno_ = count > 0 ? 0 : kUnknown;
  return error;
}

Error Tape::WriteMarks(uint32_t count) {
  if (Error error = LookAgain(); error != Error::kNone) return error;
  Outcome outcome = Do({.cdb = Cdb6(kWriteFilemarks6, count)});
  // Early warning: the marks are on the tape.
  if (outcome.error != Error::kNone &&
      !(outcome.sense.key == kNoSense && outcome.sense.end_of_medium)) {
    return outcome.error;
  }
  mark_owed_ = false;
  if (count > 0) {
    Add(&file_num_, count);
    blockno_ = 0;
  }
  return Error::kNone;
}

Error Tape::SettleWrites() { return mark_owed_ ? WriteMarks(1) : Error::kNone; }

Error Tape::Rewind() {
  if (Error error = SettleWrites(); error != Error::kNone) return error;
  // The operator may have changed the cartridge: that is no reason not to rewind it.
  if (Error error = CheckReady(); error != Error::kNone) return error;
  if (Error error = LookAgain(); error != Error::kNone) return error;
  if (Error error = Do({.cdb = Cdb6(kRewind)}).error; error != Error::kNone) return error;
  file_num_ = 0;
  blockno_ = 0;
  early_warning_ = false;
  eom_told_ = false;
  return Error::kNone;
}

Error Tape::Unload() {
  if (Error error = SettleWrites(); error != Error::kNone) return error;
  if (Error error = Do({.cdb = Cdb6(kLoadUnload)}).error; error != Error::kNone) return error;
  file_num_ = kUnknown;
  blockno_ = kUnknown;
  unloaded_ = true;
  early_warning_ = false;
  eom_told_ = false;
  return Error::kNone;
}

Error Tape::Mtio(MtioOp op, uint32_t count, uint32_t* resid) {
  *resid = 0;
  switch (op) {
    case MtioOp::kRewind:
      return Rewind();
    case MtioOp::kUnload:
      return Unload();
    case MtioOp::kTestReady:
      if (Error error = CheckReady(); error != Error::kNone) {
        unloaded_ = error == Error::kNoTapeLoaded;
        return error;
      }
      return LookAgain();
    case MtioOp::kWriteMarks:
      if (mode_ == TapeMode::kRead) return Error::kPermission;
      if (count > kMaxMarks) return Error::kIllegalArgs;
      return count == 0 ? Error::kNone : WriteMarks(count);
    case MtioOp::kForwardFiles:
      return SpaceFiles(count, resid);
    case MtioOp::kBackFiles:
      return SpaceFiles(-int64_t{count}, resid);
    case MtioOp::kForwardRecords:
      return SpaceRecords(count, resid);
    case MtioOp::kBackRecords:
      return SpaceRecords(-int64_t{count}, resid);
  }
  return Error::kIllegalArgs;
}

TapeState Tape::state() {
  TapeState state{kTapeNoRewind, file_num_, blockno_};
  if (write_protected_) state.flags |= kTapeWriteProtected;
  if (unloaded_) state.flags |= kTapeUnloaded;
  return state;
}

}  // namespace oca::ndmp
