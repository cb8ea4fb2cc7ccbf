// A SCSI unit, whatever leads to it, and its sense data.
#ifndef OCA_GATEWAYS_NDMP_DEVICE_SCSI_UNIT_H_
#define OCA_GATEWAYS_NDMP_DEVICE_SCSI_UNIT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace oca::ndmp {

inline constexpr uint8_t kScsiGood = 0x00;
inline constexpr uint8_t kScsiCheckCondition = 0x02;
inline constexpr uint8_t kScsiReservationConflict = 0x18;

struct ScsiCommand {
  std::string cdb;
  std::string_view out = {};  // data to the unit
  uint32_t in_bytes = 0;      // that may come from it
  char* into = nullptr;       // where they go; none: into the answer
  absl::Duration timeout = absl::Minutes(5);
};

struct ScsiAnswer {
  uint8_t status = kScsiGood;
  std::string in;
  std::string sense;
  uint32_t in_bytes = 0;   // that came
  uint32_t out_bytes = 0;  // that the unit took

  bool good() const { return status == kScsiGood; }
};

// Not thread-safe.
class ScsiUnit {
 public:
  virtual ~ScsiUnit() = default;
  // Begins with a command, whose data stay where they are until Finish: the next call.
  virtual void Start(const ScsiCommand& command) = 0;
  // Waits for its answer. kUnavailable: nobody knows whether the command was done; this unit
  // answers no more. kDeadlineExceeded: the same, after the timeout, which begins here.
  // kInvalidArgument: it is no command.
  virtual absl::StatusOr<ScsiAnswer> Finish() = 0;
  absl::StatusOr<ScsiAnswer> Execute(const ScsiCommand& command) {
    Start(command);
    return Finish();
  }
  // From now on commands go to another unit of the same target.
  virtual void SelectLun(uint32_t lun) = 0;
};

// A number of at most eight bytes, as units write them.
uint64_t BigEndian(std::string_view bytes);

// Sense data of either format (SPC-4 4.5), as far as tapes need them.
struct Sense {
  int key = 0;
  int code = 0;  // ASC and ASCQ
  bool filemark = false;
  bool end_of_medium = false;
  bool incorrect_length = false;
  bool has_information = false;
  int64_t information = 0;
};

inline constexpr int kNoSense = 0x0;
inline constexpr int kNotReady = 0x2;
inline constexpr int kUnitAttention = 0x6;
inline constexpr int kDataProtect = 0x7;
inline constexpr int kBlankCheck = 0x8;
inline constexpr int kVolumeOverflow = 0xd;
inline constexpr int kBecomingReady = 0x0401;
inline constexpr int kSpaceAllocationFailed = 0x2707;

// Sense data that say nothing that we know have key 0.
Sense ParseSense(std::string_view bytes);

}  // namespace oca::ndmp

#endif  // OCA_GATEWAYS_NDMP_DEVICE_SCSI_UNIT_H_
