// Where on the tape: REWIND, SPACE, LOCATE, READ POSITION.
#include "gateways/vtl/scsi/drive.h"

namespace oca::scsi {
namespace {

enum SpaceCode : uint8_t { kBlocks = 0, kFilemarks = 1, kEndOfData = 3 };
enum Destination : uint8_t { kObject = 0, kFile = 1, kEnd = 3 };

constexpr uint8_t kBeginning = 0x80;  // flags of READ POSITION
constexpr uint8_t kNearEnd = 0x40;
constexpr uint8_t kTooLong = 0x02;  // the short form has no room for the numbers

}  // namespace

Outcome Drive::Rewind(Command&) {
  if (Outcome ready = Ready(); !ready.good()) return ready;
  if (Outcome settled = Settle(); !settled.good()) return settled;
  tape_->Rewind();
  return Good();
}

Outcome Drive::Space6(Command& command) {
  return Space(command.cdb[1] & 0x0f, SignExtend(command.cdb.Get(2, 3), 24));
}

Outcome Drive::Space16(Command& command) {
  return Space(command.cdb[1] & 0x0f, static_cast<int64_t>(command.cdb.Get(4, 8)));
}

Outcome Drive::Space(uint8_t code, int64_t count) {
  if (Outcome ready = Ready(); !ready.good()) return ready;
  if (code != kBlocks && code != kFilemarks && code != kEndOfData) return InvalidCdb(1);
  if (Outcome settled = Settle(); !settled.good()) return settled;
  if (code == kEndOfData) {
    tape_->SpaceToEnd();
    return Good();
  }
  auto spaced = code == kBlocks ? tape_->SpaceBlocks(count) : tape_->SpaceFilemarks(count);
  if (!spaced.ok()) return ReadFailed(spaced.status(), std::nullopt);
  uint64_t wanted = count < 0 ? uint64_t{0} - static_cast<uint64_t>(count) : count;
  Sense sense{.information = static_cast<int64_t>(wanted - spaced->spaced)};
  switch (spaced->stop) {
    case vtape::Cartridge::Stop::kDone:
      return Good();
    case vtape::Cartridge::Stop::kFilemark:
      sense.asc = Asc::kFilemarkDetected;
      sense.filemark = true;
      return Check(sense);
    case vtape::Cartridge::Stop::kBeginning:
      sense.asc = Asc::kBeginningDetected;
      sense.end_of_medium = true;
      return Check(sense);
    case vtape::Cartridge::Stop::kEndOfData:
      break;
  }
  sense.key = Key::kBlankCheck;
  sense.asc = Asc::kEndOfDataDetected;
  return Check(sense);
}

Outcome Drive::AfterLocate(bool found) {
  return found ? Good() : Check(Key::kBlankCheck, Asc::kEndOfDataDetected);
}

// Device-specific addresses (the BT bit) are those of logical objects.
Outcome Drive::Locate10(Command& command) {
  constexpr uint8_t kChangePartition = 0x02;
  if (Outcome ready = Ready(); !ready.good()) return ready;
  if (command.cdb.Has(1, kChangePartition) && command.cdb[8] != 0) return InvalidCdb(8);
  if (Outcome settled = Settle(); !settled.good()) return settled;
  return AfterLocate(tape_->Locate(command.cdb.Get(3, 4)));
}

Outcome Drive::Locate16(Command& command) {
  constexpr uint8_t kChangePartition = 0x02;
  if (Outcome ready = Ready(); !ready.good()) return ready;
  uint8_t destination = command.cdb[1] >> 3 & 0x03;
  if (destination != kObject && destination != kFile && destination != kEnd) return InvalidCdb(1);
  if (command.cdb.Has(1, kChangePartition) && command.cdb[3] != 0) return InvalidCdb(3);
  if (Outcome settled = Settle(); !settled.good()) return settled;
  uint64_t number = command.cdb.Get(4, 8);
  if (destination == kObject) return AfterLocate(tape_->Locate(number));
  if (destination == kEnd) {
    tape_->SpaceToEnd();
    return Good();
  }
  auto found = tape_->LocateFile(number);
  return found.ok() ? AfterLocate(*found) : ReadFailed(found.status(), std::nullopt);
}

// Nothing waits in a buffer, so the first and the last object's places are the same.
Outcome Drive::ReadPosition(Command& command) {
  enum Form : uint8_t { kShort = 0, kShortVendor = 1, kLong = 6, kExtended = 8 };
  if (Outcome ready = Ready(); !ready.good()) return ready;
  uint64_t position = tape_->position();
  uint8_t flags = position == 0 ? kBeginning : 0;
  if (position == tape_->objects() && tape_->in_early_warning()) flags |= kNearEnd;
  std::string out;
  switch (command.cdb[1] & 0x1f) {
    case kShort:
    case kShortVendor: {
      bool fits = position <= UINT32_MAX;
      PutBe(&out, flags | (fits ? 0 : kTooLong), 1);
      PutBe(&out, 0, 3);
      PutBe(&out, fits ? position : 0, 4);
      PutBe(&out, fits ? position : 0, 4);
      PutBe(&out, 0, 8);
      return command.Reply(out, out.size());
    }
    case kLong: {
      auto file = tape_->FileNumber();
      if (!file.ok()) return ReadFailed(file.status(), std::nullopt);
      PutBe(&out, flags, 1);
      PutBe(&out, 0, 7);  // reserved; partition number
      PutBe(&out, position, 8);
      PutBe(&out, *file, 8);
      PutBe(&out, 0, 8);
      return command.Reply(out, out.size());
    }
    default:
      PutBe(&out, flags, 1);
      PutBe(&out, 0, 1);
      PutBe(&out, 28, 2);
      PutBe(&out, 0, 4);
      PutBe(&out, position, 8);
      PutBe(&out, position, 8);
      PutBe(&out, 0, 8);
      return command.Reply(out, command.cdb.Get(7, 2));
  }
}

}  // namespace oca::scsi
