// How a command ends, and the sense data that say why (SPC-4 4.5). Pure.
#ifndef OCA_GATEWAYS_VTL_SCSI_SENSE_H_
#define OCA_GATEWAYS_VTL_SCSI_SENSE_H_

#include <cstdint>
#include <optional>
#include <string>

namespace oca::scsi {

enum class Status : uint8_t {
  kGood = 0x00,
  kCheckCondition = 0x02,
  kReservationConflict = 0x18,
};

enum class Key : uint8_t {
  kNoSense = 0x0,
  kNotReady = 0x2,
  kMediumError = 0x3,
  kHardwareError = 0x4,
  kIllegalRequest = 0x5,
  kUnitAttention = 0x6,
  kDataProtect = 0x7,
  kBlankCheck = 0x8,
  kVolumeOverflow = 0xd,
};

// Additional sense code and its qualifier.
enum class Asc : uint16_t {
  kNone = 0x0000,
  kFilemarkDetected = 0x0001,
  kEndOfMediumDetected = 0x0002,
  kBeginningDetected = 0x0004,
  kEndOfDataDetected = 0x0005,
  kWriteError = 0x0c00,
  kInvalidFieldInCommandUnit = 0x0e03,
  kUnrecoveredReadError = 0x1100,
  kParameterListLengthError = 0x1a00,
  kInvalidOpcode = 0x2000,
  kInvalidElementAddress = 0x2101,
  kInvalidFieldInCdb = 0x2400,
  kInvalidFieldInParameters = 0x2600,
  kInvalidReleaseOfReservation = 0x2604,
  kWriteProtected = 0x2700,
  kSoftwareWriteProtected = 0x2702,
  kSpaceAllocationFailed = 0x2707,
  kMediumMayHaveChanged = 0x2800,
  kImportExportAccessed = 0x2801,
  kModeParametersChanged = 0x2a01,
  kReservationsPreempted = 0x2a03,
  kReservationsReleased = 0x2a04,
  kRegistrationsPreempted = 0x2a05,
  kIncompatibleMedium = 0x3000,
  kCleaningCartridgeInstalled = 0x3003,
  kCannotWriteMedium = 0x3005,
  kWormOverwrite = 0x300c,
  kMediumFormatCorrupted = 0x3100,
  kSavingNotSupported = 0x3900,
  kMediumNotPresent = 0x3a00,
  kPastBeginningOfMedium = 0x3b0c,
  kDestinationFull = 0x3b0d,
  kSourceEmpty = 0x3b0e,
  kInternalTargetFailure = 0x4400,
  kMediaLoadFailed = 0x5300,
  kRemovalPrevented = 0x5302,
  kRegistrationResources = 0x5504,
  kMemoryOutOfSpace = 0x5506,
};

// The field that is wrong: its first byte in the CDB or the parameter list.
struct FieldPointer {
  bool in_cdb = true;
  uint16_t byte = 0;
};

struct Sense {
  Key key = Key::kNoSense;
  Asc asc = Asc::kNone;
  bool filemark = false;
  bool end_of_medium = false;
  bool incorrect_length = false;
  std::optional<int64_t> information = std::nullopt;
  std::optional<FieldPointer> field = std::nullopt;
};

struct Outcome {
  Status status = Status::kGood;
  Sense sense;

  bool good() const { return status == Status::kGood; }
};

inline Outcome Good() { return {}; }
inline Outcome Conflict() { return {Status::kReservationConflict, {}}; }
inline Outcome Check(const Sense& sense) { return {Status::kCheckCondition, sense}; }
inline Outcome Check(Key key, Asc asc) { return Check(Sense{.key = key, .asc = asc}); }
// ILLEGAL REQUEST: what stands in the CDB, or the parameter list, from byte `byte` on.
Outcome InvalidCdb(uint16_t byte);
Outcome InvalidParameter(size_t byte);

// Sense data in fixed (18 bytes) or descriptor format. Information that does not fit into the fixed
// format's four bytes is left out.
std::string EncodeSense(const Sense& sense, bool descriptor_format);

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_SENSE_H_
