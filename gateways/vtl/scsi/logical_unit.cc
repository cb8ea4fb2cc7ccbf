#include "gateways/vtl/scsi/logical_unit.h"

#include <algorithm>
#include <utility>

namespace oca::scsi {
namespace {

constexpr uint8_t kRequestSense = 0x03;
constexpr uint8_t kInquiry = 0x12;
constexpr uint8_t kReportLuns = 0xa0;
constexpr uint8_t kActionMask = 0x1f;
constexpr uint8_t kOldLun = 0xe0;  // SCSI-2 had the LUN there, and mtx still sends it
constexpr uint8_t kNaca = 0x04;
constexpr uint8_t kVendorControl = 0xc0;
constexpr uint8_t kDescriptorSense = 0x04;  // in the first byte of the control mode page
constexpr size_t kMaxAlertReaders = 1024;

bool HearsNoAttention(uint8_t opcode) {
  return opcode == kInquiry || opcode == kReportLuns || opcode == kRequestSense;
}

// The first byte of the CDB with a bit that means nothing, if any.
std::optional<uint16_t> MeaninglessByte(const CommandSpec& spec, const Cdb& cdb) {
  for (uint16_t i = 1; i < spec.bytes; ++i) {
    uint8_t usage = spec.usage[i];
    if (i == 1) usage |= spec.action == CommandSpec::kNoAction ? kOldLun : kActionMask;
    if (i == spec.bytes - 1) usage |= kVendorControl;
    if (cdb.Has(i, ~usage)) return i;
  }
  return std::nullopt;
}

}  // namespace

LogicalUnit::LogicalUnit(Identity identity, std::vector<ModePage> pages)
    : pages_(std::move(pages)), identity_(std::move(identity)), reservations_(attentions_) {}

void LogicalUnit::SetLuns(std::vector<uint16_t> luns) {
  std::lock_guard lock(mu_);
  luns_ = std::move(luns);
}

std::optional<uint64_t> LogicalUnit::reserved_by() {
  std::lock_guard lock(mu_);
  return reservations_.reserved_by();
}

void LogicalUnit::Reset() {
  std::lock_guard lock(mu_);
  reservations_.DropReservation();
  preventing_.clear();
  prevented_ = false;
}

void LogicalUnit::SessionEnded(const Initiator& initiator) {
  std::lock_guard lock(mu_);
  if (reservations_.reserved_by() == initiator.session) reservations_.DropReservation();
  SetPrevents(initiator.port, false);
}

void LogicalUnit::SetPrevents(const std::string& port, bool on) {
  if (on) {
    preventing_.insert(port);
  } else {
    preventing_.erase(port);
  }
  prevented_ = !preventing_.empty();
}

Response LogicalUnit::Execute(const Request& request) {
  std::lock_guard lock(mu_);
  Command command{request.initiator, Cdb(request.cdb), request.out, request.in};
  return Answer(command);
}

std::optional<Response> LogicalUnit::ExecuteIfQuick(const Request& request) {
  std::unique_lock lock(mu_, std::try_to_lock);
  Command command{request.initiator, Cdb(request.cdb), request.out, request.in};
  if (!lock.owns_lock() || !IsQuick(command)) return std::nullopt;
  return Answer(command);
}

Response LogicalUnit::Answer(Command& command) {
  attentions_.Know(command.initiator.port);
  Outcome outcome = Perform(command);
  Response response{outcome.status, {}, command.in_bytes};
  if (outcome.status == Status::kCheckCondition) {
    bool descriptors = (pages_.Get(kControlPage)[0] & kDescriptorSense) != 0;
    response.sense = EncodeSense(outcome.sense, descriptors);
  }
  return response;
}

const CommandSpec* LogicalUnit::Find(const Cdb& cdb, Outcome* why) const {
  *why = Check(Key::kIllegalRequest, Asc::kInvalidOpcode);
  for (std::span<const CommandSpec> table : {Commands(), CommonCommands()}) {
    for (const CommandSpec& spec : table) {
      if (spec.opcode != cdb[0]) continue;
      if (spec.action == CommandSpec::kNoAction || spec.action == (cdb[1] & kActionMask)) {
        return &spec;
      }
      *why = InvalidCdb(1);
    }
  }
  return nullptr;
}

Outcome LogicalUnit::Perform(Command& command) {
  Outcome unknown;
  Outcome outside = BeforeCommand();
  const CommandSpec* spec = Find(command.cdb, &unknown);
  if (spec != nullptr && reservations_.Conflicts(command.initiator, *spec)) return Conflict();
  if (!HearsNoAttention(command.cdb[0])) {
    if (auto asc = attentions_.Take(command.initiator.port)) {
      return Check(Key::kUnitAttention, *asc);
    }
    if (!outside.good()) return outside;
  }
  if (spec == nullptr) return unknown;
  if (command.cdb.size() < spec->bytes) {
    return InvalidCdb(static_cast<uint16_t>(command.cdb.size()));
  }
  if (command.cdb.Has(spec->bytes - 1, kNaca)) return InvalidCdb(spec->bytes - 1);
  if (auto byte = MeaninglessByte(*spec, command.cdb)) return InvalidCdb(*byte);
  return spec->run(*this, command);
}

Outcome LogicalUnit::TestUnitReady(Command&) { return Ready(); }

Outcome LogicalUnit::RequestSense(Command& command) {
  Sense sense;
  if (auto asc = attentions_.Take(command.initiator.port)) {
    sense.key = Key::kUnitAttention;
    sense.asc = *asc;
  } else if (Outcome ready = Ready(); !ready.good()) {
    sense = ready.sense;
  }
  return command.Reply(EncodeSense(sense, command.cdb.Has(1, 0x01)), command.cdb[4]);
}

Outcome LogicalUnit::ReportLuns(Command& command) {
  uint8_t select = command.cdb[2];
  if (select > 2) return InvalidCdb(2);
  std::string list;
  // 1 asks for well-known logical units, of which there are none.
  if (select != 1) {
    for (uint16_t lun : luns_) {
      constexpr uint16_t kFlatSpace = 0x4000;  // for numbers that need more than one byte
      PutBe(&list, lun < 256 ? lun : kFlatSpace | lun, 2);
      PutBe(&list, 0, 6);
    }
  }
  std::string out;
  PutBe(&out, list.size(), 4);
  PutBe(&out, 0, 4);
  return command.Reply(out + list, command.cdb.Get(6, 4));
}

Outcome LogicalUnit::SendDiagnostic(Command& command) {
  constexpr uint8_t kSelfTest = 0x04;
  if (command.cdb.Get(3, 2) != 0) return InvalidCdb(3);
  return command.cdb.Has(1, kSelfTest) ? Good() : InvalidCdb(1);
}

Outcome LogicalUnit::PreventRemoval(Command& command) {
  // Not to prevent is allowed whoever holds a reservation.
  constexpr CommandSpec kPrevents = {
      0x1e, CommandSpec::kNoAction, 6, {}, Sharing::kNever, Sharing::kNever, nullptr};
  if (command.cdb[4] == 0) {
    SetPrevents(command.initiator.port, false);
    return Good();
  }
  if (command.cdb[4] != 1) return InvalidCdb(4);
  if (reservations_.Conflicts(command.initiator, kPrevents)) return Conflict();
  SetPrevents(command.initiator.port, true);
  return Good();
}

Outcome LogicalUnit::Reserve(Command& command) { return reservations_.Reserve(command.initiator); }
Outcome LogicalUnit::Release(Command& command) { return reservations_.Release(command.initiator); }
Outcome LogicalUnit::ReserveOut(Command& command) { return reservations_.Out(command); }

Outcome LogicalUnit::ReserveIn(Command& command) {
  switch (command.cdb[1] & kActionMask) {
    case 0:
      return reservations_.ReadKeys(command);
    case 1:
      return reservations_.ReadReservation(command);
    case 2:
      return reservations_.ReportCapabilities(command);
    default:
      return reservations_.ReadFullStatus(command);
  }
}

void LogicalUnit::Raise(uint64_t tape_alert_flags) {
  alerts_ |= tape_alert_flags;
  for (auto& [port, read] : alerts_read_) read &= ~tape_alert_flags;
}

uint64_t LogicalUnit::TakeTapeAlerts(const std::string& port) {
  if (alerts_read_.size() >= kMaxAlertReaders) alerts_read_.clear();
  uint64_t& read = alerts_read_[port];
  uint64_t fresh = alerts_ & ~read;
  read |= fresh;
  return fresh;
}

}  // namespace oca::scsi
