#include "gateways/vtl/scsi/reservations.h"

namespace oca::scsi {
namespace {

enum Action : uint8_t {
  kRegister = 0,
  kReserve = 1,
  kRelease = 2,
  kClear = 3,
  kPreempt = 4,
  kPreemptAndAbort = 5,
  kRegisterAndIgnore = 6,
};

constexpr uint8_t kPersistentReserveIn = 0x5e;
constexpr uint8_t kPersistentReserveOut = 0x5f;
constexpr size_t kOutListBytes = 24;
constexpr uint8_t kSpecifyPorts = 0x08;
constexpr uint8_t kAllTargetPorts = 0x04;
constexpr uint8_t kThroughPowerLoss = 0x01;

}  // namespace

bool Reservations::IsType(uint8_t type) {
  return type == kWriteExclusive || type == kExclusiveAccess ||
         (type >= kWriteExclusiveRegistrants && type <= kExclusiveAccessAll);
}

bool Reservations::IsHolder(const std::string& port) const {
  if (!held_) return false;
  return ForAllRegistrants(held_->type) ? IsRegistered(port) : held_->port == port;
}

bool Reservations::Shares(const std::string& port) const {
  return IsHolder(port) || (held_ && ForRegistrants(held_->type) && IsRegistered(port));
}

bool Reservations::Conflicts(const Initiator& initiator, const CommandSpec& spec) const {
  bool persistent = spec.opcode == kPersistentReserveIn || spec.opcode == kPersistentReserveOut;
  if (reserved_by_ && (persistent || *reserved_by_ != initiator.session)) {
    return spec.reserved == Sharing::kNever;
  }
  if (!held_ || Shares(initiator.port)) return false;
  if (spec.persistent == Sharing::kReading) {
    return held_->type != kWriteExclusive && held_->type != kWriteExclusiveRegistrants &&
           held_->type != kWriteExclusiveAll;
  }
  return spec.persistent == Sharing::kNever;
}

// With registrations there is no SPC-2 reservation; whoever shares the persistent one is told that
// all is well (SPC-4's CRH bit).
Outcome Reservations::Reserve(const Initiator& initiator) {
  if (!registered_.empty()) return Shares(initiator.port) ? Good() : Conflict();
  reserved_by_ = initiator.session;
  return Good();
}

Outcome Reservations::Release(const Initiator& initiator) {
  if (!registered_.empty()) return Shares(initiator.port) ? Good() : Conflict();
  if (reserved_by_ == initiator.session) reserved_by_.reset();
  return Good();
}

Outcome Reservations::Out(Command& command) {
  uint8_t action = command.cdb[1] & 0x1f;
  uint8_t scope = command.cdb[2] >> 4;
  uint8_t type = command.cdb[2] & 0x0f;
  if (command.cdb.Get(5, 4) != kOutListBytes || command.out.size() < kOutListBytes) {
    return Check(Key::kIllegalRequest, Asc::kParameterListLengthError);
  }
  uint64_t key = GetBe(command.out.substr(0, 8));
  uint64_t action_key = GetBe(command.out.substr(8, 8));
  uint8_t flags = static_cast<uint8_t>(command.out[20]);
  bool registers = action == kRegister || action == kRegisterAndIgnore;
  if ((flags & (kSpecifyPorts | kAllTargetPorts | kThroughPowerLoss)) != 0) {
    return InvalidParameter(20);
  }
  const std::string& port = command.initiator.port;
  if (registers) {
    if (action == kRegister) {
      auto known = registered_.find(port);
      if (key != (known == registered_.end() ? 0 : known->second)) return Conflict();
    }
    return Register(port, action_key);
  }
  auto known = registered_.find(port);
  if (known == registered_.end() || known->second != key) return Conflict();
  if (action == kClear) return Clear(port);
  if (scope != 0 || !IsType(type)) return InvalidCdb(2);
  switch (action) {
    case kReserve:
      return ReserveFor(port, static_cast<Type>(type));
    case kRelease:
      return ReleaseFor(port, static_cast<Type>(type));
    default:  // PREEMPT, and with ABORT: commands are done one by one, so there are none to abort
      return Preempt(port, action_key, static_cast<Type>(type));
  }
}

Outcome Reservations::Register(const std::string& port, uint64_t key) {
  if (key != 0) {
    if (!IsRegistered(port) && registered_.size() >= kMaxRegistrations) {
      return Check(Key::kIllegalRequest, Asc::kRegistrationResources);
    }
    registered_[port] = key;
    ++generation_;
    return Good();
  }
  if (!IsRegistered(port)) return Good();
  bool held = IsHolder(port);
  registered_.erase(port);
  ++generation_;
  if (held && (!ForAllRegistrants(held_->type) || registered_.empty())) EndReservation(port);
  return Good();
}

void Reservations::EndReservation(const std::string& by) {
  if (ForRegistrants(held_->type)) {
    for (const auto& [port, key] : registered_) {
      if (port != by) attentions_.Add(port, Asc::kReservationsReleased);
    }
  }
  held_.reset();
}

Outcome Reservations::ReserveFor(const std::string& port, Type type) {
  if (!held_) {
    held_ = Held{type, port};
    return Good();
  }
  return IsHolder(port) && held_->type == type ? Good() : Conflict();
}

Outcome Reservations::ReleaseFor(const std::string& port, Type type) {
  if (!IsHolder(port)) return Good();
  if (held_->type != type) {
    return Check(Key::kIllegalRequest, Asc::kInvalidReleaseOfReservation);
  }
  EndReservation(port);
  return Good();
}

Outcome Reservations::Clear(const std::string& port) {
  for (const auto& [other, key] : registered_) {
    if (other != port) attentions_.Add(other, Asc::kReservationsPreempted);
  }
  registered_.clear();
  held_.reset();
  ++generation_;
  return Good();
}

size_t Reservations::RemoveOthers(const std::string& port, std::optional<uint64_t> key) {
  size_t removed = 0;
  for (auto at = registered_.begin(); at != registered_.end();) {
    if (at->first == port || (key && at->second != *key)) {
      ++at;
      continue;
    }
    attentions_.Add(at->first, Asc::kRegistrationsPreempted);
    at = registered_.erase(at);
    ++removed;
  }
  return removed;
}

Outcome Reservations::Preempt(const std::string& port, uint64_t key, Type type) {
  bool of_all = held_ && ForAllRegistrants(held_->type);
  if (key == 0 && !of_all) return InvalidParameter(8);
  bool takes_over = of_all ? key == 0 : held_ && registered_[held_->port] == key;
  if (!takes_over) {
    if (RemoveOthers(port, key) == 0 && registered_[port] != key) return Conflict();
    ++generation_;
    return Good();
  }
  RemoveOthers(port, of_all ? std::nullopt : std::optional(key));
  if (held_->type != type) {
    for (const auto& [other, other_key] : registered_) {
      if (other != port) attentions_.Add(other, Asc::kReservationsReleased);
    }
  }
  held_ = Held{type, port};
  ++generation_;
  return Good();
}

}  // namespace oca::scsi
