// PERSISTENT RESERVE IN.
#include "gateways/vtl/scsi/reservations.h"

namespace oca::scsi {
namespace {

constexpr uint8_t kIscsiProtocol = 0x05;  // protocol identifier
constexpr uint8_t kWithSessionId = 0x40;

// The port's TransportID as iSCSI has it: its name and session identifier, padded to four bytes.
std::string TransportId(const std::string& port) {
  std::string name = port;
  name.resize(std::max<size_t>(20, (port.size() + 1 + 3) / 4 * 4), '\0');
  std::string out;
  PutBe(&out, kWithSessionId | kIscsiProtocol, 1);
  PutBe(&out, 0, 1);
  PutBe(&out, name.size(), 2);
  return out + name;
}

}  // namespace

Outcome Reservations::ReadKeys(Command& command) const {
  std::string out;
  PutBe(&out, generation_, 4);
  PutBe(&out, 8 * registered_.size(), 4);
  for (const auto& [port, key] : registered_) PutBe(&out, key, 8);
  return command.Reply(out, command.cdb.Get(7, 2));
}

Outcome Reservations::ReadReservation(Command& command) const {
  std::string out;
  PutBe(&out, generation_, 4);
  PutBe(&out, held_ ? 16 : 0, 4);
  if (held_) {
    // A reservation of all registrants has no one key.
    PutBe(&out, ForAllRegistrants(held_->type) ? 0 : registered_.at(held_->port), 8);
    PutBe(&out, 0, 5);
    PutBe(&out, held_->type, 1);
    PutBe(&out, 0, 2);
  }
  return command.Reply(out, command.cdb.Get(7, 2));
}

Outcome Reservations::ReportCapabilities(Command& command) const {
  constexpr uint8_t kCompatibleReservations = 0x10;
  std::string out;
  PutBe(&out, 8, 2);
  PutBe(&out, kCompatibleReservations, 1);
  PutBe(&out, 0x80, 1);    // the mask below is valid
  PutBe(&out, 0xea01, 2);  // all types
  PutBe(&out, 0, 2);
  return command.Reply(out, command.cdb.Get(7, 2));
}

Outcome Reservations::ReadFullStatus(Command& command) const {
  std::string list;
  for (const auto& [port, key] : registered_) {
    std::string id = TransportId(port);
    bool holder = IsHolder(port);
    PutBe(&list, key, 8);
    PutBe(&list, 0, 4);
    PutBe(&list, holder ? 1 : 0, 1);
    PutBe(&list, holder ? held_->type : 0, 1);
    PutBe(&list, 0, 4);
    PutBe(&list, 1, 2);  // relative target port
    PutBe(&list, id.size(), 4);
    list += id;
  }
  std::string out;
  PutBe(&out, generation_, 4);
  PutBe(&out, list.size(), 4);
  return command.Reply(out + list, command.cdb.Get(7, 2));
}

}  // namespace oca::scsi
