// What tape drives and changers have in common: SPC-4's commands, reservations, unit attentions.
#ifndef OCA_GATEWAYS_VTL_SCSI_LOGICAL_UNIT_H_
#define OCA_GATEWAYS_VTL_SCSI_LOGICAL_UNIT_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateways/vtl/scsi/command.h"
#include "gateways/vtl/scsi/log_pages.h"
#include "gateways/vtl/scsi/mode_pages.h"
#include "gateways/vtl/scsi/reservations.h"
#include "gateways/vtl/scsi/unit_attentions.h"

namespace oca::scsi {

struct Identity {
  uint8_t device_type = 0;  // 1 sequential access, 8 medium changer
  std::string vendor;       // at most 8 characters
  std::string product;      // 16
  std::string revision;     // 4
  std::string serial;       // 10; unique among all units that a host sees
  uint16_t standard = 0;    // version descriptor of the command set
};

// Thread-safe: commands are done one after the other. Nothing that an initiator sends is trusted.
class LogicalUnit {
 public:
  LogicalUnit(Identity identity, std::vector<ModePage> pages);
  virtual ~LogicalUnit() = default;
  LogicalUnit(const LogicalUnit&) = delete;
  LogicalUnit& operator=(const LogicalUnit&) = delete;

  // Does one command. Writes to no more of `request.in` than it has; its first `in_bytes` bytes are
  // the answer, also of a command that fails.
  Response Execute(const Request& request);
  // The same, if it can be done at once: nothing when the unit is at something else, or would ask
  // its storage.
  std::optional<Response> ExecuteIfQuick(const Request& request);

  const Identity& identity() const { return identity_; }
  // What REPORT LUNS names: the target's logical units, below 16384.
  void SetLuns(std::vector<uint16_t> luns);
  // The session that holds the SPC-2 reservation, if any.
  std::optional<uint64_t> reserved_by();
  // Whether an initiator keeps the medium in, or doors closed. Takes no lock.
  bool RemovalPrevented() const { return prevented_.load(); }
  // The unit was reset: reservations of SPC-2, and what keeps the medium in, are gone.
  void Reset();
  // A session ended; what it held is gone.
  void SessionEnded(const Initiator& initiator);

 protected:
  // The commands of the derived class; they win over those that all have.
  virtual std::span<const CommandSpec> Commands() const = 0;
  // ok, or why TEST UNIT READY fails.
  virtual Outcome Ready() = 0;
  // Vital product data pages beyond 00, 80 and 83, without header.
  virtual std::map<uint8_t, std::string> ProductData() = 0;

  struct ModeHeader {
    uint8_t medium_type = 0;
    uint8_t device_specific = 0;
    std::string block_descriptor;  // 8 bytes or none
  };
  virtual ModeHeader Header(PageControl control) = 0;
  // Whether MODE SELECT may set this header (an empty descriptor: none was sent); `offset` is where
  // the descriptor stands in the list.
  virtual Outcome CheckHeader(const ModeHeader& header, size_t offset) = 0;
  virtual void SetHeader(const ModeHeader& header) = 0;
  // Looks at what may have changed from outside, before each command.
  virtual Outcome BeforeCommand() { return Good(); }

  // Whether the command is one that needs no storage.
  virtual bool IsQuick(const Command& command) { return false; }

  // The codes of log pages beyond 00, ascending.
  virtual std::vector<uint8_t> LogPageCodes() const = 0;
  // The parameters of one of them, as `port` is told them now.
  virtual std::vector<LogParameter> LogPage(uint8_t page, const std::string& port) = 0;
  // LOG SELECT resets counters.
  virtual void ResetLog() = 0;

  // TapeAlert flags, which each initiator reads once.
  void Raise(uint64_t tape_alert_flags);
  uint64_t TakeTapeAlerts(const std::string& port);
  // "vendor product serial" as VPD page 83 and READ ELEMENT STATUS name a unit.
  static std::string Designation(const Identity& identity);

  std::mutex mu_;  // guards everything of the unit; held by Execute while a command runs
  UnitAttentions attentions_;
  ModePages pages_;

 private:
  static std::span<const CommandSpec> CommonCommands();

  Response Answer(Command& command);
  Outcome Perform(Command& command);
  // The spec of a CDB; nullptr and why when there is none.
  const CommandSpec* Find(const Cdb& cdb, Outcome* why) const;
  std::vector<const CommandSpec*> AllCommands() const;

  Outcome TestUnitReady(Command& command);
  Outcome RequestSense(Command& command);
  Outcome Inquiry(Command& command);
  Outcome ModeSense(Command& command);
  Outcome ModeSelect(Command& command);
  Outcome LogSense(Command& command);
  Outcome LogSelect(Command& command);
  Outcome ReportLuns(Command& command);
  Outcome ReportSupportedOpcodes(Command& command);
  Outcome ReportTaskManagement(Command& command);
  Outcome SendDiagnostic(Command& command);
  Outcome PreventRemoval(Command& command);
  Outcome Reserve(Command& command);
  Outcome Release(Command& command);
  Outcome ReserveIn(Command& command);
  Outcome ReserveOut(Command& command);
  std::string StandardInquiry() const;
  std::string IdentificationPage() const;

  const Identity identity_;
  Reservations reservations_;
  std::vector<uint16_t> luns_;
  void SetPrevents(const std::string& port, bool on);

  std::set<std::string> preventing_;     // ports that prevent removal
  std::atomic<bool> prevented_ = false;  // whether there are some
  uint64_t alerts_ = 0;                  // that no initiator has read yet
  std::map<std::string, uint64_t> alerts_read_;
};

}  // namespace oca::scsi

#endif  // OCA_GATEWAYS_VTL_SCSI_LOGICAL_UNIT_H_
