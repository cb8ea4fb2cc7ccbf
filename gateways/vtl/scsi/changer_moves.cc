// What the robot does: MOVE MEDIUM, EXCHANGE MEDIUM, and commands that only look as if it did.
#include <algorithm>

#include "gateways/vtl/scsi/changer.h"

namespace oca::scsi {
namespace {

Outcome NoSuchElement() { return Check(Key::kIllegalRequest, Asc::kInvalidElementAddress); }

// Address 0 asks for the default robot, which is the only one.
bool IsRobot(uint64_t address) { return address == 0 || address == vtape::kRobotAddress; }

}  // namespace

// The inventory is looked at before every command, so there is nothing left to do.
Outcome Changer::InitializeStatus(Command&) { return Good(); }

Outcome Changer::InitializeStatusRange(Command& command) {
  constexpr uint8_t kRange = 0x01;
  if (!command.cdb.Has(1, kRange)) return Good();
  auto first = static_cast<uint16_t>(command.cdb.Get(2, 2));
  return vtape::TypeOf(library_.inventory(), first) ? Good() : NoSuchElement();
}

// The doors of mail slots are the operator's commands; hosts may ask all the same.
Outcome Changer::OpenClose(Command& command) {
  enum Action : uint8_t { kOpen = 0, kClose = 1 };
  auto address = static_cast<uint16_t>(command.cdb.Get(2, 2));
  if (command.cdb[4] > kClose) return InvalidCdb(4);
  if (vtape::TypeOf(library_.inventory(), address) != vtape::ElementType::kMailSlot) {
    return NoSuchElement();
  }
  if (command.cdb[4] == kOpen && RemovalPrevented()) {
    return Check(Key::kIllegalRequest, Asc::kRemovalPrevented);
  }
  return Good();
}

Outcome Changer::PositionTo(Command& command) {
  bool known =
      vtape::TypeOf(library_.inventory(), static_cast<uint16_t>(command.cdb.Get(4, 2))).has_value();
  return IsRobot(command.cdb.Get(2, 2)) && known ? Good() : NoSuchElement();
}

Outcome Changer::MoveFailed(const vtape::Status& status) {
  switch (status.code()) {
    case vtape::Code::kNotFound:
      return NoSuchElement();
    case vtape::Code::kEmpty:
      return Check(Key::kIllegalRequest, Asc::kSourceEmpty);
    case vtape::Code::kOccupied:
      return Check(Key::kIllegalRequest, Asc::kDestinationFull);
    case vtape::Code::kPrevented:
      return Check(Key::kIllegalRequest, Asc::kRemovalPrevented);
    default:
      return Check(Key::kHardwareError, Asc::kInternalTargetFailure);
  }
}

Outcome Changer::TakeOut(std::span<const uint16_t> addresses) {
  for (size_t i = 0; i < addresses.size(); ++i) {
    auto drive = drives_.find(addresses[i]);
    const vtape::Element* element = vtape::FindElement(library_.inventory(), addresses[i]);
    if (drive == drives_.end() || !element->full()) continue;
    vtape::Status status = drive->second->Eject();
    if (status.ok()) continue;
    // A drive that keeps its tape still has it; one that lost writes has to load it again.
    bool kept = status.code() == vtape::Code::kPrevented;
    PutIn(addresses.first(kept ? i : i + 1));
    return kept ? MoveFailed(status) : Check(Key::kMediumError, Asc::kMediaLoadFailed);
  }
  return Good();
}

void Changer::PutIn(std::span<const uint16_t> addresses) {
  for (uint16_t address : addresses) {
    auto drive = drives_.find(address);
    const vtape::Element* element = vtape::FindElement(library_.inventory(), address);
    if (drive == drives_.end() || element == nullptr || !element->full()) continue;
    drive->second->Insert(library_.CartridgeDir(element->barcode));
  }
}

Outcome Changer::Carry(std::span<const uint16_t> places,
                       const std::function<vtape::Status(vtape::Inventory&)>& rehearse,
                       const std::function<vtape::Status()>& perform) {
  // No tape is unloaded for a move that cannot be.
  vtape::Inventory rehearsal = library_.inventory();
  if (vtape::Status status = rehearse(rehearsal); !status.ok()) return MoveFailed(status);
  if (rehearsal == library_.inventory()) return Good();
  if (Outcome taken = TakeOut(places); !taken.good()) return taken;
  vtape::Status status = perform();
  // After a failure that is where the cartridges still are.
  PutIn(places);
  known_ = library_.inventory();
  return status.ok() ? Good() : MoveFailed(status);
}

Outcome Changer::Move(Command& command) {
  auto source = static_cast<uint16_t>(command.cdb.Get(4, 2));
  auto destination = static_cast<uint16_t>(command.cdb.Get(6, 2));
  if (!IsRobot(command.cdb.Get(2, 2))) return NoSuchElement();
  const uint16_t places[] = {source, destination};
  return Carry(
      places,
      [&](vtape::Inventory& inventory) {
        return vtape::MoveMedium(inventory, source, destination);
      },
      [&] { return library_.Move(source, destination); });
}

Outcome Changer::Exchange(Command& command) {
  auto source = static_cast<uint16_t>(command.cdb.Get(4, 2));
  auto first = static_cast<uint16_t>(command.cdb.Get(6, 2));
  auto second = static_cast<uint16_t>(command.cdb.Get(8, 2));
  if (!IsRobot(command.cdb.Get(2, 2))) return NoSuchElement();
  // With `second` the same as `source` it is named once.
  const uint16_t places[] = {source, first, second};
  return Carry(
      std::span(places).first(second == source ? 2 : 3),
      [&](vtape::Inventory& inventory) {
        return vtape::ExchangeMedium(inventory, source, first, second);
      },
      [&] { return library_.Exchange(source, first, second); });
}

}  // namespace oca::scsi
