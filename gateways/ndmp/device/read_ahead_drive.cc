#include "gateways/ndmp/device/read_ahead_drive.h"

#include <string>

#include "gateways/ndmp/device/tape_cdb.h"
#include "lib/base/status.h"

namespace oca::ndmp {
namespace {

int OpcodeOf(const ScsiCommand& command) {
  return command.cdb.empty() ? kTestUnitReady : static_cast<uint8_t>(command.cdb[0]);
}

// Units do these whatever there is to tell (SAM-5 5.14).
bool LeavesAttentions(int opcode) { return opcode == kInquiry || opcode == kReportLuns; }

}  // namespace

absl::StatusOr<ScsiAnswer> ReadAheadDrive::Execute(const ScsiCommand& command) {
  OCA_RETURN_IF_ERROR(TakeBack());
  const int opcode = OpcodeOf(command);
  if (attentions_.empty() || LeavesAttentions(opcode)) return unit_->Execute(command);
  ScsiAnswer attention = TellAttention();
  if (opcode != kRequestSense) return attention;
  ScsiAnswer answer;
  answer.in = attention.sense.substr(0, command.in_bytes);
  answer.in_bytes = static_cast<uint32_t>(answer.in.size());
  return answer;
}

absl::StatusOr<ScsiAnswer> ReadAheadDrive::Read(uint32_t bytes, Block* block) {
  if (ahead_bytes_ != bytes) {
    OCA_RETURN_IF_ERROR(TakeBack());
    if (!attentions_.empty()) return TellAttention();
    StartRead(bytes);
  }
  ahead_bytes_ = 0;
  absl::StatusOr<ScsiAnswer> answer = unit_->Finish();
  ahead_.Resize(answer.ok() ? answer->in_bytes : 0);
  std::swap(*block, ahead_);
  return answer;
}

void ReadAheadDrive::ReadAhead(uint32_t bytes) {
  if (ahead_bytes_ == 0 && attentions_.empty()) StartRead(bytes);
}

void ReadAheadDrive::StartRead(uint32_t bytes) {
  ahead_bytes_ = bytes;
  ahead_.Clear();
  ahead_.Resize(bytes);
  unit_->Start({.cdb = Cdb6(kRead6, bytes), .in_bytes = bytes, .into = ahead_.data()});
}

ScsiAnswer ReadAheadDrive::TellAttention() {
  ScsiAnswer attention = std::move(attentions_.front());
  attentions_.pop_front();
  return attention;
}

// Brings the head back to where it stood before a read ahead that nobody wants.
absl::Status ReadAheadDrive::TakeBack() {
  if (std::exchange(ahead_bytes_, 0) == 0) return absl::OkStatus();
  OCA_ASSIGN_OR_RETURN(ScsiAnswer read, unit_->Finish());
  if (read.good()) return SpaceBack(kSpaceBlocks);
  const Sense sense = ParseSense(read.sense);
  if (sense.filemark) return SpaceBack(kSpaceFilemarks);
  if (sense.key == kNoSense && (sense.incorrect_length || sense.end_of_medium)) {
    return SpaceBack(kSpaceBlocks);
  }
  if (sense.key == kUnitAttention) attentions_.push_back(std::move(read));
  // The end of data, or an error: the head has not moved, and who wants the block will be told.
  return absl::OkStatus();
}

absl::Status ReadAheadDrive::SpaceBack(int what) {
  for (int i = 0; i < kMaxAttentions; ++i) {
    OCA_ASSIGN_OR_RETURN(ScsiAnswer answer, unit_->Execute({.cdb = SpaceCdb(what, -1)}));
    if (answer.good()) return absl::OkStatus();
    const Sense sense = ParseSense(answer.sense);
    // Nothing is left to take back: the cartridge is gone, or another one is at its beginning.
    if (sense.key == kNotReady || sense.end_of_medium) return absl::OkStatus();
    if (sense.key != kUnitAttention) break;
    attentions_.push_back(std::move(answer));
  }
  return absl::AbortedError("a block that was read ahead could not be taken back");
}

}  // namespace oca::ndmp
