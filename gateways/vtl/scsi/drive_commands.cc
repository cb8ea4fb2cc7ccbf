// The commands of a tape drive, beyond those that every logical unit has.
#include "gateways/vtl/scsi/drive.h"

namespace oca::scsi {

// Reading moves the tape under its holder, so it conflicts with every kind of reservation.
std::span<const CommandSpec> Drive::Commands() const {
  using enum Sharing;
  constexpr int kNone = CommandSpec::kNoAction;
  static constexpr CommandSpec kCommands[] = {
      {0x01, kNone, 6, {0, 0x01}, kNever, kNever, Run<&Drive::Rewind>},
      {0x04, kNone, 6, {0, 0x01}, kNever, kNever, Run<&Drive::FormatMedium>},
      {0x05, kNone, 6, {}, kAlways, kAlways, Run<&Drive::ReadBlockLimits>},
      {0x08, kNone, 6, {0, 0x03, 0xff, 0xff, 0xff}, kNever, kNever, Run<&Drive::Read>},
      {0x0a, kNone, 6, {0, 0x01, 0xff, 0xff, 0xff}, kNever, kNever, Run<&Drive::Write>},
      {0x10, kNone, 6, {0, 0x01, 0xff, 0xff, 0xff}, kNever, kNever, Run<&Drive::WriteFilemarks>},
      {0x11, kNone, 6, {0, 0x0f, 0xff, 0xff, 0xff}, kNever, kNever, Run<&Drive::Space6>},
      {0x13, kNone, 6, {0, 0x01, 0xff, 0xff, 0xff}, kNever, kNever, Run<&Drive::Verify>},
      {0x19, kNone, 6, {0, 0x03}, kNever, kNever, Run<&Drive::Erase>},
      {0x1b, kNone, 6, {0, 0x01, 0, 0, 0x07}, kNever, kNever, Run<&Drive::LoadUnload>},
      {0x2b,
       kNone,
       10,
       {0, 0x07, 0, 0xff, 0xff, 0xff, 0xff, 0, 0xff},
       kNever,
       kNever,
       Run<&Drive::Locate10>},
#define READ_POSITION(action) \
  {0x34, action, 10, {0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, kNever, kNever, Run<&Drive::ReadPosition>}
      READ_POSITION(0),
      READ_POSITION(1),
      READ_POSITION(6),
      READ_POSITION(8),
#undef READ_POSITION
      {0x44,
       kNone,
       10,
       {0, 0x01, 0, 0, 0, 0, 0, 0xff, 0xff},
       kAlways,
       kAlways,
       Run<&Drive::ReportDensity>},
#define READ_ATTRIBUTE(action)                                         \
  {0x8c,                                                               \
   action,                                                             \
   16,                                                                 \
   {0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, \
   kReading,                                                           \
   kNever,                                                             \
   Run<&Drive::ReadAttribute>}
      READ_ATTRIBUTE(0),
      READ_ATTRIBUTE(1),
      READ_ATTRIBUTE(2),
      READ_ATTRIBUTE(3),
      READ_ATTRIBUTE(5),
#undef READ_ATTRIBUTE
      {0x8d,
       kNone,
       16,
       {0, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Drive::WriteAttribute>},
      {0x91,
       kNone,
       16,
       {0, 0x0f, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Drive::Space16>},
      {0x92,
       kNone,
       16,
       {0, 0x1b, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
       kNever,
       kNever,
       Run<&Drive::Locate16>},
  };
  return kCommands;
}

}  // namespace oca::scsi
