// Reservations of a logical unit: RESERVE and RELEASE of SPC-2, and persistent ones (SPC-4 5.9).
#ifndef OCA_GATEWAYS_VTL_SCSI_RESERVATIONS_H_
#define OCA_GATEWAYS_VTL_SCSI_RESERVATIONS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "gateways/vtl/scsi/command.h"
#include "gateways/vtl/scsi/unit_attentions.h"

namespace oca::scsi {

// Not thread-safe. Persistent reservations belong to initiator ports and outlive their sessions,
// but not the process. One target port is all there is.
class Reservations {
 public:
  static constexpr size_t kMaxRegistrations = 1024;

  // `attentions` is told what happens to other initiators; it must outlive this object.
  explicit Reservations(UnitAttentions& attentions) : attentions_(attentions) {}

  // Whether `spec` must be refused because of what another initiator holds.
  bool Conflicts(const Initiator& initiator, const CommandSpec& spec) const;

  Outcome Reserve(const Initiator& initiator);
  Outcome Release(const Initiator& initiator);
  // The session that holds the SPC-2 reservation.
  std::optional<uint64_t> reserved_by() const { return reserved_by_; }
  // The session ended or the unit was reset: its SPC-2 reservation is gone.
  void DropReservation() { reserved_by_.reset(); }

  // PERSISTENT RESERVE IN, by service action.
  Outcome ReadKeys(Command& command) const;
  Outcome ReadReservation(Command& command) const;
  Outcome ReportCapabilities(Command& command) const;
  Outcome ReadFullStatus(Command& command) const;
  // PERSISTENT RESERVE OUT, all service actions but REGISTER AND MOVE.
  Outcome Out(Command& command);

 private:
  enum Type : uint8_t {
    kWriteExclusive = 1,
    kExclusiveAccess = 3,
    kWriteExclusiveRegistrants = 5,
    kExclusiveAccessRegistrants = 6,
    kWriteExclusiveAll = 7,
    kExclusiveAccessAll = 8,
  };
  struct Held {
    Type type;
    std::string port;  // of all registrants' types: the one that made it
  };
  static bool IsType(uint8_t type);
  static bool ForAllRegistrants(Type type) { return type >= kWriteExclusiveAll; }
  static bool ForRegistrants(Type type) { return type >= kWriteExclusiveRegistrants; }

  bool IsRegistered(const std::string& port) const { return registered_.contains(port); }
  bool IsHolder(const std::string& port) const;
  // Whether `port` may use the unit as the holder of the persistent reservation may.
  bool Shares(const std::string& port) const;

  Outcome Register(const std::string& port, uint64_t key);
  Outcome ReserveFor(const std::string& port, Type type);
  Outcome ReleaseFor(const std::string& port, Type type);
  Outcome Clear(const std::string& port);
  Outcome Preempt(const std::string& port, uint64_t key, Type type);
  void EndReservation(const std::string& by);
  // Removes the registrations of others with `key`, or of all others. Returns how many.
  size_t RemoveOthers(const std::string& port, std::optional<uint64_t> key);

  UnitAttentions& attentions_;
  std::optional<uint64_t> reserved_by_;
  std::map<std::string, uint64_t> registered_;  // keys of ports
  std::optional<Held> held_;
  uint32_t generation_ = 0;
};

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_RESERVATIONS_H_
