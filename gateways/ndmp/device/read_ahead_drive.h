// A tape drive that may be asked for its next block before anybody wants it.
#ifndef OCA_GATEWAYS_NDMP_DEVICE_READ_AHEAD_DRIVE_H_
#define OCA_GATEWAYS_NDMP_DEVICE_READ_AHEAD_DRIVE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateways/ndmp/device/block.h"
#include "gateways/ndmp/device/scsi_unit.h"

namespace oca::ndmp {

// Who sends commands cannot tell whether blocks are read ahead, as long as the drive is his alone:
// what was read ahead and is not wanted is taken back before any other command. Not thread-safe.
class ReadAheadDrive {
 public:
  explicit ReadAheadDrive(std::unique_ptr<ScsiUnit> unit) : unit_(std::move(unit)) {}

  // As the unit's. kAborted, and nothing was done: what was read ahead could not be taken back, and
  // where the tape stands is not known.
  absl::StatusOr<ScsiAnswer> Execute(const ScsiCommand& command);
  // READ(6), variable: of one block at most so many bytes. `block` is what came.
  absl::StatusOr<ScsiAnswer> Read(uint32_t bytes, Block* block);
  // The drive begins with such a Read; if it is the next command, it has the answer.
  void ReadAhead(uint32_t bytes);

 private:
  void StartRead(uint32_t bytes);
  absl::Status TakeBack();
  absl::Status SpaceBack(int what);
  ScsiAnswer TellAttention();

  const std::unique_ptr<ScsiUnit> unit_;
  uint32_t ahead_bytes_ = 0;  // that a READ under way asks for; 0: there is none
  Block ahead_;               // where they come to
  // Unit attentions that were heard by commands that nobody knows of, for those that come.
  std::deque<ScsiAnswer> attentions_;
};

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DEVICE_READ_AHEAD_DRIVE_H_
